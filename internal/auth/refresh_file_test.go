package auth

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"check_imap_session/internal/oauthtest"
	"check_imap_session/internal/secret"
)

// refreshing returns a source with a refresh token in a file.
func refreshing(t *testing.T, s *oauthtest.Server) *TokenSource {
	t.Helper()
	from := sourceOf(t, s)
	from.RefreshFile = filepath.Join(t.TempDir(), "refresh")
	from.RefreshToken = secret.New("refresh-0")
	if err := os.WriteFile(from.RefreshFile, []byte("refresh-0\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	return from
}

func TestRefreshTokenIsKept(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0"})
	from := refreshing(t, s)
	for range 3 { // each run reads what the one before has written
		if got := obtain(t, s, from); len(got.Remarks) != 0 {
			t.Errorf("remarks %q", got.Remarks)
		}
		text, err := os.ReadFile(from.RefreshFile)
		st, serr := os.Stat(from.RefreshFile)
		if err != nil || serr != nil || string(text) != s.Refresh()+"\n" || st.Mode().Perm() != 0o600 {
			t.Errorf("file %q, %v %v, mode %v, want %q and 0600", text, err, serr, st.Mode(), s.Refresh())
		}
	}
	left, _ := os.ReadDir(filepath.Dir(from.RefreshFile))
	if len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}

// TestRefreshTokenCannotBeKept is a remark, not a failure.
func TestRefreshTokenCannotBeKept(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0"})
	from := refreshing(t, s)
	from.RefreshFile = "" // from a credential, or standard input
	got := obtain(t, s, from)
	if len(got.Remarks) != 1 || !strings.Contains(got.Remarks[0], "could not be stored") || strings.Contains(got.Remarks[0], s.Refresh()) {
		t.Errorf("remarks %q, want that it could not be stored", got.Remarks)
	}
}

// TestRefreshParallel: runs at the same time spend each refresh token once.
func TestRefreshParallel(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0"})
	from := refreshing(t, s)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			one := *from
			if _, err := one.Obtain(t.Context(), attempt(s)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.Refresh() == "" {
		t.Error("a refresh token was spent twice: the server has revoked all of them")
	}
}

// TestBadRefreshTokenIsNotKept: what cannot be a refresh token is not written to the
// user's file. See RFC 6749 appendix A.17.
func TestBadRefreshTokenIsNotKept(t *testing.T) {
	for _, next := range []string{`line1\nssh-ed25519 AAAA`, `a\u0000b`, `caf\u00e9`} {
		s := oauthtest.Start(t, oauthtest.Options{Instead: func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprintf(w, `{"access_token":"a-token","refresh_token":"%s"}`, next)
			return true
		}})
		from := refreshing(t, s)
		got := obtain(t, s, from)
		text, err := os.ReadFile(from.RefreshFile)
		if err != nil || string(text) != "refresh-0\n" || len(got.Remarks) != 1 || !strings.Contains(got.Remarks[0], "could not be stored: the refresh token has") {
			t.Errorf("%s: file %q %v, remarks %q, want the old token and a remark", next, text, err, got.Remarks)
		}
	}
}

// TestRefreshLeftover: a run that was killed before it could put the new refresh token
// into place has spent the old one. The next run finds the new one.
func TestRefreshLeftover(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skip: nothing is locked there, so no leftover is looked for")
	}
	for _, tt := range []struct {
		name, text string
		age        time.Duration // of the leftover; the file is a minute old
		mode       os.FileMode
		want       string // what the endpoint is shown
	}{
		{"whole", "refresh-1\n", 0, 0o600, "refresh-1"},
		{"cut", "refresh", 0, 0o600, "refresh-0"},
		{"empty", "", 0, 0o600, "refresh-0"},
		{"older than the file", "refresh-1\n", time.Hour, 0o600, "refresh-0"},
		{"open to others", "refresh-1\n", 0, 0o666, "refresh-0"},
		{"not a token", "caf\u00e9\n", 0, 0o600, "refresh-0"},
		{"more lines", "refresh-1\nline\n", 0, 0o600, "refresh-0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.Start(t, oauthtest.Options{RefreshToken: tt.want})
			from := refreshing(t, s)
			leftover := secret.Temporary(from.RefreshFile)
			for path, age := range map[string]time.Duration{from.RefreshFile: time.Minute, leftover: tt.age} {
				if path == leftover {
					if err := os.WriteFile(path, []byte(tt.text), tt.mode); err != nil {
						t.Fatal(err)
					}
					if err := os.Chmod(path, tt.mode); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
					t.Fatal(err)
				}
			}
			if got := obtain(t, s, from); len(got.Remarks) != 0 {
				t.Errorf("remarks %q", got.Remarks)
			}
			left, _ := os.ReadDir(filepath.Dir(from.RefreshFile))
			if text, err := os.ReadFile(from.RefreshFile); err != nil || string(text) != s.Refresh()+"\n" || len(left) != 1 {
				t.Errorf("file %q %v, folder %v, want %q alone", text, err, left, s.Refresh())
			}
		})
	}
}

// TestRefreshLink: a link is followed to the file that is replaced, and it stays.
func TestRefreshLink(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{RefreshToken: "refresh-0"})
	from := refreshing(t, s)
	target, link := from.RefreshFile, filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	from.RefreshFile = link
	obtain(t, s, from)
	text, err := os.ReadFile(target)
	if st, serr := os.Lstat(link); err != nil || serr != nil || string(text) != s.Refresh()+"\n" || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("target %q %v, link %v %v", text, err, st, serr)
	}
	if runtime.GOOS == "windows" || os.Geteuid() != 0 {
		t.Skip("skip: only root can make a link of another user")
	}
	if err := os.Lchown(link, 12345, 12345); err != nil {
		t.Skip(err)
	}
	if _, err := from.Obtain(t.Context(), attempt(s)); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("a link of another user: %v, want an error", err)
	}
}
