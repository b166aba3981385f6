package cli

import (
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
		secretSource{flag: "--oauth-token-url", value: g.OAuthTokenURL})
	if err != nil {
		return oauthSource{}, err
	}
	if g.OAuthTokenURL == "" {
		for _, f := range []struct{ flag, value string }{
			{"--oauth-client-id", g.OAuthClientID}, {"--oauth-client-secret-file", g.OAuthClientSecretFile},
			{"--oauth-scope", g.OAuthScope}, {"--oauth-refresh-token-file", g.OAuthRefreshTokenFile},
			{"--oauth-cache", g.OAuthCache}, {"--oauth-proxy", g.OAuthProxy},
		} {
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
	if v := fromEnvironment(env, envClientSecret); v != "" && !o.clientSecret.given() {
		o.clientSecret = secretSource{flag: envClientSecret, value: v}
	}
	o.refreshToken = secretSource{flag: "--oauth-refresh-token-file", file: g.OAuthRefreshTokenFile}
	switch {
	case g.OAuthClientID == "":
		return o, usage("--oauth-token-url without --oauth-client-id", "the provider shows the client's ID where the client is registered")
	case !o.clientSecret.given() && !o.refreshToken.given():
		return o, usage("--oauth-token-url without a secret",
			"give --oauth-client-secret-file or the environment variable "+envClientSecret+" (client credentials), or --oauth-refresh-token-file")
	}
	return o, nil
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
