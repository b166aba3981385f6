package auth

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"check_imap_session/internal/oauthtest"
	"check_imap_session/internal/secret"
)

func cached(t *testing.T, s *oauthtest.Server) *TokenSource {
	t.Helper()
	from := sourceOf(t, s)
	from.Cache = filepath.Join(t.TempDir(), "cache")
	return from
}

func TestCache(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	from := cached(t, s)
	first := obtain(t, s, from)
	second := obtain(t, s, from)
	if first.Cached || !second.Cached || second.Access.Reveal() != first.Access.Reveal() || len(s.Requests()) != 1 {
		t.Errorf("cached %v %v, %d requests, want the second from the cache", first.Cached, second.Cached, len(s.Requests()))
	}
	if st, err := os.Stat(from.Cache); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", st.Mode(), err)
	}
	// A rejected token is dropped and another one fetched.
	a := attempt(s)
	a.Rejected = second.Access
	third, err := from.Obtain(t.Context(), a)
	if err != nil || third.Cached || third.Access.Reveal() == first.Access.Reveal() || len(s.Requests()) != 2 {
		t.Errorf("after a rejection: %v, cached %v, %d requests, want a new one", err, third.Cached, len(s.Requests()))
	}
	// Somebody else was rejected with the old one: the new one stays. Nobody is
	// asked whom to trust.
	a.Verify = nil
	again, err := from.Obtain(t.Context(), a)
	if err != nil || !again.Cached || again.Access.Reveal() != third.Access.Reveal() {
		t.Errorf("a rejection of an old token: %v, cached %v, want the one in the cache", err, again.Cached)
	}
}

// TestCacheKey: what makes two tokens different makes two entries.
func TestCacheKey(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	base := cached(t, s)
	keys := []string{base.cache().key}
	for name, change := range map[string]func(*TokenSource){
		"grant":     func(f *TokenSource) { f.RefreshToken = secret.New("x") },
		"file":      func(f *TokenSource) { f.RefreshToken, f.RefreshFile = secret.New("x"), "/a" },
		"file 2":    func(f *TokenSource) { f.RefreshToken, f.RefreshFile = secret.New("x"), "/b" },
		"URL":       func(f *TokenSource) { f.URL = mustURL(t, s.URL+"2") },
		"client":    func(f *TokenSource) { f.ClientID = "b" },
		"scope":     func(f *TokenSource) { f.Scope = "b" },
		"account":   func(f *TokenSource) { f.ServiceAccount = &ServiceAccount{Email: "a"} },
		"account 2": func(f *TokenSource) { f.ServiceAccount = &ServiceAccount{Email: "b"} },
		"user":      func(f *TokenSource) { f.Username = "b" },
	} {
		one := *base
		change(&one)
		if key := one.cache().key; slices.Contains(keys, key) {
			t.Errorf("%s: the key is one that was there", name)
		} else {
			keys = append(keys, key)
		}
	}
	moved := *base
	moved.RefreshToken, moved.RefreshFile = secret.New("y"), "/a" // rotated since
	if !slices.Contains(keys, moved.cache().key) {
		t.Error("a rotated refresh token changes the key")
	}
}

// TestCacheLifetimes: a token that soon ends is not used.
func TestCacheLifetimes(t *testing.T) {
	for lifetime, want := range map[time.Duration]int{time.Hour: 1, renewal + 30*time.Second: 1, renewal - time.Second: 2, time.Second: 2} {
		s := oauthtest.Start(t, oauthtest.Options{Lifetime: lifetime})
		from := cached(t, s)
		obtain(t, s, from)
		obtain(t, s, from)
		if got := len(s.Requests()); got != want {
			t.Errorf("lifetime %v: %d requests, want %d", lifetime, got, want)
		}
	}
}

// TestCacheOfNoUse: every unusable cache is a remark, and a token is fetched.
func TestCacheOfNoUse(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, path string) string{
		"no folder": func(_ *testing.T, path string) string { return path + "/not/there" },
		"folder":    func(t *testing.T, path string) string { return filepath.Dir(path) },
		"link": func(t *testing.T, path string) string {
			if err := os.Symlink(filepath.Join(filepath.Dir(path), "target"), path); err != nil {
				t.Fatal(err)
			}
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := oauthtest.Start(t, oauthtest.Options{})
			from := cached(t, s)
			from.Cache = make(t, from.Cache)
			got := obtain(t, s, from)
			if len(got.Remarks) != 1 || !strings.Contains(got.Remarks[0], "--oauth-cache="+from.Cache+" is not used") {
				t.Errorf("remarks %q", got.Remarks)
			}
			if text, _ := os.ReadFile(from.Cache); len(text) != 0 {
				t.Errorf("a token was written: %s", text)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(from.Cache), "target")); len(left) != 0 {
				t.Errorf("the link was followed: %v", left)
			}
		})
	}
}

// TestCacheOfAnotherUser believes no token there, and puts none there: the file would be
// given back to its owner.
func TestCacheOfAnotherUser(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	from := cached(t, s)
	obtain(t, s, from)
	before, err := os.ReadFile(from.Cache)
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 || os.Chown(from.Cache, 65534, -1) != nil {
		t.Skip("only root can give a file away")
	}
	got := obtain(t, s, from)
	if got.Cached || len(got.Remarks) != 1 || !strings.Contains(got.Remarks[0], "belongs to another user") {
		t.Errorf("cached %v, remarks %q", got.Cached, got.Remarks)
	}
	if after, err := os.ReadFile(from.Cache); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %v", err)
	}
}

// TestCacheIsMended: what cannot be used at first is replaced.
func TestCacheIsMended(t *testing.T) {
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"nonsense": {"{", 0o600}, "other version": {`{"version":7,"tokens":{}}`, 0o600}, "open to others": {"", 0o644},
	} {
		t.Run(name, func(t *testing.T) {
			s := oauthtest.Start(t, oauthtest.Options{})
			from := cached(t, s)
			if err := os.WriteFile(from.Cache, []byte(file.text), file.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(from.Cache, file.mode); err != nil {
				t.Fatal(err)
			}
			first, second := obtain(t, s, from), obtain(t, s, from)
			if len(first.Remarks) != 1 || len(second.Remarks) != 0 || !second.Cached {
				t.Errorf("remarks %q then %q, cached %v, want one, none, and cached", first.Remarks, second.Remarks, second.Cached)
			}
			if st, err := os.Stat(from.Cache); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v, want 0600", st.Mode(), err)
			}
		})
	}
}

// TestCachedTokenIsChecked: one that somebody has planted does not reach the server.
func TestCachedTokenIsChecked(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	from := cached(t, s)
	obtain(t, s, from)
	text, err := os.ReadFile(from.Cache)
	if err != nil {
		t.Fatal(err)
	}
	planted := strings.ReplaceAll(string(text), s.Issued()[0], `x\u0001\u0001user=admin`)
	if err := os.WriteFile(from.Cache, []byte(planted), 0o600); err != nil {
		t.Fatal(err)
	}
	first, second := obtain(t, s, from), obtain(t, s, from)
	if first.Cached || len(first.Remarks) != 1 || !strings.Contains(first.Remarks[0], "the access token has blanks or other characters") {
		t.Errorf("cached %v, remarks %q, want a fetched one and a remark", first.Cached, first.Remarks)
	}
	if !second.Cached || len(second.Remarks) != 0 {
		t.Errorf("cached %v, remarks %q, want the cache mended", second.Cached, second.Remarks)
	}
}

// TestCacheParallel: runs at the same time lose nobody's token.
func TestCacheParallel(t *testing.T) {
	s := oauthtest.Start(t, oauthtest.Options{})
	base := cached(t, s)
	const users = 12
	sources := make([]*TokenSource, users)
	var wg sync.WaitGroup
	for i := range sources {
		one := *base
		one.Username = string(rune('a' + i))
		sources[i] = &one
		wg.Go(func() {
			if _, err := one.Obtain(t.Context(), attempt(s)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, one := range sources {
		if got := obtain(t, s, one); !got.Cached {
			t.Errorf("the token of %s is lost", one.Username)
		}
	}
}
