package auth

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"check_imap_session/internal/secret"
)

// skew is how long after its expiry a token is still sent: the clocks of servers
// differ, and providers allow for this much.
const skew = 5 * time.Minute

// CheckToken refuses an access token with characters that must not stand in a SASL
// message or in a header. See RFC 6749 appendix A.12 and RFC 6750 section 2.1.
func CheckToken(t secret.Secret) error { return checkCharacters("access token", t, '!') }

func checkCharacters(what string, t secret.Secret, first byte) error {
	for _, b := range []byte(t.Reveal()) {
		if b < first || b > '~' {
			return fmt.Errorf("the %s has blanks or other characters in it that a token cannot have", what)
		}
	}
	return nil
}

// CheckStored refuses an access token from a file or a command that the server
// would refuse: something else than a token, and a JSON Web Token that has expired.
// No error repeats a part of it.
func CheckStored(t secret.Secret) error {
	if err := cmp.Or(checkBare("access_token", t), CheckToken(t)); err != nil {
		return err
	}
	expires := Expiry(t)
	if ago := time.Since(expires); !expires.IsZero() && ago > skew {
		return fmt.Errorf("the access token expired %s ago (%s): store a new one, or let the check fetch it with --oauth-token-url",
			roughly(ago), expires.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return nil
}

// roughly returns a length of time in the largest unit of which it has at least two:
// "6 years", "3 hours".
func roughly(d time.Duration) string {
	const day = 24 * time.Hour
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{365 * day, "years"}, {day, "days"}, {time.Hour, "hours"}} {
		if d >= 2*u.length {
			return fmt.Sprintf("%d %s", d/u.length, u.name)
		}
	}
	return fmt.Sprintf("%d minutes", d/time.Minute)
}

// CheckRefreshToken refuses what cannot be a refresh token. See RFC 6749 appendix
// A.17.
func CheckRefreshToken(t secret.Secret) error {
	return cmp.Or(checkBare("refresh_token", t), checkCharacters("refresh token", t, ' '))
}

// checkBare refuses a token with something around it. field is its name in JSON.
func checkBare(field string, t secret.Secret) error {
	text := t.Reveal()
	scheme, _, _ := strings.Cut(text, " ")
	switch {
	case text == "":
		return nil
	case strings.ContainsAny(text[:1], "{["):
		return fmt.Errorf("this is JSON, not a token: store only the value of %s, without quotes (jq -r .%s)", field, field)
	case strings.ContainsAny(text[:1]+text[len(text)-1:], `"'`):
		return errors.New("there are quotes around the token: store it without them")
	case strings.EqualFold(scheme, "Bearer"):
		return errors.New("this begins with the word Bearer: store only the token that follows it")
	}
	return nil
}

// Expiry returns the claim "exp" of a JSON Web Token, and the zero time for any other
// token. See RFC 7519 sections 3.1 and 4.1.4.
func Expiry(t secret.Secret) time.Time {
	parts := strings.Split(t.Reveal(), ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Expires float64 `json:"exp"` // seconds since 1970, fractions are allowed
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Expires < 1 || claims.Expires > 1e11 {
		return time.Time{}
	}
	return time.Unix(int64(claims.Expires), 0)
}
