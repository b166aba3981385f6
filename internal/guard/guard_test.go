package guard

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var probe = Login{"imap.test", 993, "probe", "LOGIN"}

// rejected returns a guard file in which probe was rejected with a secret from source.
func rejected(t *testing.T, source Source) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "guard")
	if err := (&Guard{Path: path, Wait: time.Hour, Source: source}).Settle(t.Context(), probe, Rejected); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAsk: after a rejected login nobody logs in before the wait is over or the
// secret's source has changed; then one login is tried.
func TestAsk(t *testing.T) {
	file := Source{"/etc/secret", 7, time.Unix(1e9, 0), 12}
	changed := func(f func(*Source)) Source { s := file; f(&s); return s }
	for _, tt := range []struct {
		name   string
		login  Login
		source Source
		after  time.Duration
		held   bool
	}{
		{"at once", probe, file, 0, true},
		{"at the end of the wait", probe, file, time.Hour - time.Second, true},
		{"after the wait", probe, file, time.Hour, false},
		{"written again", probe, changed(func(s *Source) { s.Modified = time.Unix(1e9, 1) }), 0, false},
		{"replaced", probe, changed(func(s *Source) { s.Inode = 8 }), 0, false},
		{"longer", probe, changed(func(s *Source) { s.Size = 13 }), 0, false},
		{"another file", probe, changed(func(s *Source) { s.Path = "/etc/other" }), 0, false},
		{"another user", Login{"imap.test", 993, "other", "LOGIN"}, file, 0, false},
		{"another host", Login{"imap2.test", 993, "probe", "LOGIN"}, file, 0, false},
		{"another port", Login{"imap.test", 143, "probe", "LOGIN"}, file, 0, false},
		{"another mechanism", Login{"imap.test", 993, "probe", "PLAIN"}, file, 0, false},
		{"the clock was wrong", probe, file, -time.Hour, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.after < 0 {
					time.Sleep(-tt.after)
				}
				path := rejected(t, file)
				g := &Guard{Path: path, Wait: time.Hour, Source: tt.source}
				if tt.after < 0 { // as if the file came from a clock that was ahead
					data, _ := os.ReadFile(path)
					now := time.Now().UTC().Format("2006-01-02T15:")
					later := time.Now().Add(-tt.after).UTC().Format("2006-01-02T15:")
					if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), now, later)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(max(tt.after, 0))
				held, err := g.Ask(t.Context(), tt.login)
				if err != nil || (held != nil) != tt.held {
					t.Fatalf("held %v, %v, want held %v", held, err, tt.held)
				}
				if held != nil && (held.Next.Sub(held.Rejected) != time.Hour || !held.File) {
					t.Errorf("rejected %v, next %v, file %v", held.Rejected, held.Next, held.File)
				}
			})
		})
	}
}

// TestSettle: what a login after a rejected one leaves behind for the next run.
func TestSettle(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name    string
		ctx     context.Context
		outcome Outcome
		held    bool
	}{
		{"accepted", context.Background(), Accepted, false},
		{"rejected: a new wait", context.Background(), Rejected, true},
		{"unavailable: tried again", context.Background(), Open, false},
		{"a signal: counts as rejected", gone, Open, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := rejected(t, Source{})
				time.Sleep(time.Hour)
				first := &Guard{Path: path, Wait: time.Hour}
				if held, err := first.Ask(t.Context(), probe); held != nil || err != nil {
					t.Fatalf("held %v, %v", held, err)
				}
				if err := first.Settle(tt.ctx, probe, tt.outcome); err != nil {
					t.Fatal(err)
				}
				held, err := (&Guard{Path: path, Wait: time.Hour}).Ask(t.Context(), probe)
				if err != nil || (held != nil) != tt.held {
					t.Errorf("held %v, %v, want held %v", held, err, tt.held)
				}
				if tt.outcome == Accepted {
					if data, _ := os.ReadFile(path); strings.Contains(string(data), "probe") {
						t.Errorf("the entry is still there: %s", data)
					}
				}
			})
		})
	}
}

// TestParallel: of many checks at once one tries after the wait, and none takes away
// what another one writes.
func TestParallel(t *testing.T) {
	path := rejected(t, Source{})
	var tries atomic.Int32
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			g := &Guard{Path: path, Wait: time.Hour, Source: Source{Path: "/new"}}
			held, err := g.Ask(t.Context(), probe)
			if err != nil {
				t.Error(err)
			}
			if held == nil {
				tries.Add(1)
			}
		})
	}
	wg.Wait()
	if n := tries.Load(); n != 1 {
		t.Errorf("%d checks log in, want 1", n)
	}
	for i := range 30 {
		wg.Go(func() {
			login := probe
			login.Port = uint16(i + 1)
			if err := (&Guard{Path: path, Wait: time.Hour}).Settle(t.Context(), login, Rejected); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := (&Guard{Path: path}).read()
	if err != nil || len(all) != 31 {
		t.Errorf("%d entries, want 31: %v", len(all), err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
}

// TestUnusable: a file that cannot be used is said once, and stays as it is.
func TestUnusable(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		mode          os.FileMode
		want          string
	}{
		{"not ours", "hosts = 1\n", 0o600, "broken, or not a file"},
		{"JSON of somebody else", `{"version":1,"tokens":{}}`, 0o600, "broken, or not a file"},
		{"half of it", `{"version":1,"lockout_guard":[{"ho`, 0o600, "broken, or not a file"},
		{"a later version", `{"version":2,"lockout_guard":[]}`, 0o600, "broken, or not a file"},
		{"writable by all", "", 0o666, "other users can write"},
		{"a folder", "", os.ModeDir, "not a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "guard")
			err := os.WriteFile(path, []byte(tt.content), 0o600)
			if tt.mode.IsDir() {
				err = os.Mkdir(path+"d", 0o700)
				path += "d"
			} else if err == nil {
				err = os.Chmod(path, tt.mode)
			}
			if err != nil {
				t.Fatal(err)
			}
			g := &Guard{Path: path, Wait: time.Hour}
			if held, err := g.Ask(t.Context(), probe); held != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("held %v, %v, want %q", held, err, tt.want)
			}
			if err := g.Settle(t.Context(), probe, Rejected); err != nil {
				t.Errorf("said twice: %v", err)
			}
			if now, _ := os.ReadFile(path); string(now) != tt.content {
				t.Errorf("the file is now %q", now)
			}
		})
	}
}

// TestAnotherUser: the file of another user is not used, as its owner could let logins
// through or stop them.
func TestAnotherUser(t *testing.T) {
	path := rejected(t, Source{})
	if os.Chown(path, 65534, -1) != nil {
		t.Skip("only root can give a file away")
	}
	held, err := (&Guard{Path: path, Wait: time.Hour}).Ask(t.Context(), probe)
	if held != nil || err == nil || err.Error() != "it belongs to another user" {
		t.Errorf("held %v, %v", held, err)
	}
}

// TestSourceOf: a change of a file is seen, and what is no file has no identity.
func TestSourceOf(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "password")
	write := func(p, v string) {
		t.Helper()
		if err := os.WriteFile(p, []byte(v), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "one\n")
	first := SourceOf(path)
	if !first.same(SourceOf(path)) || first.Path != path {
		t.Errorf("got %+v, then %+v", first, SourceOf(path))
	}
	write(path+".new", "two\n")
	if err := os.Chtimes(path+".new", first.Modified, first.Modified); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if first.same(SourceOf(path)) {
		t.Error("a new file of the same size and time is not seen")
	}
	for _, none := range []string{dir, filepath.Join(dir, "nowhere"), "/dev/null"} {
		if s := SourceOf(none); s != (Source{}) {
			t.Errorf("%s is %+v", none, s)
		}
	}
}
