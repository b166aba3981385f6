package secret

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestMaskerReplace(t *testing.T) {
	const pw = `p"a\s/s w<ö&?%`
	b64 := base64.StdEncoding.EncodeToString
	jsonText, err := json.Marshal(pw)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		secrets []string
		in      string
		want    string
	}{
		{"none", nil, "text", "text"},
		{"not there", []string{"hunter2"}, "hunter1 HUNTER2", "hunter1 HUNTER2"},
		{"raw", []string{"hunter2"}, "LOGIN fry hunter2.", "LOGIN fry ***."},
		{"every one", []string{"hunter2"}, "hunter2 hunter2", "*** ***"},
		{"touching ones become one", []string{"hunter2"}, "hunter2hunter2", "***"},
		{"overlapping itself", []string{"abab"}, "xabababy", "x***y"},
		{"overlapping another", []string{"abcdef", "defghi"}, "xabcdefghiy", "x***y"},
		{"one within another", []string{"abcd", "xabcdefy"}, "-xabcdefy-abcd-", "-***-***-"},
		{"empty secret", []string{"", "hunter2"}, "hunter2 text", "*** text"},
		{"four bytes", []string{"abcd"}, "x abcd", "x ***"},
		{"three bytes show", []string{"abc"}, "x abc", "x abc"},
		{"three bytes in base64 by themselves", []string{"abc"}, "x YWJj", "x ***"},
		{"one byte in base64 by itself", []string{"a"}, "x YQ==", "x ***"},
		{"at the ends", []string{"hunter2"}, "hunter2", "***"},
		{"raw, with everything", []string{pw}, "x" + pw + "y", "x***y"},
		{"IMAP quoted", []string{pw}, `LOGIN fry "p\"a\\s/s w<ö&?%"`, `LOGIN fry "***"`},
		{"JSON", []string{pw}, string(jsonText), `"***"`},
		{"JSON without HTML escapes", []string{pw}, `"p\"a\\s/s w<ö&?%"`, `"***"`},
		{"JSON with escaped slash", []string{pw}, `"p\"a\\s\/s w<ö&?%"`, `"***"`},
		{"Go string", []string{"tab\tbell\a"}, fmt.Sprintf("%q", "tab\tbell\a"), `"***"`},
		{"Go string in ASCII", []string{pw}, fmt.Sprintf("%+q", pw), `"***"`},
		{"HTML", []string{"a<b>&c"}, "a&lt;b&gt;&amp;c", "***"},
		{"form", []string{pw}, "password=" + url.QueryEscape(pw) + "&x=y", "password=***&x=y"},
		{"form in lower case", []string{"pa/ss?"}, "pa%2fss%3f", "***"},
		{"form with %20", []string{"pass word?"}, "pass%20word%3F", "***"},
		{"path", []string{pw}, "/" + url.PathEscape(pw) + "/x", "/***/x"},
		{"base64 of the password, LOGIN", []string{"hunter2"}, "C: " + b64([]byte("hunter2")), "C: ***"},
		{"base64 unpadded", []string{"hunter2"}, "C: " + base64.RawStdEncoding.EncodeToString([]byte("hunter2")) + " x", "C: *** x"},
		{"base64 url", []string{"\xff\xfe\xfd>?~"}, base64.URLEncoding.EncodeToString([]byte("\xff\xfe\xfd>?~")), "***"},
		{"SASL PLAIN", []string{"hunter2"}, b64([]byte("\x00fry\x00hunter2")), "AGZyeQ***"},
		{"XOAUTH2", []string{"ya29.token"}, b64([]byte("user=fry\x01auth=Bearer ya29.token\x01\x01")), b64([]byte("user=fry\x01auth=Bearer ")) + "***EB"},
		{"OAUTHBEARER", []string{"ya29.token"}, b64([]byte("n,a=fry,\x01host=h\x01port=143\x01auth=Bearer ya29.token\x01\x01")),
			b64([]byte("n,a=fry,\x01host=h\x01port=143\x01auth=Bearer "))[:49] + "***BAQ=="},
		{"HTTP Basic of a form-encoded secret", []string{"a/b?c=d"}, b64([]byte("client:" + url.QueryEscape("a/b?c=d"))), b64([]byte("client:"))[:9] + "***"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var secrets []Secret
			for _, s := range tt.secrets {
				secrets = append(secrets, New(s))
			}
			if got := NewMasker(secrets...).Replace(tt.in); got != tt.want {
				t.Errorf("Replace(%q) of %q: got %q, want %q", tt.in, tt.secrets, got, tt.want)
			}
		})
	}
	if got := (*Masker)(nil).Replace("x"); got != "x" {
		t.Errorf("nil: got %q, want x", got)
	}
}

// TestMaskerBase64 puts secrets of all lengths between other bytes at all three
// places and demands that every base64 character with a bit of the secret in it is
// gone, and every other one is still there.
func TestMaskerBase64(t *testing.T) {
	encodings := map[string]*base64.Encoding{
		"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding,
	}
	for name, enc := range encodings {
		for size := 4; size < 14; size++ {
			secret := "\xfb\xef\xbe~s3cr-ts?>"[:size]
			m := NewMasker(New(secret))
			for lead := range 9 {
				for trail := range 9 {
					whole := enc.EncodeToString([]byte(strings.Repeat("\x01", lead) + secret + strings.Repeat("\x01", trail)))
					first, last := lead*8/6, ((lead+size)*8+5)/6
					after := whole[last:]
					if strings.Trim(after, "=") == "" {
						after = "" // padding would tell the length
					}
					want := whole[:first] + "***" + after
					if got := m.Replace(whole); got != want {
						t.Errorf("%s, %d bytes behind %d before %d, Replace(%q): got %q, want %q", name, size, lead, trail, whole, got, want)
					}
				}
			}
		}
	}
}

func FuzzMasker(f *testing.F) {
	f.Add("hunter2", "LOGIN ", "\n")
	f.Add("abab", "ab", "ab")
	f.Add("\\\"\\", "\\", "\"")
	f.Add("\xff\x00\xfe%", "a", "=")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < minForm || strings.Contains("***", secret) || strings.Contains(secret, "*") {
			return
		}
		m := NewMasker(New(secret))
		in := before + secret + after
		if got := m.Replace(in); strings.Contains(got, secret) || !strings.Contains(got, "***") {
			t.Errorf("Replace(%q) of %q: got %q", in, secret, got)
		}
		blob := base64.StdEncoding.EncodeToString([]byte(in))
		if got := m.Replace(blob); got == blob {
			t.Errorf("Replace(%q) of %q in base64: got it unchanged", blob, secret)
		}
	})
}
