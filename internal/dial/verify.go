package dial

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"time"

	"check_imap_session/internal/report"
)

// Verification is what was found when the server's certificate was verified.
type Verification struct {
	Leaf   *x509.Certificate     // nil when the server showed none
	Served []*x509.Certificate   // as sent, the leaf first
	Chains [][]*x509.Certificate // verified chains, without regard to the name
	// Partial says that the roots that were loaded do not verify the server, but that
	// others may, see Verify. Only with TLSConfig.Insecure.
	Partial bool
	// Err is why the server is not to be trusted, nil when it is: an x509 error
	// about the chain, else report.ErrWeakKey, else an x509.HostnameError. An
	// x509.UnknownAuthorityError, which does not tell why, is wrapped in one of
	// report's conditions that does.
	Err error
}

// leastRSA is the least size of an RSA key. See NIST SP 800-131A section 3.
const leastRSA = 2048

// explain puts the reason in front of an x509.UnknownAuthorityError.
func (v *Verification) explain() {
	if errors.As(v.Err, new(x509.UnknownAuthorityError)) {
		about, reason := v.unknown()
		v.Err = fmt.Errorf("%w: %s%w", reason, report.Foreign(about), quiet{v.Err})
	}
}

// quiet keeps an error findable without its words, which say the same again.
type quiet struct{ err error }

func (q quiet) Error() string { return "" }
func (q quiet) Unwrap() error { return q.err }

// unknown returns the reason why no trusted authority vouches for the leaf, and
// the certificate or authority that the reason is about.
func (v *Verification) unknown() (about string, reason error) {
	top := v.Leaf
	for range v.Served { // climb as far as the served certificates reach
		if selfIssued(top) {
			break
		}
		if weakSignature(top) {
			return fmt.Sprintf("%s on %s", top.SignatureAlgorithm, commonName(top.Subject)), report.ErrWeakSignature
		}
		next := slices.IndexFunc(v.Served, func(c *x509.Certificate) bool {
			return c != top && bytes.Equal(c.RawSubject, top.RawIssuer)
		})
		if next < 0 {
			// Servers leave out the root, but must send the certificates below it. One
			// that sends the leaf alone lacks the intermediate, or an unknown root has
			// signed the leaf.
			if top == v.Leaf {
				return commonName(top.Issuer), report.ErrMissingIntermediate
			}
			return commonName(top.Issuer), report.ErrUnknownAuthority
		}
		top = v.Served[next]
	}
	if top == v.Leaf {
		return commonName(top.Subject), report.ErrSelfSigned
	}
	return commonName(top.Subject), report.ErrUnknownAuthority
}

// rejectWeakKeys refuses a chain that crypto/x509 verifies although one of its keys is
// too weak for OpenSSL's defaults, and so for many mail clients, when there is no
// better one. The root is left out: it is trusted as it is.
func (v *Verification) rejectWeakKeys() {
	var weak *x509.Certificate
	for _, chain := range v.Chains {
		i := slices.IndexFunc(chain[:len(chain)-1], weakKey)
		if i < 0 {
			return
		}
		weak = chain[i]
	}
	if weak != nil {
		v.Err = fmt.Errorf("%w: RSA %d of %s", report.ErrWeakKey, weak.PublicKey.(*rsa.PublicKey).N.BitLen(), report.Foreign(commonName(weak.Subject)))
	}
}

// everyChain says whether no chain is without a certificate of this kind. The root
// is left out.
func (v *Verification) everyChain(bad func(*x509.Certificate) bool) bool {
	return !slices.ContainsFunc(v.Chains, func(chain []*x509.Certificate) bool {
		return !slices.ContainsFunc(chain[:max(len(chain)-1, 1)], bad)
	})
}

// negativeSerial reports what RFC 5280 section 4.1.2.2 forbids. The setting
// x509negativeserial in go.mod has crypto/x509 parse it, so that it can be looked
// at; without it the handshake ends before anything is known of the certificate.
func negativeSerial(c *x509.Certificate) bool { return c.SerialNumber.Sign() < 0 }

func weakKey(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() < leastRSA
}

// weakSignature reports the algorithms whose signatures crypto/x509 does not accept.
func weakSignature(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// commonName returns the common name, or all of a name that has none.
func commonName(n pkix.Name) string { return cmp.Or(n.CommonName, n.String()) }

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
		first := slices.MinFunc(chain, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
		if first.NotAfter.After(best) {
			best = first.NotAfter
		}
	}
	if best.IsZero() && v.Leaf != nil {
		return v.Leaf.NotAfter
	}
	return best
}

// Verify does what crypto/tls would do, chain first and name second, and keeps
// the verified chains when only the name is wrong. It loads whatever roots there
// are, until ctx ends.
func Verify(ctx context.Context, served []*x509.Certificate, name string, roots *Roots) Verification {
	return verify(ctx, served, name, roots, false)
}

func verify(ctx context.Context, served []*x509.Certificate, name string, roots *Roots, quick bool) Verification {
	v := Verification{Served: served}
	if len(served) == 0 {
		v.Err = errors.New("server showed no certificate")
		return v
	}
	v.Leaf = served[0]
	v.Chains, v.Partial, v.Err = roots.verify(ctx, served, quick)
	v.explain()
	if v.Err == nil && v.everyChain(negativeSerial) {
		v.Err = fmt.Errorf("%w: negative serial number", report.ErrMalformed)
	}
	if v.Err == nil {
		v.rejectWeakKeys()
	}
	if v.Err == nil {
		v.Err = v.Leaf.VerifyHostname(name)
	}
	return v
}
