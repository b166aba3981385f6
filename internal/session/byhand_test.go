package session

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"check_imap_session/internal/report"
)

// TestHands finds in the catalog no step that cannot be explained.
func TestHands(t *testing.T) {
	for _, step := range Catalog {
		if step.Hand == nil {
			t.Errorf("%s has no Hand", step.Name)
		}
	}
}

// normal leaves out of a command what only the server knows: the numbers of
// messages, and the items that it has for STATUS.
func normal(command string) string {
	if strings.HasPrefix(command, "STATUS ") {
		command, _, _ = strings.Cut(command, " (")
	}
	return numbers.ReplaceAllString(command, "$1 N ")
}

var numbers = regexp.MustCompile(`^(FETCH) [0-9,:]+ `)

// keptPromise holds what was sent to what the Hands of the plan say.
func (b *bench) keptPromise(t *testing.T, r *report.Report) {
	t.Helper()
	plan, err := Plan(b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	var sent []string
	authenticating := false
	for _, line := range b.record.Received() {
		_, command, tagged := strings.Cut(line, " ")
		switch {
		case authenticating && !tagged: // a response
			continue
		case !tagged:
			command = line // DONE
		}
		if words := strings.Fields(command); words[0] == "AUTHENTICATE" {
			command, authenticating = strings.Join(words[:2], " "), true
		}
		command = strings.ReplaceAll(command, "s3cret-word", "PASSWORD")
		sent = append(sent, normal(command))
	}
	var may []string
	for i, step := range plan {
		for _, typed := range step.ByHand(b.cfg).Types {
			text := normal(typed.Text)
			may = append(may, text)
			if must := typed.When == "" && !strings.HasPrefix(text, "what this prints"); must && r.Steps[i].Outcome == report.Passed && !slices.Contains(sent, text) {
				t.Errorf("%s is said to send %q, and sent %q", step.Name, text, sent)
			}
		}
	}
	for _, command := range sent {
		if !slices.Contains(may, command) {
			t.Errorf("sent %q, which no step says: %q", command, may)
		}
	}
}

// TestPromise holds what each kind of session sends to what is said of it.
func TestPromise(t *testing.T) {
	for name, change := range map[string]func(*bench){
		"plain":    func(b *bench) { b.cfg.Auth = "plain" },
		"cram-md5": func(b *bench) { b.cfg.Auth = "cram-md5"; b.opts.Capabilities = "IMAP4rev1 AUTH=CRAM-MD5" },
		"names": func(b *bench) {
			b.cfg.Username, b.cfg.ListReference, b.cfg.ListPattern = `NT\alice "a"`, "Entwürfe/", "%"
		},
		"envelope":    func(b *bench) { b.cfg.Fetch = FetchEnvelope },
		"body":        func(b *bench) { b.cfg.Fetch, b.cfg.FetchLimit = FetchBody, 100 },
		"oldest":      func(b *bench) { b.cfg.Message = Message{Oldest: true} },
		"number":      func(b *bench) { b.cfg.Message = Message{Number: 7} },
		"by header":   func(b *bench) { b.cfg.Message = Message{Header: "Subject", Value: "about it"} },
		"special use": func(b *bench) { b.cfg.Expect.Mailboxes = []string{`\Trash`} },
		"search":      func(b *bench) { b.cfg.Search = criteria(t, `UNSEEN SUBJECT "a b"`) },
		"ages": func(b *bench) {
			b.cfg.Asked = map[string]string{report.FoundOldestAge: "-c"}
		},
		"status": func(b *bench) { b.cfg.With = map[string]bool{"status": true} },
		"unseen": func(b *bench) { b.cfg.Asked = map[string]string{report.Unseen: "-w"} },
		"everything": func(b *bench) {
			b.cfg.With = map[string]bool{}
			for _, name := range Optional() {
				b.cfg.With[name] = true
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, TLSNone)
				b.opts.Capabilities = allCaps
				change(b)
				r := b.run(t, "greet\nserve")
				if len(r.Steps) == 0 || b.record == nil {
					t.Fatal("nothing was run")
				}
				synctest.Wait()
				b.keptPromise(t, r)
			})
		})
	}
}

func criteria(t *testing.T, text string) Criteria {
	c, err := ParseCriteria(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
