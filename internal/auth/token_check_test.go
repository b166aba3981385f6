package auth

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/secret"
)

// TestCheckStored: what the server would refuse is told apart before it is sent, and
// no error shows a part of it.
func TestCheckStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := func(claims string) string {
			return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
		}
		ends := func(in time.Duration) string { return token(fmt.Sprintf(`{"exp":%d}`, time.Now().Add(in).Unix())) }
		for _, tt := range []struct{ name, text, want string }{
			{"opaque", "ya29.a0AfB_by/C+==", ""},
			{"good for an hour", ends(time.Hour), ""},
			{"expired within the difference of clocks", ends(-skew), ""},
			{"expired", ends(-6 * time.Minute), "the access token expired 6 minutes ago (1999-12-31 23:54 UTC)"},
			{"expired for hours", ends(-3 * time.Hour), "expired 3 hours ago"},
			{"expired for days", ends(-49 * time.Hour), "expired 2 days ago"},
			{"expired for years", ends(-54336 * time.Hour), "expired 6 years ago (1993-10-20 00:00 UTC)"},
			{"expiry with a fraction", token(`{"exp":946684800.5}`), ""},
			{"no expiry", token(`{"sub":"x"}`), ""},
			{"odd expiry", token(`{"exp":"soon"}`), ""},
			{"expiry far away", token(`{"exp":1e300}`), ""},
			{"not a JSON Web Token", "a.!!.c", ""},
			{"JSON", `{"access_token":"an-access-token"}`, "this is JSON, not a token: store only the value of access_token"},
			{"first line of JSON", `{`, "this is JSON"},
			{"quotes", `"an-access-token"`, "there are quotes around the token"},
			{"scheme", "Bearer an-access-token", "begins with the word Bearer"},
			{"header", "Authorization: an-access-token", "has blanks or other characters"},
			{"control", "an\x01access-token", "has blanks or other characters"},
		} {
			err := CheckStored(secret.New(tt.text))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "an-access") {
				t.Errorf("%s: the error shows the token: %v", tt.name, err)
			}
		}
	})
}

// TestCheckRefreshToken: a refresh token may have blanks in it.
func TestCheckRefreshToken(t *testing.T) {
	for text, want := range map[string]bool{"1//0g-x": true, "a b": true, "{": false, `'a'`: false, "a\tb": false, "caf\u00e9": false} {
		if err := CheckRefreshToken(secret.New(text)); (err == nil) != want {
			t.Errorf("%q: %v, want fine %v", text, err, want)
		}
	}
}
