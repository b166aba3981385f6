// Package guard keeps a check from locking its account: after a login was rejected
// the next runs do not log in until some time is over, or the secret's source has
// changed. Its state is in a file, entries by host, port, user and mechanism. No
// secret and nothing computed from one is in it: a file with a secret is identified by
// path, inode, time of change and size.
//
// Order of use: a Guard for a run, Ask before each login, Settle after it.
package guard

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// Guard is the lockout guard of one run. It may be used by several goroutines.
type Guard struct {
	Path   string        // the file
	Wait   time.Duration // from a login that was tried to the next one; above zero
	Source Source        // where the secret is from; zero for what is no file

	mu    sync.Mutex
	tries map[Login]try
	off   bool // the file cannot be used, which was said
}

// Login is what an entry is about.
type Login struct {
	Host      string `json:"host"`
	Port      uint16 `json:"port"`
	User      string `json:"user"`
	Mechanism string `json:"mechanism"` // of SASL, or LOGIN
}

// compare orders logins by host, port, user and mechanism.
func (l Login) compare(o Login) int {
	return cmp.Or(cmp.Compare(l.Host, o.Host), cmp.Compare(l.Port, o.Port), cmp.Compare(l.User, o.User), cmp.Compare(l.Mechanism, o.Mechanism))
}

// try is a login after a rejected one that this run has taken for itself: the entry
// as it was, and as it is now.
type try struct{ before, now entry }

// Source is the identity of a file.
type Source struct {
	Path     string    `json:"path"` // absolute
	Inode    uint64    `json:"inode"`
	Modified time.Time `json:"modified"`
	Size     int64     `json:"size"`
}

// SourceOf returns the identity of a regular file, links followed, and the zero Source
// for anything else.
func SourceOf(path string) Source {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() {
		return Source{}
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return Source{path, secret.Inode(st), st.ModTime().UTC(), st.Size()}
}

func (s Source) same(o Source) bool {
	return s.Path == o.Path && s.Inode == o.Inode && s.Modified.Equal(o.Modified) && s.Size == o.Size
}

// Outcome says how a login ended.
type Outcome int

// The outcomes.
const (
	Open     Outcome = iota // the server did not say whether it takes the secret
	Accepted                // logged in
	Rejected                // the server said NO to user name or secret
)

// Ask says whether a login must not be tried now, nil when it may. Of several runs
// that ask when the wait is over, or the secret's source has changed, one may. An error
// says that the file cannot be used; then the login may be tried, and the file is left
// alone from then on.
func (g *Guard) Ask(ctx context.Context, l Login) (*report.LoginHeld, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, mine := g.tries[l]; mine || g.off {
		return nil, nil
	}
	// Most runs find no entry, and then neither lock nor write.
	all, err := g.read()
	if err != nil {
		return nil, g.unusable(err)
	}
	e, there := all[l]
	if !there {
		return nil, nil
	}
	if held := g.holds(e); held != nil {
		return held, nil
	}
	var held *report.LoginHeld
	err = g.change(ctx, func(all map[Login]entry) bool {
		e, there := all[l]
		if held = g.holds(e); !there || held != nil {
			return false // another run was faster
		}
		now := entry{Login: l, Rejected: e.Rejected, Tried: time.Now().UTC(), Source: g.Source}
		if g.tries == nil {
			g.tries = map[Login]try{}
		}
		g.tries[l] = try{e, now}
		all[l] = now
		return true
	})
	if err != nil {
		delete(g.tries, l)
		return nil, g.unusable(err)
	}
	return held, nil
}

// Settle writes down how a login ended that Ask has let through. Once ctx has ended it
// writes nothing: then a try after a wait counts as rejected. Its error is as that of
// Ask.
func (g *Guard) Settle(ctx context.Context, l Login, o Outcome) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, tried := g.tries[l]
	if g.off || o != Rejected && !tried || ctx.Err() != nil {
		return nil
	}
	delete(g.tries, l)
	err := g.change(ctx, func(all map[Login]entry) bool {
		switch now, there := all[l]; {
		case o == Rejected:
			at := time.Now().UTC()
			all[l] = entry{Login: l, Rejected: at, Tried: at, Source: g.Source}
		case !there || !now.Tried.Equal(t.now.Tried): // another run has written since
			return false
		case o == Accepted:
			delete(all, l)
		default:
			all[l] = t.before
		}
		return true
	})
	if err != nil {
		return g.unusable(err)
	}
	return nil
}

// unusable makes the Guard leave its file alone.
func (g *Guard) unusable(err error) error {
	g.off = true
	return err
}

// holds says that an entry forbids a login now, nil when it does not. An entry from
// the future says that a clock was wrong, and forbids nothing.
func (g *Guard) holds(e entry) *report.LoginHeld {
	now, next := time.Now(), e.Tried.Add(g.Wait)
	if !e.Source.same(g.Source) || !now.Before(next) || now.Before(e.Tried.Add(-time.Minute)) {
		return nil
	}
	return &report.LoginHeld{Rejected: e.Rejected, Next: next, File: g.Source.Path != ""}
}
