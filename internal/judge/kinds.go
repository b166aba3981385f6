package judge

import (
	"slices"

	"check_imap_session/internal/report"
)

// Kind is a kind of failure. Its name is public API: JSON, --state, docs.
type Kind struct {
	Name  string
	State report.State // unless --state says otherwise
	Means string       // one line for the documentation
	// Verb follows the step's name in the headline, before the time.
	Verb string
	// Cause follows the time; "" when the verb says it all.
	Cause string
	// Fixed kinds are about us, not about the server; --state cannot change them.
	Fixed bool
}

// kinds is the list of all kinds in the order of the documentation.
var kinds = []Kind{
	{Name: "usage", State: report.Unknown, Fixed: true, Verb: "failed", Means: "the command line is wrong"},
	{Name: "config", State: report.Unknown, Fixed: true, Verb: "failed", Means: "a file, command or secret we were told to use cannot be used"},
	{Name: "internal", State: report.Unknown, Fixed: true, Verb: "failed", Cause: "internal error", Means: "a bug of this program"},
	{Name: "interrupted", State: report.Unknown, Verb: "interrupted", Means: "SIGTERM or SIGINT ended the run"},
	{Name: "dns", State: report.Critical, Verb: "failed", Means: "the name does not resolve, or to no address of the wanted family"},
	{Name: "refused", State: report.Critical, Verb: "refused", Means: "the host answered that nothing listens on the port"},
	{Name: "unreachable", State: report.Critical, Verb: "failed", Means: "the host cannot be reached, or a rule of the network forbids it"},
	{Name: "timeout", State: report.Critical, Verb: "timed out", Means: "the time for the run (-t) was up while waiting for the server"},
	{Name: "closed", State: report.Critical, Verb: "failed", Cause: "connection closed by the server", Means: "the server closed or reset the connection without a word"},
	{Name: "tls_handshake", State: report.Critical, Verb: "handshake failed", Means: "no common TLS version or cipher, an alert of the server, a client certificate refused, or TLS that breaks later in the session"},
	{Name: "tls_untrusted", State: report.Critical, Verb: "certificate not trusted", Means: "the certificate does not lead to a trusted root, or has a weak key or signature on the way"},
	{Name: "tls_expired", State: report.Critical, Verb: "certificate has expired", Means: "a certificate of the chain has expired or is not yet valid"},
	{Name: "tls_hostname", State: report.Critical, Verb: "certificate is for another name", Means: "the certificate is not for the name that was asked for"},
	{Name: "certificate_mismatch", State: report.Warning, Verb: "certificate is not the expected one", Means: "the server shows another certificate than --expect-certificate names; CRITICAL with --insecure, where the certificate is not verified otherwise"},
	{Name: "not_imap", State: report.Critical, Verb: "failed", Means: "something else than an IMAP server answers on the port"},
	{Name: "bye", State: report.Critical, Verb: "ended by the server", Means: "the server said BYE: overloaded, shutting down, or not willing to talk to us"},
	{Name: "protocol", State: report.Critical, Verb: "failed", Cause: "answer not understood", Means: "the server said something that an IMAP client cannot understand"},
	{Name: "too_large", State: report.Critical, Verb: "failed", Cause: "answer too large", Means: "the server sent more than a healthy server does"},
	{Name: "starttls_missing", State: report.Critical, Verb: "not offered by the server", Means: "the server does not offer STARTTLS"},
	{Name: "starttls_refused", State: report.Critical, Verb: "refused", Means: "the server offers STARTTLS and refuses it"},
	{Name: "starttls_injection", State: report.Critical, Verb: "failed", Cause: "plain text came after the answer to STARTTLS", Means: "plain text came after the answer to STARTTLS: a broken server, or somebody on the way"},
	{Name: "plaintext_refused", State: report.Unknown, Verb: "not tried", Cause: "the connection is not encrypted", Means: "we refused to send a secret over an unencrypted connection"},
	{Name: "login_disabled", State: report.Critical, Verb: "not possible", Cause: "disabled by the server", Means: "the server takes no password on this connection or in this way"},
	{Name: "no_mechanism", State: report.Critical, Verb: "not possible", Cause: "mechanism not offered", Means: "the server does not offer the mechanism that was asked for"},
	{Name: "token", State: report.Critical, Verb: "failed", Means: "no OAuth 2.0 access token could be obtained"},
	{Name: "auth_failed", State: report.Critical, Verb: "rejected", Means: "user name, password or token were not accepted"},
	{Name: "unavailable", State: report.Critical, Verb: "not possible now", Means: "the credentials may be right, but the account or its mailbox cannot be reached now"},
	{Name: "auth_expired", State: report.Critical, Verb: "rejected", Cause: "password expired", Means: "the password must be changed before login is possible"},
	{Name: "referral", State: report.Critical, Verb: "refused", Means: "the server names another server for this user or mailbox (RFC 2221, RFC 2193)"},
	{Name: "limit", State: report.Critical, Verb: "refused", Cause: "limit reached", Means: "too many connections, logins or commands for this user or address"},
	{Name: "mailbox_missing", State: report.Critical, Verb: "failed", Means: "there is no mailbox of that name, or the user may not see it"},
	{Name: "no_permission", State: report.Critical, Verb: "refused", Cause: "no permission", Means: "the user may not do that"},
	{Name: "over_quota", State: report.Critical, Verb: "refused", Cause: "over quota", Means: "the mailbox or the account is full"},
	{Name: "rejected", State: report.Critical, Verb: "rejected", Means: "the server answered NO for a reason of its own"},
	{Name: "bad", State: report.Critical, Verb: "not understood by the server (BAD)", Means: "the server did not understand the command or would not take it at this point"},
	{Name: "search_keys", State: report.Unknown, Verb: "not possible", Means: "the server does not understand the keys of --search"},
	{Name: "message_missing", State: report.Critical, Verb: "failed", Cause: "message missing", Means: "the message that was asked for is not there"},
	{Name: "message_misfiled", State: report.Warning, Verb: "failed", Cause: "delivered as spam", Means: "the message of --message=header: is in the mailbox for spam, not where it should be"},
	{Name: "expectation", State: report.Critical, Verb: "not as expected", Means: "a condition set with --expect-... or --forbid-... is not met"},
	{Name: "address_failed", State: report.OK, Verb: "failed with another address", Means: "another address of the name did not answer"},
	{Name: "nodes_differ", State: report.OK, Verb: "differs between the nodes", Means: "the addresses of the name do not have the same mail (--all-addresses); WARNING where UIDVALIDITY differs"},
	{Name: "logout", State: report.OK, Verb: "failed", Means: "LOGOUT was not answered as it should be; the session was over anyway"},
	{Name: "threshold", State: report.Critical, Means: "a number is outside its range; the state is that of the threshold"},
}

// Kinds returns all kinds in the order of the documentation.
func Kinds() []Kind { return slices.Clone(kinds) }

// LookupKind returns the kind called name and whether there is one.
func LookupKind(name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}
