package app

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLateAnswer: a secret that never comes is left at the deadline, and the
// output is out within 100 ms of it.
func TestLateAnswer(t *testing.T) {
	for _, args := range []string{
		"-H h -U u --password-file=- -t 5",
		"-H h -U u --oauth-token-file=- -t 5",
		"-H h -U u --oauth-token-url=https://h/t --oauth-client-id=c --oauth-client-secret-file=- -t 5",
		"-H h -U u --oauth-token-url=https://h/t --oauth-client-id=c --oauth-refresh-token-file=- -t 5",
	} {
		synctest.Test(t, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			var out recorder
			env := fakeEnv(&out)
			env.Stdin = blocked{never}
			began := time.Now()
			code := Main(strings.Fields(args), env)
			took := time.Since(began) - 5*time.Second
			if took < 0 || took > 100*time.Millisecond {
				t.Errorf("%s: output %v after the deadline, want at most 100ms", args, took)
			}
			if want := "IMAP_SESSION UNKNOWN - config: reading the secrets took longer than -t allows"; code != 3 || !strings.HasPrefix(out.String(), want) {
				t.Errorf("%s: code %d, %q, want 3, %q", args, code, out.String(), want)
			}
		})
	}
}
