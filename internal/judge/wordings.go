package judge

import (
	"regexp"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// exchangeOnlineGreeting is how Exchange Online greets; the bracket holds the
// front end's name in base64. On-premises Exchange has no bracket.
const exchangeOnlineGreeting = "The Microsoft Exchange IMAP4 service is ready. [TABWADIAUAAyADYANQBDAEEAMAAwADAAMAA=]"

// words compiles a pattern that ignores case and matches whole words.
func words(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|\b)(?:` + pattern + `)(?:$|\b)`)
}

// busyWordings returns sentences by which a server says that it takes no commands
// now, whatever the command was. They are functions so that a check that goes well
// compiles no pattern.
func busyWordings() []wording {
	return []wording{
		// Commands that the server did not understand: not a limit on sessions.
		{Kind: "bad", Words: words(`too many (invalid|bad|unknown|syntax) (\w+ )?(commands|errors)`),
			Advice:  "the server did not accept what it got: see the transcript (-vvv)",
			Example: "Too many invalid IMAP commands.", Status: imap.StatusResponseTypeBye, Source: "Dovecot"},

		// Limits: temporary, and no fault of the password.
		{Kind: "limit", Code: imap.ResponseCodeUnavailable, Words: words(`maximum number of connections|too many`),
			Advice:  "are sessions left open, or is the limit per user or address too low?",
			Example: "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)", Source: "Dovecot"},
		{Kind: "limit", Code: imap.ResponseCodeOverQuota, Words: words(`command or bandwidth limits`),
			Advice:  "the provider throttles this account: check less often",
			Example: "Account exceeded command or bandwidth limits.", Source: "Gmail"},
		{Kind: "limit", Words: words(`too many (\w+ )*(connections|logins|sessions|attempts|failures|requests|commands|users)|maximum number of (connections|sessions|logins)|connection limit|concurrent (connections|sessions)`),
			Advice:  "are sessions left open, or is the limit per user or address too low?",
			Example: "Too many simultaneous connections. (Failure)", Source: "Gmail, Cyrus, Dovecot, Stalwart"},
		{Kind: "limit", Words: words(`throttled|rate.?limit|exceeded (command|bandwidth)|suggested backoff`),
			Advice:  "the server throttles this account: check less often",
			Example: "Request is throttled. Suggested Backoff Time: 299961 milliseconds", Status: imap.StatusResponseTypeBad, Source: "Exchange"},

		// The account is there, the way to its mailbox is not.
		{Kind: "unavailable", Words: words(`authenticated but not connected`), About: []report.About{report.AboutStore, report.AboutMailbox, report.AboutAccount}, Steps: []string{report.StepCapability},
			Advice:  "login was right: is IMAP off for the mailbox, its name wrong, or a back end down?",
			Example: "User is authenticated but not connected.", Status: imap.StatusResponseTypeBad, Source: "Exchange, Exchange Online"},
		{Kind: "unavailable", Words: words(`logged in, but|initialization failed|mail access`), About: []report.About{report.AboutStore, report.AboutMailbox, report.AboutAccount}, Steps: []string{report.StepCapability},
			Advice:  "login was right, the mail store failed: see the log of the server",
			Example: "Internal error occurred. Logged in, but initialization failed.", Status: imap.StatusResponseTypeBye, Source: "Dovecot"},
		{Kind: "unavailable", Words: words(`temporar(y|ily)|server unavailable|service unavailable|try again later|internal (server )?error|backend|authentication (server|service|system)|system error|generic failure|cannot connect to|unable to connect`), Steps: []string{report.StepLogin},
			Advice:  "the password was not checked: is the user database or back end down?",
			Example: "Temporary authentication failure.", Source: "Dovecot, Courier, Exchange; Cyrus says generic failure when saslauthd is down"},
		{Kind: "unavailable", Words: words(`internal error|temporary problem|server unavailable`), Steps: []string{report.StepList},
			Advice:  "login was right, what follows failed: see the log of the server",
			Example: "Internal error occurred. Refer to server log for more information.", Status: imap.StatusResponseTypeBye, Source: "Dovecot, Courier"},
	}
}

// wordings returns sentences of real servers. A row is only as wide as its
// sentence is characteristic; what no row knows is judged by its code, then by
// its step.
func wordings() []wording {
	return []wording{
		{Kind: "auth_expired", Words: words(`password (must|has to|needs to) be changed|password (has |is )?expired|expired password|must change (your )?password`), Steps: []string{report.StepLogin},
			Advice:  "set a new password for this account",
			Example: "password must be changed before IMAP login permitted", Source: "Zimbra"},

		// The server wants another way to log in.
		{Kind: "login_disabled", Password: true, Words: words(`basic auth(entication)? is disabled|(legacy|plain ?text|password) authentication is (disabled|not (allowed|supported|permitted))`), Steps: []string{report.StepLogin},
			Advice:  "the server does not accept passwords any more: use OAuth",
			Example: "Basic authentication is disabled.", Source: "Exchange Online"},
		{Kind: "login_disabled", Password: true, Words: words(`^(LOGIN|AUTHENTICATE) failed\.?$`), Server: words(`Microsoft Exchange IMAP4 service is ready\. \[[A-Za-z0-9+/=]+\]`), Steps: []string{report.StepLogin},
			Advice:  "Exchange Online does not accept passwords any more: use OAuth",
			Example: "LOGIN failed.", Source: "Exchange Online"},
		{Kind: "login_disabled", Words: words(tlsWanted), Clear: true, Steps: []string{report.StepLogin},
			Advice:  "use --tls=starttls or --tls=implicit",
			Example: "A SSL/TLS-connection is required for authentication.", Status: imap.StatusResponseTypeBad, Source: "hMailServer, Dovecot, Zimbra, Cyrus"},
		{Kind: "login_disabled", Words: words(`command received in invalid state`), Clear: true, Steps: []string{report.StepLogin},
			Advice:  "this server wants TLS before LOGIN: use --tls=starttls or --tls=implicit",
			Example: "Command received in Invalid state.", Status: imap.StatusResponseTypeBad, Source: "Exchange"},
		{Kind: "auth_failed", Words: words(`client (didn.t present|did not present|certificate)|valid (ssl|tls|client) certificate`), Steps: []string{report.StepLogin},
			Advice:  "the server wants a client certificate that it knows",
			Example: "Client didn't present valid SSL certificate", Source: "Dovecot"},
		{Kind: "auth_failed", Password: true, Words: words(`application.specific password`), Steps: []string{report.StepLogin},
			Advice:  "make an application password for the check, or use OAuth",
			Example: "Application-specific password required: https://support.google.com/accounts/answer/185833", Source: "Gmail"},
		{Kind: "auth_failed", Words: words(`log in via your web browser|web login required|please login through`), Steps: []string{report.StepLogin},
			Advice:  "log in once with a web browser, or use OAuth",
			Example: "Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754", Source: "Gmail"},
		{Kind: "auth_failed", Words: words(`account (is |has been )?(disabled|locked|suspended|blocked|inactive)|(user|login) (is )?disabled|imap (access )?(is )?(disabled|not enabled)|not enabled for imap`), Steps: []string{report.StepLogin},
			Advice:  "is the account disabled, or IMAP switched off for it?",
			Example: "Your account is not enabled for IMAP use.", Source: "Gmail, Exchange, Cyrus"},
		{Kind: "auth_failed", Password: true, Words: words(`(login|logon|authentication|auth|authenticate|credentials|password|user ?name|user)\b.*\b(fail(s|ed|ure)?|invalid|incorrect|wrong|denied|rejected|unknown)|(invalid|incorrect|wrong|bad|unknown) (user ?(name|id)?|login|password|credentials|authentication)`), Steps: []string{report.StepLogin},
			Advice:  checkPassword,
			Example: "Invalid user name or password.", Status: imap.StatusResponseTypeBad, Source: "hMailServer and others, which answer BAD where NO is meant"},

		// The mailbox.
		{Kind: "mailbox_missing", Words: words(`(does ?n.?t|does not) exist|no such (mailbox|folder|file)|non-?existent|(mailbox|folder|namespace)\b.*\bnot (be )?found|^not found|unknown (mailbox|folder|namespace)|(invalid|illegal) (mailbox|folder)|unable to open this mailbox`), About: []report.About{report.AboutMailbox},
			Advice:  missingMailbox,
			Example: "Mailbox does not exist", Source: "Cyrus, Courier, Exchange, UW"},
		{Kind: "no_permission", Words: words(`failed: permission denied|eacces|errno.{0,3}13`), About: []report.About{report.AboutMailbox, report.AboutStore},
			Advice:  "the server may not read its own files: see its log",
			Example: "stat(/var/mail/alice/tmp) failed: Permission denied (euid=1000)", Source: "Dovecot, UW"},
		{Kind: "no_permission", Words: words(`permission denied|access denied|not (permitted|authorized|allowed)|no permission|insufficient (rights|permission)`), About: []report.About{report.AboutMailbox, report.AboutStore}, Except: report.StepSearch, // whose keys may be what is not allowed
			Advice:  "check the rights of the user (ACL)",
			Example: "Permission denied", Source: "Cyrus, Dovecot"},
		{Kind: "unavailable", Words: words(lockedWords), About: []report.About{report.AboutAccount},
			Advice:  lockedAdvice,
			Example: "Mailbox is locked by another process", Source: "UW and others"},
		{Kind: "rejected", Words: words(lockedWords), About: []report.About{report.AboutMailbox, report.AboutStore},
			Advice:  lockedAdvice,
			Example: "Mailbox is locked by another process (pid 4711)", Source: "UW and others"},
		{Kind: "over_quota", Words: words(`over ?quota|quota (exceeded|exhausted)|exceeded your (mail )?quota|(mailbox|disk) (is )?full|not enough disk quota`),
			Advice:  "delete mail or raise the quota",
			Example: "Mailbox is over quota", Source: "Courier, Cyrus"},
	}
}

// lockedWords say in words what the code INUSE says.
const lockedWords = `(mailbox|folder|mail ?drop)\b.* (is )?(locked|in use)|locked by (another|an other|other) (process|session|client|user)`

const lockedAdvice = "another session holds the mailbox: does it end?"

// tlsWanted is how servers say that a login needs TLS.
const tlsWanted = `(starttls|(ssl|tls)\S*) (is )?(required|needed)|requires? (an? )?(ssl|tls|encrypt\w*|secure)|(secure|encrypted) connection (is )?required|plaintext authentication (disallowed|disabled)|cleartext (authentication|logins disabled)|only available under a layer`
