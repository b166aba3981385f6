package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/report"
)

// TestAbout lets every step that sends a command fail, by NO and by silence: the
// failure says what the step is about, and which mailbox it named. A step of the
// catalog that has no row here is an error too: About is easily forgotten.
func TestAbout(t *testing.T) {
	rows := map[string]struct {
		step    string
		about   report.About
		mailbox string
	}{
		"LOGIN":        {"login", report.AboutAccount, ""},
		"ID":           {"id", report.AboutNetwork, ""},
		"NOOP":         {"noop", report.AboutNetwork, ""},
		"NAMESPACE":    {"namespace", report.AboutNetwork, ""},
		"LIST":         {"list", report.AboutStore, ""},
		"GETQUOTAROOT": {"quota", report.AboutMailbox, "INBOX"},
		"MYRIGHTS":     {"rights", report.AboutMailbox, "INBOX"},
		"STATUS":       {"status", report.AboutMailbox, "INBOX"},
		"EXAMINE":      {"select", report.AboutMailbox, "INBOX"},
		"SEARCH":       {"search", report.AboutStore, ""},
		"FETCH":        {"fetch", report.AboutStore, ""},
		"IDLE":         {"idle", report.AboutNetwork, ""},
	}
	tried := map[string]bool{}
	for verb, want := range rows {
		tried[want.step] = true
		for _, script := range []string{"S: {tag} NO not now\nserve", "hold"} {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, TLSNone)
				b.opts.Capabilities = allCaps
				b.cfg.With = set(want.step)
				b.limit = time.Second
				r := b.run(t, "greet\nserve "+verb+"\n"+script)
				e := r.Failure()
				if e == nil || e.Step != want.step || e.About != want.about || r.Step(want.step).About != want.about {
					t.Fatalf("%s, %q: failure %+v, want one of %s about %d", verb, script, e, want.step, want.about)
				}
				if e.Mailbox != want.mailbox {
					t.Errorf("%s, %q: mailbox %q, want %q", verb, script, e.Mailbox, want.mailbox)
				}
			})
		}
	}
	plan, err := Plan(Config{With: everyOptional()})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range plan {
		if step.Needs >= Authenticated && step.Name != report.StepCapability && !step.Final && !tried[step.Name] {
			t.Errorf("no row for the step %s", step.Name)
		}
	}
}

// TestAboutStuck is the same for a step that does not notice the deadline.
func TestAboutStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := Step{Name: report.StepList, About: report.AboutStore, Wanted: always, Run: func(context.Context, *Session, *Recorder) error {
			time.Sleep(time.Hour)
			return nil
		}}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		r := Run(ctx, Config{}, []Step{stuck})
		if e := r.Failure(); e == nil || e.About != report.AboutStore {
			t.Errorf("failure %+v, want one about the store", e)
		}
		time.Sleep(time.Hour)
	})
}
