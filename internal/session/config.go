package session

import (
	"cmp"
	"crypto/tls"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/client"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/guard"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// Files are the names of files that parts of a Config came from, "" for none.
// They are for lines that people type; nothing is read from them.
type Files struct{ CA, ClientCert, ClientKey string }

// TLSMode says when TLS begins.
type TLSMode string

// The modes of --tls.
const (
	TLSImplicit TLSMode = "implicit" // before the greeting, RFC 8314
	TLSStart    TLSMode = "starttls" // after the greeting, RFC 9051 section 6.2.1
	TLSNone     TLSMode = "none"
)

// Config is all that a session needs to know. What --explain prints is made from
// it too. It has no defaults of its own: those are in the grammar of the flags.
// The zero value of a field means what its comment says; a field without such a
// comment is required.
type Config struct {
	Dial dial.Config // Dial.Host is the name that is verified, and resolved
	TLS  TLSMode
	Cert dial.TLSConfig // Roots may be nil: the system's
	// Files are the names of the files that Cert came from, for people.
	Files Files
	// Match is the certificate the server must show; nil means any. A mismatch is
	// a fault when the served one is trusted, and ends the session when nothing
	// else vouches for it (Cert.Insecure).
	Match *Match

	Auth           auth.Mode
	Username       string            // "" with auth.None, and where the client certificate names the user
	Authzid        string            // the user to act as; "" for Username
	Password       secret.Secret     // zero for none
	PasswordFile   string            // the file that Password came from, for advice; "" when from elsewhere
	PasswordDoubt  string            // what is odd about Password, should it be rejected; "" when nothing is
	Token          secret.Secret     // an OAuth 2.0 access token that the user gave
	OAuth          *auth.TokenSource // where to fetch one; nil for nowhere
	OAuthRoots     *dial.Roots       // trusted at the token endpoint; nil means the system's
	AllowPlaintext bool              // send a secret over an unencrypted connection
	// ClientSecretExpires is when the secret of the OAuth client expires, as the user
	// says, because the provider does not; zero when it is not known.
	ClientSecretExpires time.Time
	Guard               *guard.Guard // remembers rejected logins between runs; nil for no lockout guard
	// Rejected says whether a failed login was one that may lock the account; nil
	// means that none is.
	Rejected func(*report.StepError) bool
	// Secrets collects every secret that the session meets, for masking; may be nil.
	Secrets *secret.Set

	ListReference string // "" is the root
	ListPattern   string // "*" for all
	Mailbox       string // UTF-8
	// Mailboxes are those of a session that opens several, see the function of that
	// name; nil for one that opens Mailbox.
	Mailboxes []report.Mailbox
	// Pattern is that of --mailboxes: a pattern of LIST, whose mailboxes are opened;
	// "" for none. Mailboxes is nil until they are found, and Mailbox AnyMailbox.
	Pattern    string
	Append     string          // the mailbox that the write probe goes to, in UTF-8; "" for no probe
	ReadWrite  bool            // SELECT in place of EXAMINE
	Message    MessageSelector // which message to fetch; zero is the newest
	Fetch      FetchWhat
	FetchLimit int64 // bytes of the message that FetchBody brings at most; 0 for all of it

	Search client.Criteria // for the step search; zero is every message

	Until string          // last step before LOGOUT; "" means all
	Skip  map[string]bool // steps to leave out
	With  map[string]bool // optional steps to run, as --with names them

	Expect Expect // what must be so; zero for nothing

	// Thresholds are the metrics that somebody set a threshold on, "messages" or for
	// one mailbox of several "messages@INBOX", and the flag that did it, "-c". They
	// bring in the steps that measure them, and what cannot be measured is a failure
	// only when it was asked for.
	Thresholds map[string]string

	Timeout    time.Duration // for the report only; the context ends the run
	Transcript bool          // keep one
	Content    bool          // let the transcript show what mails and folder lists say
	Demo       string        // scenario the server plays, for the report only

	logins *logins // those of other addresses; nil in a check of one session

	probeID       string // of the message of --append; "" for a new one, but in tests
	transcriptMax int    // bytes of the transcript; 0 means as many as wire keeps

	part bool // one session of RunAll, whose report has what is known before any begins

	relist bool // a step consults the capabilities that hold after login; set by Plan
}

// HasToken says whether there is a token, or a way to one.
func (c *Config) HasToken() bool { return c.OAuth != nil || !c.Token.IsZero() }

// Reach returns what is connected to: the address that was given, else HOST.
func (c *Config) Reach() string {
	if a, literal := c.Dial.Literal(); literal {
		return a.String()
	}
	return c.Dial.Resolved()
}

// setup returns what judge's advice depends on.
func (c *Config) setup() report.Setup {
	return report.Setup{
		AddressName: c.Dial.Name, Family: string(c.Dial.Family), Proxy: string(c.Dial.Proxy), StartTLS: c.TLS == TLSStart,
		TLSMin:     map[uint16]string{tls.VersionTLS10: "1.0", tls.VersionTLS11: "1.1", tls.VersionTLS13: "1.3"}[c.Cert.MinVersion],
		SmallHello: c.Cert.SmallHello, CertificateKey: string(c.Cert.Key),
		Username: c.Username, PasswordFile: c.PasswordFile, PasswordDoubt: c.PasswordDoubt,
	}
}

// withRoots returns the configuration with the system's roots in place of none.
// It comes before anything loads them, so that they are loaded once.
func (c Config) withRoots() Config {
	if c.Cert.Roots == nil {
		c.Cert.Roots = dial.SystemRoots()
		c.OAuthRoots = cmp.Or(c.OAuthRoots, c.Cert.Roots)
	}
	c.OAuthRoots = cmp.Or(c.OAuthRoots, dial.SystemRoots())
	return c
}
