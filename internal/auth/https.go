package auth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const (
	// maxAnswer bounds the body that is read, in bytes. Tokens with many groups in
	// them reach some 10 KiB.
	maxAnswer = 256 << 10
	// maxHead bounds the header of an answer, in bytes.
	maxHead = 64 << 10
	// maxHops is how often a redirect on the same host is followed.
	maxHops = 3
)

// poster sends forms.
type poster struct {
	roots *x509.CertPool
	proxy *url.URL // nil for none
}

// answer is what came back.
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
func (p poster) post(ctx context.Context, to *url.URL, form url.Values, client *url.Userinfo) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.Encode()))
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
	transport := p.transport()
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
func (p poster) transport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyURL(p.proxy),
		TLSClientConfig:        &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12},
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

// checkRedirect refuses to send the form to another place. The form has secrets in
// it.
func checkRedirect(next *http.Request, via []*http.Request) error {
	from := via[0].URL
	switch {
	case next.URL.Host != from.Host || next.URL.Scheme != from.Scheme:
		return fmt.Errorf("it redirects to %s://%s, another place, which is not followed", next.URL.Scheme, next.URL.Host)
	case next.Method != http.MethodPost: // RFC 9110 section 15.4
		return fmt.Errorf("it redirects to %s with another method, which makes no sense", next.URL.Path)
	case len(via) > maxHops:
		return errors.New("it redirects without an end")
	}
	return nil
}

// withoutURL drops what net/http puts around an error, as the URL is named
// already, and says plainly that the error is about the proxy.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "proxyconnect" {
		err = fmt.Errorf("proxy: %w", e.Err)
	}
	return err
}
