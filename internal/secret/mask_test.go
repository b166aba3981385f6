package secret

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
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
		{"not there", []string{"hunter2"}, "hunter1 hunter", "hunter1 hunter"},
		{"in upper case", []string{"hünter2"}, "[HÜNTER2 1] HUNTER2", "[*** 1] HUNTER2"},
		{"characters dropped", []string{"Sw0rdf1sh"}, "bad S\x00w0\u00adrd\u200bf1s\x1bh!", "bad ***!"},
		{"characters changed", []string{"Sw0rd;f1sh"}, "bad S|w0<rd;f>1$sh S'w\"0`r\td,f\n1~s\\h.", "bad *** ***."},
		{"wrapped", []string{"correct horse battery"}, "correct\r\n horse\r\n batt\r\n ery.", "***."},
		{"a character cut at the end", []string{"correct horse"}, "correct hors is wrong", "*** is wrong"},
		{"eight characters in a row", []string{"CorrectHorseBattery-2026"}, "horsebat, orseBat, Battery.", "***, orseBat, Battery."},
		{"short ones as a whole", []string{"hunter2"}, "hunter hunter2", "hunter ***"},
		{"all percent-encoded", []string{"Sw0rdé"}, "%53%77%30%72%64%c3%A9 %53%77", "*** %53%77"},
		{"partly percent-encoded", []string{"Sw0rdf1sh"}, "S%770rd%66%31sh", "***"},
		{"looks percent-encoded", []string{"41xyz9"}, "%41xyz9", "%***"},
		{"a percent sign in it", []string{"a%41b%42c"}, "a%41b%42c a%2541b%2542c", "*** ***"},
		{"all JSON-escaped", []string{"Sw0rd\U0001F41F"}, `\u0053\u0077\u0030\u0072\u0064\ud83d\uDC1F \u00`, `*** \u00`},
		{"all HTML-escaped", []string{"Sw0rd"}, "&#83;&#x77;&#48;&#114;&#100; &#83;", "*** &#83;"},
		{"octal", []string{"Sw0rd"}, `\123\1670r\144 \1`, `*** \1`},
		{"UTF-16", []string{"Sw0rdé密f1sh"}, "\x00S\x00w\x000\x00r\x00d\x00\xe9\x5b\xc6\x00f\x001\x00s\x00h", "***"},
		{"UTF-16, low byte first", []string{"Sw0rdfish"}, "S\x00w\x000\x00r\x00d\x00f\x00i\x00s\x00h\x00", "***\x00"},
		{"Latin-1", []string{"Sw0rdé"}, "x Sw0rd\xe9 Sw0rd ", "x *** *** "},
		{"hex", []string{"Sw0rd"}, "53 77 30 72 64 5377", "*** 5377"},
		{"punctuation only", []string{"!@#?%^*()"}, "x !@\x00#?%^\u200b*() x", "x *** x"},
		{"base64 wrapped", []string{"CorrectHorseBattery"}, b64([]byte("CorrectHorseBattery"))[:8] + "\r\n" + b64([]byte("CorrectHorseBattery"))[8:16] + "\r\n" + b64([]byte("CorrectHorseBattery"))[16:], "***"},
		{"base64 in upper case", []string{"hunter2"}, strings.ToUpper(b64([]byte("hunter2"))), "***"},
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

func TestMaskerReplaceAll(t *testing.T) {
	tests := []struct {
		name   string
		secret string
		in     []string
		want   []string
	}{
		{"none", "hunter2", []string{"a", "b"}, []string{"a", "b"}},
		{"in one word", "hunter2", []string{"a", "X-HUNTER2-x", "b"}, []string{"a", "X-***-x", "b"}},
		{"over three words", "my secret pass", []string{"a", "MY", "SECRET", "PASS", "b"}, []string{"a", "***", "***", "***", "b"}},
		{"twice in a word", "hunter2", []string{"hunter2,hunter2!"}, []string{"***,***!"}},
		{"no words", "hunter2", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := NewMasker(New(tt.secret)).ReplaceAll(tt.in); !slices.Equal(got, tt.want) {
				t.Errorf("ReplaceAll(%q) of %q: got %q, want %q", tt.in, tt.secret, got, tt.want)
			}
		})
	}
	if got := (*Masker)(nil).ReplaceAll([]string{"x"}); !slices.Equal(got, []string{"x"}) {
		t.Errorf("nil: got %q, want x", got)
	}
}

// BenchmarkMasker masks a megabyte of an answer with a password, and with a token of
// 2 KiB.
func BenchmarkMasker(b *testing.B) {
	text := strings.Repeat("* OK [CAPABILITY IMAP4rev1 LITERAL+ ID] (that is fine) 100%\r\n", 1<<20/62)
	for name, secret := range map[string]string{"password": "CorrectHorse-2026", "token": strings.Repeat("eyJhbGciOiJSUzI1NiIsIng1dCI6Ik", 70)} {
		b.Run(name, func(b *testing.B) {
			m := NewMasker(New(secret))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Replace(text)
			}
		})
		b.Run("new "+name, func(b *testing.B) {
			for b.Loop() {
				NewMasker(New(secret))
			}
		})
	}
}

func TestSet(t *testing.T) {
	var none *Set
	none.Add(New("long-secret"))
	if got := none.Mask("long-secret"); got != "long-secret" {
		t.Errorf("nil masks: %q", got)
	}
	s := &Set{}
	if got := s.Mask("first-secret second-secret"); got != "first-secret second-secret" {
		t.Errorf("empty: %q", got)
	}
	s.Add(New("first-secret"), Secret{})
	if got := s.Mask("first-secret second-secret"); got != "*** second-secret" {
		t.Errorf("one: %q", got)
	}
	s.Add(New("second-secret"))
	if got := s.Mask("first-secret second-secret"); got != "*** ***" {
		t.Errorf("both: %q", got)
	}
}
