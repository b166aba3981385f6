package auth

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

const (
	// maxAnswer is the largest body of an answer, in bytes. Tokens with many groups in
	// them reach 10 KiB.
	maxAnswer = 256 << 10
	// maxHead is the largest header of an answer, in bytes.
	maxHead = 64 << 10
	// maxHops is how many redirects on the same host are followed.
	maxHops = 3
)

// answer is the answer to a form.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// EnvironmentProxy returns the proxy that the variables https_proxy and no_proxy
// name for a URL, nil for none. See http.ProxyFromEnvironment.
func EnvironmentProxy(to *url.URL) (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: to})
}

// post sends a form by POST and follows redirects that stay on the host and keep
// the method. client is the user name and password of the header Authorization,
// nil for none. The connection is closed afterwards.
func (t *TokenSource) post(ctx context.Context, verify Verify, form url.Values, client *url.Userinfo) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, withoutURL(err)
	}
	req.Header.Set("User-Agent", "check_imap_session")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client != nil {
		password, _ := client.Password()
		req.SetBasicAuth(client.Username(), password)
	}
	transport := t.transport(ctx, verify)
	defer transport.CloseIdleConnections() // Ends a dial that ctx has left behind.
	c := http.Client{Transport: transport, CheckRedirect: checkRedirect}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return answer{}, errors.New("read the answer: it is longer than 256 KiB") // maxAnswer
	}
	return answer{resp.StatusCode, resp.Header, body}, nil
}

// transport makes a connection for each request. It speaks HTTP/1.1 only, which
// is net/http's choice when TLSClientConfig is set.
func (t *TokenSource) transport(ctx context.Context, verify Verify) *http.Transport {
	address := t.URL.Hostname() // A TLS session with an address does not name it.
	if _, err := netip.ParseAddr(address); err != nil && t.Proxy != nil {
		address = t.Proxy.Hostname()
	}
	return &http.Transport{
		Proxy:       http.ProxyURL(t.Proxy),
		DialContext: t.Dial,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: true, // VerifyConnection does it.
			VerifyConnection: func(cs tls.ConnectionState) error {
				return verify(ctx, cs.PeerCertificates, cmp.Or(cs.ServerName, address))
			},
		},
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHead,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("proxy: it answers HTTP %d", resp.StatusCode)
			}
			return nil
		},
	}
}

// checkRedirect refuses to send the form, which has secrets in it, to another host.
func checkRedirect(next *http.Request, via []*http.Request) error {
	from := via[0].URL
	switch {
	case place(next.URL) != place(from):
		return fmt.Errorf("it redirects to %s://%s, which is not followed: only https to the same host is", next.URL.Scheme, next.URL.Host)
	case next.Method != http.MethodPost: // RFC 9110 section 15.4
		return fmt.Errorf("it redirects to %s with another method, but a form needs POST", next.URL.Path)
	case len(via) > maxHops:
		return errors.New("it redirects more than 3 times")
	}
	return nil
}

// place is the origin of an https URL in the one spelling of RFC 3986 section 6.2:
// lower case, with the port.
func place(u *url.URL) string {
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), cmp.Or(u.Port(), "443"))
}

// withoutURL removes the URL from an error of net/http, as it may hold secrets, and
// says plainly that an error is about the proxy.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "proxyconnect" {
		err = fmt.Errorf("proxy: %w", e.Err)
	}
	return err
}
