package dial

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"time"
)

// Verification is what was found when the server's certificate was verified.
type Verification struct {
	Leaf   *x509.Certificate     // nil when the server showed none
	Served []*x509.Certificate   // as sent, the leaf first
	Chains [][]*x509.Certificate // verified chains, without regard to the name
	// Err is why the server is not to be trusted, nil when it is: an x509 error
	// about the chain, or else an x509.HostnameError.
	Err error
	// Reason says more about an x509.UnknownAuthorityError in Err.
	Reason Reason
	// Issuer is the name that nobody knows, for the reasons that have one.
	Issuer string
}

// Reason is why a chain leads to no trusted root.
type Reason string

// The reasons.
const (
	SelfSigned          Reason = "self-signed"          // the leaf vouches for itself
	MissingIntermediate Reason = "missing intermediate" // the server sends the leaf alone, or with gaps
	UnknownAuthority    Reason = "unknown authority"    // the chain ends in a root that is not trusted
)

// explain fills in Reason and Issuer.
func (v *Verification) explain() {
	var unknown x509.UnknownAuthorityError
	if !errors.As(v.Err, &unknown) {
		return
	}
	top := v.Leaf
	for range v.Served { // climb as far as the served certificates reach
		if selfIssued(top) {
			break
		}
		next := slices.IndexFunc(v.Served, func(c *x509.Certificate) bool {
			return c != top && bytes.Equal(c.RawSubject, top.RawIssuer)
		})
		if next < 0 {
			v.Reason, v.Issuer = MissingIntermediate, commonName(top.Issuer)
			return
		}
		top = v.Served[next]
	}
	v.Reason, v.Issuer = UnknownAuthority, commonName(top.Subject)
	if top == v.Leaf {
		v.Reason = SelfSigned
	}
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// commonName returns the common name, or all of a name that has none.
func commonName(n pkix.Name) string {
	if n.CommonName != "" {
		return n.CommonName
	}
	return n.String()
}

// Unused returns the served certificates that have expired and that no verified
// chain needs; empty when nothing verifies.
func (v Verification) Unused(now time.Time) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range v.Served {
		inChain := slices.ContainsFunc(v.Chains, func(chain []*x509.Certificate) bool {
			return slices.ContainsFunc(chain, c.Equal)
		})
		if len(v.Chains) > 0 && !inChain && now.After(c.NotAfter) {
			out = append(out, c)
		}
	}
	return out
}

// Until returns the moment at which verification first fails by date: the
// earliest end within the verified chain that lasts longest, or the leaf's end
// when no chain verifies.
func (v Verification) Until() time.Time {
	var best time.Time
	for _, chain := range v.Chains {
		end := chain[0].NotAfter
		for _, cert := range chain {
			if cert.NotAfter.Before(end) {
				end = cert.NotAfter
			}
		}
		if end.After(best) {
			best = end
		}
	}
	if best.IsZero() && v.Leaf != nil {
		return v.Leaf.NotAfter
	}
	return best
}

// verify does what crypto/tls would do, chain first and name second, and keeps
// the verified chains when only the name is wrong.
func verify(served []*x509.Certificate, name string, roots *Roots) Verification {
	v := Verification{Served: served}
	if len(served) == 0 {
		v.Err = errors.New("server showed no certificate")
		return v
	}
	v.Leaf = served[0]
	pool, err := roots.Pool()
	if err != nil {
		v.Err = err
		return v
	}
	opts := x509.VerifyOptions{Roots: pool, Intermediates: x509.NewCertPool(), CurrentTime: time.Now()}
	for _, cert := range served[1:] {
		opts.Intermediates.AddCert(cert)
	}
	v.Chains, v.Err = v.Leaf.Verify(opts)
	if v.Err == nil {
		v.Err = v.Leaf.VerifyHostname(name)
	}
	v.explain()
	return v
}
