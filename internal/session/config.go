package session

import (
	"cmp"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/wire"
)

// TLSMode says when TLS begins.
type TLSMode string

// The modes of --tls.
const (
	TLSImplicit TLSMode = "implicit" // before the greeting, RFC 8314
	TLSStart    TLSMode = "starttls" // after the greeting, RFC 9051 section 6.2.1
	TLSNone     TLSMode = "none"
)

// Config is all that a session needs to know. The zero value of a field means
// what its comment says; Host is required.
type Config struct {
	Dial dial.Config // Dial.Host is the name that is verified, and resolved
	TLS  TLSMode     // "" means TLSImplicit
	Cert dial.TLSConfig
	// Files are the names of the files that Cert came from, for people.
	Files Files
	// Match is the certificate the server must show; nil means any. A mismatch is
	// a fault when the served one is trusted, and ends the session when nothing
	// else vouches for it (Cert.Insecure).
	Match *Match

	Auth           auth.Mode // "" means auth.Auto
	Username       string
	Password       secret.Secret
	Token          secret.Secret     // an OAuth 2.0 access token that is there already
	OAuth          *auth.TokenSource // where to fetch one; nil for nowhere
	OAuthRoots     *dial.Roots       // trusted at the token endpoint; nil means the system's
	AllowPlaintext bool              // send a secret over an unencrypted connection
	// Secrets hears of every secret that the session meets; nil when nobody asks.
	Secrets *secret.Set

	ListReference string  // "" is the root
	ListPattern   string  // "" means "*"
	Mailbox       string  // UTF-8; "" means INBOX
	ReadWrite     bool    // SELECT in place of EXAMINE
	Message       Message // which message to fetch; the zero Message is the newest
	Fetch         FetchWhat
	FetchLimit    int64 // bytes of the message that FetchBody brings at most; 0 for all of it

	Search Criteria // for the step search; zero is every message

	Until string          // last step before LOGOUT; "" means all
	Skip  map[string]bool // steps to leave out
	With  map[string]bool // optional steps to run, whoever else asks for them

	Expect Expect // what must be so

	// Asked holds the metrics that somebody set a threshold on, and the flag
	// that did it, "-c". They bring in the steps that measure them, and what
	// cannot be measured is a failure only when it was asked for.
	Asked map[string]string

	Limits     wire.Limits   // zero means wire.DefaultLimits
	Timeout    time.Duration // for the report only; the context ends the run
	Transcript bool          // keep one
	Content    bool          // let the transcript show what mails and folder lists say
	Demo       string        // scenario the server plays, for the report only

	relist bool // a step consults the capabilities that hold after login; set by Plan
}

// hasToken says whether there is a token, or a way to one.
func (c Config) hasToken() bool { return c.OAuth != nil || !c.Token.IsZero() }

// withDefaults returns the configuration with the documented defaults in place
// of zero values.
func (c Config) withDefaults() Config {
	if c.TLS == "" {
		c.TLS = TLSImplicit
	}
	if c.Auth == "" {
		c.Auth = auth.Auto
	}
	if c.ListPattern == "" {
		c.ListPattern = "*"
	}
	if c.Mailbox == "" {
		c.Mailbox = "INBOX"
	}
	if c.Fetch == "" {
		c.Fetch = FetchHeaders
	}
	if c.Cert.ServerName == "" {
		c.Cert.ServerName = c.Dial.Host
	}
	if c.Match != nil {
		c.Cert.Trust = c.Match.is
	}
	if c.Cert.Roots == nil {
		c.Cert.Roots = dial.SystemRoots()
		c.OAuthRoots = cmp.Or(c.OAuthRoots, c.Cert.Roots) // loaded once for both
	}
	c.OAuthRoots = cmp.Or(c.OAuthRoots, dial.SystemRoots())
	return c
}
