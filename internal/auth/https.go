package auth

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// This file is the little of HTTP/1.1 (RFC 9112) that one POST needs. Net/http
// would do it too, at the price of 1.4 MB and its initialisation in every check,
// of which hardly one fetches a token.

const (
	// maxAnswer bounds the body that is read, in bytes. Tokens with many groups in
	// them reach some 10 KiB.
	maxAnswer = 256 << 10
	// maxHead bounds the header of an answer, and of each line in it.
	maxHead = 64 << 10
	// maxHops is how often a redirect on the same host is followed.
	maxHops = 3
)

// poster sends forms.
type poster struct {
	roots *x509.CertPool
	proxy *url.URL // http or https; nil for none
}

// answer is what came back.
type answer struct {
	status int
	header map[string]string // first value of each field, by lower-case name
	body   []byte
}

// post sends a form by POST and follows redirects that stay on the host and keep
// the method. authorization is the header of that name, "" for none.
func (p poster) post(ctx context.Context, to *url.URL, form url.Values, authorization string) (answer, error) {
	for range maxHops + 1 {
		a, err := p.once(ctx, to, form.Encode(), authorization)
		if err != nil || a.status < 300 || a.status > 308 || a.header["location"] == "" {
			return a, err
		}
		next, err := to.Parse(a.header["location"])
		switch {
		case err != nil:
			return a, errors.New("it redirects to something that is no URL")
		case next.Host != to.Host || next.Scheme != to.Scheme:
			return a, fmt.Errorf("it redirects to %s://%s, another place, which is not followed", next.Scheme, next.Host)
		case a.status != 307 && a.status != 308: // RFC 9110 section 15.4
			return a, fmt.Errorf("it redirects to %s with another method, which makes no sense", next.Path)
		}
		to = next
	}
	return answer{}, errors.New("it redirects without an end")
}

// once makes a connection for one request.
func (p poster) once(ctx context.Context, to *url.URL, body, authorization string) (answer, error) {
	nc, err := p.connect(ctx, to)
	if err != nil {
		return answer{}, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })()

	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: check_imap_session\r\n", to.RequestURI(), to.Host)
	b.WriteString("Accept: application/json\r\nAccept-Encoding: identity\r\nConnection: close\r\n")
	if authorization != "" {
		b.WriteString("Authorization: " + authorization + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := io.WriteString(nc, b.String()); err != nil {
		return answer{}, err
	}
	r := bufio.NewReaderSize(nc, 4096)
	for {
		a, err := readHead(r)
		if err != nil {
			return answer{}, fmt.Errorf("read the answer: %w", err)
		}
		if a.status/100 == 1 {
			continue // an interim answer, RFC 9110 section 15.2
		}
		if a.body, err = readBody(r, a.header); err != nil {
			return answer{}, fmt.Errorf("read the answer: %w", err)
		}
		return a, nil
	}
}

// connect returns a verified TLS connection to the host, through the proxy if
// there is one.
func (p poster) connect(ctx context.Context, to *url.URL) (net.Conn, error) {
	var dialer net.Dialer
	target := address(to, "443")
	if p.proxy == nil {
		nc, err := dialer.DialContext(ctx, "tcp", target)
		if err != nil {
			return nil, err
		}
		return p.secure(ctx, nc, to.Hostname())
	}
	port := map[string]string{"http": "80", "https": "443"}[p.proxy.Scheme]
	nc, err := dialer.DialContext(ctx, "tcp", address(p.proxy, port))
	if err == nil && p.proxy.Scheme == "https" {
		nc, err = p.secure(ctx, nc, p.proxy.Hostname())
	}
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	if err := tunnel(ctx, nc, target, p.proxy.User); err != nil {
		nc.Close()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return p.secure(ctx, nc, to.Hostname())
}

// secure makes a TLS handshake. On an error the connection is closed.
func (p poster) secure(ctx context.Context, nc net.Conn, name string) (net.Conn, error) {
	tc := tls.Client(nc, &tls.Config{ServerName: name, RootCAs: p.roots, MinVersion: tls.VersionTLS12})
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// tunnel asks a proxy for a connection to target. See RFC 9110 section 9.3.6.
func tunnel(ctx context.Context, nc net.Conn, target string, user *url.Userinfo) error {
	defer context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })()
	text := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: check_imap_session\r\n"
	if user != nil {
		password, _ := user.Password()
		text += "Proxy-Authorization: " + basic(user.Username(), password) + "\r\n"
	}
	if _, err := io.WriteString(nc, text+"\r\n"); err != nil {
		return err
	}
	// Byte by byte: what stands behind the answer belongs to TLS.
	a, err := readHead(bufio.NewReaderSize(oneByte{nc}, 16))
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return fmt.Errorf("it answers HTTP %d", a.status)
	}
	return nil
}

// oneByte reads one byte at a time, so that a bufio.Reader reads nothing ahead.
type oneByte struct{ io.Reader }

func (o oneByte) Read(b []byte) (int, error) { return o.Reader.Read(b[:min(1, len(b))]) }

func address(u *url.URL, port string) string {
	if p := u.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// readHead reads the status line and the header. See RFC 9112 sections 4 and 5.
func readHead(r *bufio.Reader) (answer, error) {
	left := maxHead
	first, err := readLine(r, &left)
	if err != nil {
		return answer{}, err
	}
	version, rest, _ := strings.Cut(first, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if !strings.HasPrefix(version, "HTTP/1.") || err != nil || status < 100 || status > 599 {
		return answer{}, errors.New("it is no HTTP")
	}
	a := answer{status: status, header: map[string]string{}}
	for {
		line, err := readLine(r, &left)
		if err != nil {
			return answer{}, err
		}
		if line == "" {
			return a, nil
		}
		name, value, _ := strings.Cut(line, ":")
		name = strings.ToLower(name)
		if _, there := a.header[name]; !there {
			a.header[name] = strings.TrimSpace(value)
		}
	}
}

// readLine reads a line without its end and takes its length from what is left.
func readLine(r *bufio.Reader, left *int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if *left -= len(part); *left < 0 {
			return "", errors.New("its header is too long")
		}
		switch {
		case err == nil:
			return strings.TrimRight(string(line), "\r\n"), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return "", io.ErrUnexpectedEOF
		default:
			return "", err
		}
	}
}

// readBody reads the body, as long as the header says or the connection lasts. See
// RFC 9112 section 6.3.
func readBody(r *bufio.Reader, header map[string]string) ([]byte, error) {
	if e := header["content-encoding"]; e != "" && !strings.EqualFold(e, "identity") {
		return nil, fmt.Errorf("it is compressed (%q), which was not asked for", e)
	}
	if strings.EqualFold(header["transfer-encoding"], "chunked") {
		return readChunks(r)
	}
	text, known := header["content-length"]
	if !known {
		body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
		if len(body) > maxAnswer {
			return nil, errTooLong
		}
		return body, err
	}
	n, err := strconv.ParseUint(text, 10, 31)
	switch {
	case err != nil:
		return nil, errors.New("its length is not understood")
	case n > maxAnswer:
		return nil, errTooLong
	}
	body := make([]byte, n)
	_, err = io.ReadFull(r, body)
	return body, err
}

var errTooLong = errors.New("it is longer than 256 KiB") // maxAnswer

// readChunks reads a chunked body; trailers are not looked at. See RFC 9112
// section 7.1.
func readChunks(r *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		left := maxHead
		line, err := readLine(r, &left)
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		switch {
		case err != nil:
			return nil, errors.New("its chunks are not understood")
		case n == 0:
			return body, nil
		case len(body)+int(n) > maxAnswer:
			return nil, errTooLong
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return nil, err
		}
		body = append(body, chunk...)
		if line, err = readLine(r, &left); err != nil || line != "" {
			return nil, errors.New("its chunks are not understood")
		}
	}
}
