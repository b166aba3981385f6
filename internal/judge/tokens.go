package judge

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// tokenFailures are about the token endpoint. They stand before the rows of the
// network and of TLS: those are about the IMAP server. It is a function so that a
// check that fetches no token compiles no pattern.
func tokenFailures() []failureRow {
	rows := []failureRow{
		{Kind: "timeout", Match: at(report.ErrTimeout, report.StepToken), Detail: waiting,
			Advice: "does this machine reach the token endpoint? a proxy is used only when --oauth-proxy names it", Example: example(report.StepToken, report.ErrTimeout)},
	}
	for _, r := range refusals() {
		match := func(e *report.StepError) bool {
			t, ok := errors.AsType[*report.TokenRefused](e.Err)
			return ok && (r.code == "" || t.Code == r.code) &&
				(r.status == 0 || t.Status == r.status) && (r.words == nil || slices.ContainsFunc(e.Said, r.words.MatchString))
		}
		refused := &report.TokenRefused{Status: 400, Code: r.code, Description: r.example}
		if r.code == "" && r.words == nil {
			refused.Status = cmp.Or(r.status, http503)
		}
		example := &report.StepError{Step: report.StepToken, Err: fmt.Errorf("%w: %w", report.ErrToken, refused)}
		if r.example != "" {
			example.Said = []string{r.example}
		}
		rows = append(rows, failureRow{Kind: "token", Match: match, Detail: refusedDetail, Advice: r.advice, Source: r.source, Example: example})
	}
	untrusted := either(as[x509.UnknownAuthorityError](), as[x509.CertificateInvalidError](), as[x509.HostnameError](), is(report.ErrWeakKey), is(report.ErrMalformed))
	return append(rows,
		failureRow{Kind: "token", Match: both(is(report.ErrToken), untrusted), Detail: text,
			Advice:  "the certificate of the token endpoint does not verify: for a private CA give --ca-file (no secret was sent)",
			Example: example(report.StepToken, fmt.Errorf("%w: %w", report.ErrToken, x509.UnknownAuthorityError{}))},
		failureRow{Kind: "token", Match: is(report.ErrToken), Detail: text,
			Advice:  "is --oauth-token-url right, and does this machine reach it? a proxy is used only when --oauth-proxy names it",
			Example: example(report.StepToken, fmt.Errorf("%w: connection refused", report.ErrToken))})
}

// refusedBy is one way in which a token endpoint says no. Empty fields match all.
type refusedBy struct {
	code    string // RFC 6749 section 5.2
	status  int    // of HTTP
	words   *regexp.Regexp
	example string // a description that words match
	advice  string
	source  string
}

// refusals returns what token endpoints say, the sentences of well-known ones
// before the codes. Microsoft's numbers are listed at
// learn.microsoft.com/entra/identity-platform/reference-error-codes.
func refusals() []refusedBy {
	const entra = "Microsoft Entra"
	return []refusedBy{
		{words: words(`AADSTS7000222`), example: "AADSTS7000222: The provided client secret keys for app '11111111-2222-3333-4444-555555555555' are expired.", source: entra,
			advice: "the client secret has expired: make a new one for the app registration in Entra and store it in --oauth-client-secret-file"},
		{words: words(`AADSTS7000215`), example: "AADSTS7000215: Invalid client secret provided.", source: entra,
			advice: "the client secret is wrong: its value is wanted, not its ID, and Entra shows the value only once"},
		{words: words(`AADSTS(700027|700030|7000214|7000221|7000212)\b`), example: "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.", source: entra,
			advice: "is the certificate of --oauth-client-cert registered for this application in Entra?"},
		{words: words(`AADSTS700024|Token must be a short-lived token`), example: "AADSTS700024: Client assertion is not within its valid time range.", source: entra + ", Google",
			advice: "the assertion is too old or too new for the provider: set the clock of this machine right (NTP)"},
		{words: words(`invalid jwt signature`), example: "Invalid JWT Signature.", source: "Google",
			advice: "the key of --oauth-service-account was deleted or replaced: make a new one for the account"},
		{words: words(`invalid email or user id`), example: "Invalid email or User ID", source: "Google",
			advice: "is -U the whole address of a mailbox in this domain?"},
		{words: words(`client is unauthorized to retrieve access tokens using this method`), example: "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.", source: "Google",
			advice: "give the service account domain-wide delegation for https://mail.google.com/ in the admin console"},
		{words: words(`AADSTS700016|AADSTS7000216`), example: "AADSTS700016: Application with identifier '...' was not found in the directory.", source: entra,
			advice: "check --oauth-client-id and the tenant in --oauth-token-url"},
		{words: words(`AADSTS90002|AADSTS900023`), example: "AADSTS90002: Tenant 'example' not found.", source: entra,
			advice: "check the tenant in --oauth-token-url"},
		{words: words(`AADSTS(70011|1002012|28002|28003)\b`), example: "AADSTS70011: The provided value for the input parameter 'scope' is not valid.", source: entra,
			advice: "check --oauth-scope: https://outlook.office365.com/.default for client credentials"},
		{words: words(`AADSTS(65001|65004|50105)\b`), example: "AADSTS65001: The user or administrator has not consented to use the application.", source: entra,
			advice: "grant the application its permission (IMAP.AccessAsApp) and the consent of an administrator in Entra"},
		{words: words(`AADSTS(50076|50079|50158|53000|53003)\b`), example: "AADSTS53003: Access has been blocked by Conditional Access policies.", source: entra,
			advice: "a conditional access policy or a second factor is in the way: exclude this application, or use client credentials"},
		{words: words(`AADSTS(70008|700082|700084|50173|50078)\b`), example: "AADSTS700082: The refresh token has expired due to inactivity.", source: entra,
			advice: "the refresh token is no longer good: sign in once more and store the new one in --oauth-refresh-token-file"},
		{words: words(`token has been expired or revoked`), example: "Token has been expired or revoked.", source: "Google",
			advice: "sign in again and store the new refresh token (of apps in testing, Google ends it after 7 days)"},
		{code: "invalid_client", source: rfc6749,
			advice: "check --oauth-client-id and the client secret: is it still valid?"},
		{code: "invalid_grant", source: rfc6749,
			advice: "the refresh token was revoked, has expired, or another check has used it: sign in again and store the new one"},
		{code: "unauthorized_client", source: rfc6749,
			advice: "the client may not do this: allow it the grant (client credentials, refresh token) at the provider"},
		{code: "unsupported_grant_type", source: rfc6749,
			advice: "the provider does not know this grant: is --oauth-token-url the token endpoint, and is a refresh token needed?"},
		{code: "invalid_scope", source: rfc6749, advice: "check --oauth-scope"},
		{code: "invalid_request", source: rfc6749,
			advice: "the provider says that something is missing: does it want --oauth-scope, or another --oauth-token-url?"},
		{status: 404, advice: "check --oauth-token-url: there is nothing at this address"},
		{status: 429, advice: "the provider throttles these requests: keep the token between runs with --oauth-cache"},
		{advice: "see the log of sign-ins at the provider"},
	}
}

const (
	rfc6749 = "RFC 6749 section 5.2"
	http503 = 503 // the example of an answer that no row knows
)

// refusedDetail says by what the token endpoint refused.
func refusedDetail(e *report.StepError) string {
	t, _ := errors.AsType[*report.TokenRefused](e.Err)
	return report.Foreign(t.Error())
}

// triedPassword says whether the login that failed was one with a password.
func triedPassword(e *report.StepError) bool {
	return !triedToken(e) && e.Mechanism != "EXTERNAL"
}

func triedToken(e *report.StepError) bool {
	return e.Mechanism == "XOAUTH2" || e.Mechanism == "OAUTHBEARER"
}

// refusedLogin says whether a login was refused for what was shown: codes that
// say something else than that are left to their own rows.
func refusedLogin(e *report.StepError) bool {
	if e.Step != report.StepLogin || e.Reply == nil || !errors.Is(e.Err, report.ErrNo) {
		return false
	}
	return slices.Contains([]imap.ResponseCode{"", imap.ResponseCodeAlert, imap.ResponseCodeAuthenticationFailed}, codeOf(e))
}

func mechanismExample(mechanism string) *report.StepError {
	e := exampleReply(report.StepLogin, report.ErrNo, imap.StatusResponseTypeNo, imap.ResponseCodeAuthenticationFailed, "Authentication failed.")
	e.Mechanism = mechanism
	return e
}

func refusedToken(e *report.StepError) bool { return refusedLogin(e) && triedToken(e) }

// invalidToken says whether the server explained that the token is expired,
// revoked or malformed.
func invalidToken(e *report.StepError) bool {
	names := func(line string) bool { return strings.Contains(line, "invalid_token") }
	return names(e.Reply.Text) || slices.ContainsFunc(e.Said, names)
}

func invalidTokenExample() *report.StepError {
	e := mechanismExample("OAUTHBEARER")
	e.Said = []string{"status invalid_token"}
	return e
}

func exchangeTokenExample() *report.StepError {
	e := exampleReply(report.StepLogin, report.ErrNo, imap.StatusResponseTypeNo, "", "AUTHENTICATE failed.")
	e.Mechanism, e.Greeting = "XOAUTH2", exchangeOnlineGreeting
	return e
}

// mechanismFailures are logins refused for a token or a certificate, or for more than
// the password.
func mechanismFailures() []failureRow {
	return []failureRow{
		{Kind: "auth_failed", Match: both(refusedToken, invalidToken), Detail: fixed("access token refused as invalid or expired (invalid_token)"), Source: "RFC 6750 section 3.1, RFC 7628 section 3.2.2",
			Advice:  "renew the access token",
			Example: invalidTokenExample()},
		{Kind: "auth_failed", Match: both(refusedToken, func(e *report.StepError) bool { return strings.Contains(e.Greeting, "Microsoft Exchange") }), Source: "Exchange Online",
			Advice:  "were New-ServicePrincipal and Add-MailboxPermission run for this mailbox, and is the scope right?",
			Example: exchangeTokenExample()},
		{Kind: "auth_failed", Match: refusedToken, Source: "RFC 7628 section 3.2",
			Advice:  "is the token for this user, and its scope that of IMAP?",
			Example: mechanismExample("XOAUTH2")},
		{Kind: "auth_failed", Match: both(refusedLogin, func(e *report.StepError) bool { return e.Mechanism == "EXTERNAL" }), Source: "RFC 4422 appendix A",
			Advice:  "does the server trust the authority of the client certificate, and map its name to this user?",
			Example: mechanismExample("EXTERNAL")},
		{Kind: "auth_failed", Match: both(refusedLogin, func(e *report.StepError) bool { return strings.HasSuffix(e.Mechanism, "-PLUS") }), Source: "Cyrus 3.6",
			Advice:  "check the password, or the server may know another channel binding only (tls-unique): try --auth=scram-sha-256",
			Example: mechanismExample("SCRAM-SHA-256-PLUS")},
		{Kind: "auth_failed", Match: both(refusedLogin, func(e *report.StepError) bool {
			return e.Mechanism == "CRAM-MD5" || strings.HasPrefix(e.Mechanism, "SCRAM-")
		}),
			Advice:  "check user name and password, and whether the server stores the password in a form that fits this mechanism",
			Example: mechanismExample("SCRAM-SHA-256")},
	}
}
