package app

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// lineValues are what the flags of random command lines get: some are right for one
// flag and wrong for another.
var lineValues = strings.Split("h|imap.example.com|127.0.0.1|::1|993|143|0|-1|5|5:10|10:5|time=3|time_logn=1|messages=1:|messages@INBOX=1:|message_age=1h|10MB|8sec|1m30s|"+
	"true|no|pw|nowhere|INBOX|Ärger|a b|'q'|$ARG1$||~/x|none|plain|xoauth2|starttls|implicit|json|openmetrics|worst|any|{-1d}|SINCE {-1d}|FROM \"x\"|dns|fetch|select|"+
	"list,select|quota|status|delivery|ok|auth_failed=warning|mailbox_missing=ok|1.2|a=b|lrs|\xff|https://h/token|u:p@h|Sent,Drafts|*|%|header|body|1:*|80%|@5|~:5|5,10|"+
	"a@x.ini|b@x.ini|c@x.ini|@x.ini|a@nowhere", "|")

// TestRandomLines explains what random command lines would do. No line may be an
// internal error, whatever its flags are and however they are combined.
func TestRandomLines(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"pw": "s3cretword\n", "x.ini": "[a]\nhostname = h\nmailbox = A\nmailbox = B\n[b]\nU = u\nhostname\n[c]\nhostnme = h\n"} {
		if err := os.WriteFile(filepath.Join(".", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	var flags []*kong.Flag
	for _, f := range Model().App.Flags {
		times := 1
		if slices.Contains([]string{"extra-opts", "mailbox", "mailboxes", "with", "until", "warning", "critical"}, f.Name) {
			times = 10 // what they are given changes what others mean
		}
		flags = append(flags, slices.Repeat([]*kong.Flag{f}, times)...)
	}
	bases := []string{"", "-H h --auth=none", "-H h -U u --password-file=pw", "-H h -U u --password-file=pw -w time_login=1 -c 2"}
	for range 500 {
		args := append(strings.Fields(bases[r.IntN(len(bases))]), "--explain")
		for range r.IntN(5) {
			f, value := flags[r.IntN(len(flags))], lineValues[r.IntN(len(lineValues))]
			switch spelling := "--" + f.Name; r.IntN(5) {
			case 0:
				args = append(args, spelling)
			case 1:
				args = append(args, spelling, value)
			case 2:
				args = append(args, strings.TrimSuffix("-"+string(f.Short), "\x00"), value)
			default:
				args = append(args, spelling+"="+value)
			}
		}
		out := &recorder{}
		if Main(args, fakeEnv(out)); strings.Contains(out.String(), "internal error") {
			t.Errorf("seed %d: %q: got %s", seed, args, out)
		}
	}
}
