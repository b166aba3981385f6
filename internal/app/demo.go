package app

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/cli"
	"check_imap_session/internal/demo"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

// demoPassword is masked in the output, so it must not be a word that is elsewhere in it.
const demoPassword = "rehearsal-of-a-login"

// grace is how long a demo server is given to end.
const grace = 50 * time.Millisecond

// startDemo starts the server of a demo scenario and points the request at it.
// Host, user and mailbox stay as they were given, so that a real service
// definition can be rehearsed up to the pager. listen is that of demo.Options.
// The result stops the server.
func startDemo(ctx context.Context, req *cli.Request, listen func(context.Context) (net.Listener, error)) (stop func(), err error) {
	sc, ok := demo.Find(req.Demo)
	if !ok {
		var names []string
		for _, s := range demo.Scenarios() {
			names = append(names, s.Name)
		}
		return nil, fmt.Errorf("unknown demo scenario %q: choose one of %s", req.Demo, strings.Join(names, ", "))
	}
	c := &req.Session
	mailbox, more := c.Mailbox, []string(nil)
	if c.Pattern != "" {
		mailbox = "" // those that every account has
	}
	for _, m := range c.Mailboxes {
		more = append(more, m.Name)
	}
	// The server outlives the run, so that the run never sees it stop.
	srv, err := demo.Start(context.WithoutCancel(ctx), sc, demo.Options{
		ServerName: c.Dial.Host, Username: c.Username, Mailbox: mailbox, More: more, Password: demoPassword, Listen: listen,
	})
	if err != nil {
		return nil, fmt.Errorf("start the demo server: %w", err)
	}
	// The settings for reaching the real server do not apply to this one.
	c.Dial = dial.Config{Host: srv.ServerName, Address: srv.Addr.Addr(), Port: srv.Addr.Port()}
	c.Match = nil
	c.TLS = session.TLSImplicit
	c.Cert = dial.TLSConfig{ServerName: srv.ServerName, Roots: dial.RootsOf(srv.Roots), Insecure: c.Cert.Insecure}
	if c.Auth != auth.None {
		c.Auth = auth.Auto
	}
	c.Username = srv.Username
	c.Password = secret.New(srv.Password)
	c.OAuth, c.Token = nil, secret.Secret{}
	stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		_ = within(ctx, 0, srv.Close)
	}
	if req.Plan, err = session.Plan(*c); err != nil { // of another server than Parse planned for
		stop()
		return nil, err
	}
	return stop, nil
}
