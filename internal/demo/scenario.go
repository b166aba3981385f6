package demo

import (
	"crypto/tls"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Scenario is one rehearsed state of a mail server. Its unexported fields say
// what differs from a healthy server; zero means no difference.
type Scenario struct {
	Name string // lower case with hyphens, the value of --demo; public API
	Doc  string // one line for --help: what the server does

	certificateLeft time.Duration   // until the certificate ends, negative: since it ended; zero: 61 days
	speaks          func(*tls.Conn) // the whole conversation behind TLS, in place of IMAP
	greeting        *imap.Error     // untagged, in place of the greeting; must be BYE
	login           *imap.Error     // answer to LOGIN and AUTHENTICATE
	loginTakes      time.Duration   // before LOGIN and AUTHENTICATE are answered
	mailboxMissing  bool            // Server.Mailbox does not exist
	open            *imap.Error     // answer to EXAMINE and SELECT
	fetchHangs      bool            // FETCH is never answered
}

// The reports count whole days and round down: one hour more makes them say
// 61, and 5, for as long as a drill lasts.
const (
	day                    = 24 * time.Hour
	healthyCertificateLeft = 61*day + time.Hour
)

// Scenarios returns all scenarios in the order of the documentation, healthy
// first. The words are those of real servers where one could be found.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "healthy", Doc: "every step passes; 42 messages, the newest 10 minutes old"},
		{Name: "slow-login", Doc: "the login takes 3 seconds", loginTakes: 3 * time.Second},
		{
			Name: "auth-failed", Doc: "the password is refused",
			// RFC 5530 section 3; the sentence is Dovecot's.
			login: no(imap.ResponseCodeAuthenticationFailed, "Authentication failed."),
		},
		{
			Name: "account-disabled", Doc: "the account is disabled",
			// RFC 5530 has no code for it. EXPIRED is about the password, and
			// AUTHORIZATIONFAILED about acting as another user; CONTACTADMIN
			// says what is to be done. Code and sentence are Dovecot's.
			login: no(imap.ResponseCodeContactAdmin, "Login disabled for this user"),
		},
		{
			Name: "mailbox-missing", Doc: "the mailbox does not exist",
			// The mailbox is really not there, so LIST agrees with EXAMINE.
			mailboxMissing: true,
		},
		{Name: "certificate-expiring", Doc: "the certificate expires in 5 days", certificateLeft: 5*day + time.Hour},
		{Name: "certificate-expired", Doc: "the certificate expired yesterday", certificateLeft: -day},
		{Name: "hang-at-fetch", Doc: "FETCH is never answered", fetchHangs: true},
		{
			Name: "bye", Doc: "the server is shutting down and says BYE",
			// As the greeting, which is how a server that goes down or is
			// overloaded refuses new sessions (RFC 9051 section 7.1.5). A check
			// opens a new session each time, so this is the BYE it meets.
			greeting: &imap.Error{
				Type: imap.StatusResponseTypeBye,
				Code: imap.ResponseCodeUnavailable,
				Text: "Server is shutting down",
			},
		},
		{
			Name: "over-quota", Doc: "the mailbox cannot be opened, the quota is used up",
			// RFC 5530 section 3 means the code for commands that add mail. A
			// session that adds nothing meets it where opening a mailbox has
			// to write: Dovecot says this when its index hits a disk quota.
			open: no(imap.ResponseCodeOverQuota, "Not enough disk quota"),
		},
		{Name: "wrong-service", Doc: "an SMTP server answers on the port", speaks: speakSMTP},
	}
}

// Find returns the scenario of that name, and false when there is none.
func Find(name string) (Scenario, bool) {
	for _, sc := range Scenarios() {
		if sc.Name == name {
			return sc, true
		}
	}
	return Scenario{}, false
}

func no(code imap.ResponseCode, text string) *imap.Error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}
