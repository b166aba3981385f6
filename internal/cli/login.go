package cli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/auth"
	"check_imap_session/internal/guard"
	"check_imap_session/internal/secret"
	"check_imap_session/internal/session"
)

// login settles the account and where its secret comes from. A check without an
// account is asked for by name, so that an unset macro never turns a login check
// into a green greeting check.
func login(g *grammar, req *Request, env Env) error {
	c := &req.Session
	c.Auth = auth.Mode(g.Auth)
	c.Username, c.Authzid = g.Username, g.Authzid
	c.AllowPlaintext = g.AllowPlaintextAuth
	if strings.ContainsAny(c.Username, "\r\n\x00\x01") {
		return usage("-U has a line end or another control character in it", "")
	}
	if strings.ContainsAny(c.Authzid, "\r\n\x00\x01") {
		return usage("--authzid has a line end or another control character in it", "")
	}
	password, err := passwordSource(g)
	if err != nil {
		return err
	}
	token, err := tokenSource(g, env)
	if err != nil {
		return err
	}
	// The variable is the last resort: sites set it for many checks at once.
	if v := fromEnvironment(env, envPassword); v != "" && !password.given() && !token.given() && g.Username != "" && c.Auth.TakesPassword() {
		password = secretSource{flag: envPassword, value: v}
	}
	if req.Demo != "" {
		return nil
	}
	if err := checkSecretFits(c.Auth, password, token, g); err != nil {
		return err
	}
	if c.Username == "" && password.given() {
		return usage("a password ("+password.flag+") without a user name", "give -U")
	}
	if c.Username == "" && token.given() {
		return usage("a token ("+token.flag+") without a user name", "give -U: the mailbox the token is for")
	}
	if token.fetch != nil {
		c.OAuth = token.fetch
	}
	if !wantsLogin(*c) {
		c.OAuth = nil
		return nil
	}
	if err := requireSecret(c, password, token, g); err != nil {
		return err
	}
	if err := lockoutGuard(g, req); err != nil {
		return err
	}
	req.files.password = password
	req.files.token = token.secretSource
	req.files.clientSecret, req.files.refreshToken = token.clientSecret, token.refreshToken
	req.files.oauthCert, req.files.oauthKey = g.OAuthClientCert, cmp.Or(g.OAuthClientKey, g.OAuthClientCert)
	req.files.serviceAccount = g.OAuthServiceAccount
	return nil
}

// lockoutGuard fills in the lockout guard; Load looks at the file of the secret.
func lockoutGuard(g *grammar, req *Request) error {
	switch {
	case g.LockoutGuard == "" && req.given["lockout-wait"] != nil:
		return usage("--lockout-wait has no effect without --lockout-guard", "give --lockout-guard=FILE")
	case g.LockoutGuard == "":
		return nil
	}
	req.Session.Guard = &guard.Guard{Path: g.LockoutGuard, Wait: time.Duration(g.LockoutWait)}
	return nil
}

// guardSource tells the lockout guard which file the secret of the login is in. One that
// systemd passes on is a new file in every run, and a token that is fetched is in none.
func (r *Request) guardSource() {
	g := r.Session.Guard
	if g == nil {
		return
	}
	path := ""
	switch from := r.files.password; {
	case from.given():
		path = from.file
	case r.files.token.given():
		path = r.files.token.file
	case r.Session.OAuth == nil:
		path = r.files.clientCert
	}
	if path != "" && path != "-" && !secret.HasCredential(path, r.files.credentials) && !below(path, r.files.credentials) {
		g.Source = guard.SourceOf(path)
	}
}

// checkSecretFits refuses a secret that the mechanism has no use for.
func checkSecretFits(mode auth.Mode, password secretSource, token oauthSource, g *grammar) error {
	switch {
	case g.Authzid != "" && !mode.TakesAuthzid():
		return authzidUnfit(mode)
	case g.Authzid != "" && g.Username == "":
		return usage("--authzid without a user name", "give -U: the user whose password or token it is")
	case password.given() && token.given():
		return usage("a password ("+password.flag+") and a token ("+token.flag+")", "give the one that the account logs in with")
	case mode == auth.None:
		return nil
	case token.given() && !mode.TakesToken():
		return usage(token.flag+" has no effect with --auth="+string(mode), "tokens are for oauthbearer, xoauth2 and auto")
	case password.given() && !mode.TakesPassword():
		return usage(password.flag+" has no effect with --auth="+string(mode), "leave out one of them")
	case g.TLS == string(session.TLSNone) && (mode == auth.External || mode == auth.SCRAMSHA256Plus):
		return usage("--auth="+string(mode)+" needs TLS", "use --tls=implicit or --tls=starttls")
	}
	return nil
}

func authzidUnfit(mode auth.Mode) error {
	return usage("--authzid has no effect with --auth="+string(mode), "it is for plain, scram-sha-1, scram-sha-256, scram-sha-256-plus and oauthbearer; with external -U is the user to act as")
}

// requireSecret refuses a login for which something is missing.
func requireSecret(c *session.Config, password secretSource, token oauthSource, g *grammar) error {
	certificate := g.ClientCert != ""
	external := c.Auth == auth.External || c.Auth == auth.Auto && certificate && !password.given() && !token.given()
	switch {
	case external && g.Authzid != "":
		return authzidUnfit(auth.External)
	case external && !certificate:
		return usage("--auth=external without a client certificate", "give --client-cert and --client-key")
	case external:
		return nil // the certificate says who it is
	case c.Username == "":
		return usage("no user name", "give -U, or say --auth=none to check without an account, or --until=capability to stop before the login")
	case password.given() || token.given():
		return nil
	case !c.Auth.TakesPassword():
		return usage("no access token for "+argv.Quote(c.Username), "give --oauth-token-file, --oauth-token-command, --oauth-token-url or --oauth-service-account")
	}
	return usage("no password for "+argv.Quote(c.Username), "give --password-file, --password-command or the environment variable "+envPassword)
}

// wantsLogin says whether the plan has a login, or the token for one.
func wantsLogin(c session.Config) bool {
	plan, err := session.Plan(c)
	return err == nil && slices.ContainsFunc(plan, func(s session.Step) bool { return s.Name == "login" || s.Name == "token" })
}

// passwordSource returns where the flags say that the password is.
func passwordSource(g *grammar) (secretSource, error) {
	return oneOf("the password",
		secretSource{flag: "-P", value: g.Password},
		secretSource{flag: "--password-file", file: g.PasswordFile},
		secretSource{flag: "--password-command", command: g.PasswordCommand})
}

// clientCertificate fills in the client certificate, which Load reads.
func clientCertificate(g *grammar, req *Request) error {
	switch {
	case g.ClientKey != "" && g.ClientCert == "":
		return usage("--client-key without --client-cert", "give both, or the certificate alone when its file holds the key too")
	case g.ClientCert != "" && req.Session.TLS == session.TLSNone:
		return usage("--client-cert has no effect with --tls=none", "")
	}
	req.files.clientCert, req.files.clientKey = g.ClientCert, cmp.Or(g.ClientKey, g.ClientCert)
	return nil
}

// fromEnvironment returns a secret from the environment, without the line end and
// the byte order mark that it may have from a file.
func fromEnvironment(env Env, name string) string {
	v := strings.TrimPrefix(env.Getenv(name), "\ufeff")
	return strings.TrimSuffix(strings.TrimSuffix(v, "\n"), "\r")
}
