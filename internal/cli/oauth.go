package cli

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/auth"
)

// oauthSource is where an access token comes from: read like a password, or
// fetched.
type oauthSource struct {
	secretSource
	fetch                      *auth.TokenSource // nil when the token is not fetched
	clientSecret, refreshToken secretSource
}

func (o oauthSource) given() bool { return o.secretSource.given() || o.fetch != nil }

// tokenSource returns where the flags say that the access token is.
func tokenSource(g *grammar, env Env) (oauthSource, error) {
	read, err := oneOf("the access token",
		secretSource{flag: "--oauth-token-file", file: g.OAuthTokenFile},
		secretSource{flag: "--oauth-token-command", command: g.OAuthTokenCommand},
		fetched(g))
	if err != nil {
		return oauthSource{}, err
	}
	if g.OAuthServiceAccount != "" {
		return serviceAccount(g, env)
	}
	if g.OAuthTokenURL == "" {
		for _, f := range append(g.clientFlags(),
			flagValue{"--oauth-scope", g.OAuthScope}, flagValue{"--oauth-cache", g.OAuthCache}, flagValue{"--oauth-proxy", g.OAuthProxy},
		) {
			if f.value != "" {
				return oauthSource{}, usage(f.flag+" without --oauth-token-url", "--oauth-token-url says where to fetch the token")
			}
		}
		return oauthSource{secretSource: read}, nil
	}
	o := oauthSource{secretSource: secretSource{flag: "--oauth-token-url"}}
	endpoint, err := webAddress("--oauth-token-url", g.OAuthTokenURL, "https")
	if err != nil {
		return o, err
	}
	o.fetch = &auth.TokenSource{URL: endpoint, ClientID: g.OAuthClientID, Scope: g.OAuthScope, Username: g.Username, Cache: g.OAuthCache}
	if o.fetch.Proxy, err = tokenProxy(g.OAuthProxy, endpoint, env); err != nil {
		return o, err
	}
	o.clientSecret = secretSource{flag: "--oauth-client-secret-file", file: g.OAuthClientSecretFile}
	if v := fromEnvironment(env, envClientSecret); v != "" && !o.clientSecret.given() && g.OAuthClientCert == "" {
		o.clientSecret = secretSource{flag: envClientSecret, value: v}
	}
	o.refreshToken = secretSource{flag: "--oauth-refresh-token-file", file: g.OAuthRefreshTokenFile}
	switch {
	case g.OAuthClientID == "":
		return o, usage("--oauth-token-url without --oauth-client-id", "the provider shows the client's ID where the client is registered")
	case g.OAuthClientKey != "" && g.OAuthClientCert == "":
		return o, usage("--oauth-client-key without --oauth-client-cert", "give both, or the certificate alone when its file holds the key too")
	case o.clientSecret.given() && g.OAuthClientCert != "":
		return o, usage("a client secret ("+o.clientSecret.flag+") and --oauth-client-cert", "give the one by which the provider knows the client")
	case !o.clientSecret.given() && !o.refreshToken.given() && g.OAuthClientCert == "":
		return o, usage("--oauth-token-url without a secret",
			"give --oauth-client-secret-file, the environment variable "+envClientSecret+" or --oauth-client-cert (client credentials), or --oauth-refresh-token-file")
	case g.OAuthClientSecretExpires != "" && !o.clientSecret.given():
		return o, usage("--oauth-client-secret-expires without a client secret", "give --oauth-client-secret-file, or leave it out")
	}
	return o, nil
}

type flagValue struct{ flag, value string }

// clientFlags are the flags that say who the OAuth client is.
func (g *grammar) clientFlags() []flagValue {
	return []flagValue{
		{"--oauth-client-id", g.OAuthClientID}, {"--oauth-client-secret-file", g.OAuthClientSecretFile},
		{"--oauth-client-secret-expires", g.OAuthClientSecretExpires}, {"--oauth-refresh-token-file", g.OAuthRefreshTokenFile},
		{"--oauth-client-cert", g.OAuthClientCert}, {"--oauth-client-key", g.OAuthClientKey},
	}
}

// fetched is the source of a token that is fetched: a service account may have a token
// endpoint of its own.
func fetched(g *grammar) secretSource {
	if g.OAuthServiceAccount != "" {
		return secretSource{flag: "--oauth-service-account", value: g.OAuthServiceAccount}
	}
	return secretSource{flag: "--oauth-token-url", value: g.OAuthTokenURL}
}

// What Google wants of a service account that reads mail. See
// developers.google.com/identity/protocols/oauth2/service-account and
// developers.google.com/gmail/imap/xoauth2-protocol.
const (
	googleTokenURL  = "https://oauth2.googleapis.com/token"
	googleMailScope = "https://mail.google.com/"
)

// serviceAccount returns the source of a token for a service account.
func serviceAccount(g *grammar, env Env) (oauthSource, error) {
	o := oauthSource{secretSource: secretSource{flag: "--oauth-service-account"}}
	for _, f := range g.clientFlags() {
		if f.value != "" {
			return o, usage(f.flag+" has no effect with --oauth-service-account", "its file says who the client is, and has the key")
		}
	}
	endpoint, err := webAddress("--oauth-token-url", cmp.Or(g.OAuthTokenURL, googleTokenURL), "https")
	if err != nil {
		return o, err
	}
	o.fetch = &auth.TokenSource{URL: endpoint, Scope: cmp.Or(g.OAuthScope, googleMailScope), Username: g.Username, Cache: g.OAuthCache, ServiceAccount: &auth.ServiceAccount{}}
	o.fetch.Proxy, err = tokenProxy(g.OAuthProxy, endpoint, env)
	return o, err
}

// tokenProxy returns the proxy on the way to the token endpoint, nil for none.
func tokenProxy(value string, endpoint *url.URL, env Env) (*url.URL, error) {
	switch value {
	case "", "none":
		return nil, nil
	case "environment":
		if env.Proxy == nil {
			return nil, nil
		}
		proxy, err := env.Proxy(endpoint)
		if err != nil { // Its text has the variable's value in it, which may hold a password.
			return nil, usage("--oauth-proxy=environment: the variable https_proxy is not a URL", "write http://HOST:PORT into it")
		}
		return proxy, nil
	}
	return webAddress("--oauth-proxy", value, "http", "https")
}

// webAddress reads a URL of one of the schemes. No message repeats a password in it.
func webAddress(flag, value string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "":
		return nil, usage(flag+" is not a URL", "write "+schemes[0]+"://HOST...")
	case !slices.Contains(schemes, u.Scheme):
		return nil, usage(flag+" begins with "+argv.Quote(u.Scheme)+"://", "use "+strings.Join(schemes, ", "))
	case u.User != nil && schemes[0] == "https":
		return nil, usage(flag+" has a user name in it", "the client is given with --oauth-client-id")
	}
	return u, nil
}
