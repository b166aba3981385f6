package session

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
	"check_imap_session/internal/secret"
)

// normal leaves out of a command what only the server knows: the numbers of
// messages, and the items that it has for STATUS.
func normal(command string) string {
	if strings.HasPrefix(command, "STATUS ") {
		command, _, _ = strings.Cut(command, " (")
	}
	return numbers.ReplaceAllString(command, "$1 N ")
}

var numbers = regexp.MustCompile(`^(FETCH) [0-9,:]+ `)

// explained are the commands that went over the wire, in the words of an Explanation:
// with placeholders for the secrets, and the responses of a mechanism decoded.
func (b *rig) explained(t *testing.T) (commands []string) {
	t.Helper()
	authenticating := false
	decode := func(base64d string) {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(base64d, "="))
		if err != nil {
			t.Errorf("response %q: %v", base64d, err)
		}
		if b.cfg.Auth.IsStatic() { // what has to be computed is not explained
			commands = append(commands, strings.ReplaceAll(string(raw), "s3cret-word", "PASSWORD"))
		}
	}
	for _, line := range b.record.Received() {
		_, command, tagged := strings.Cut(line, " ")
		words := strings.Fields(command)
		switch {
		case !tagged && authenticating:
			decode(line)
			continue
		case !tagged:
			command = line // DONE
		case words[0] == "AUTHENTICATE":
			command, authenticating = strings.Join(words[:2], " "), true
			if len(words) > 2 { // RFC 4959
				defer decode(words[2])
			}
		default:
			authenticating = false
		}
		commands = append(commands, normal(strings.ReplaceAll(command, "s3cret-word", "PASSWORD")))
	}
	return commands
}

// checkExplanation compares what was sent with what the steps of the plan say:
// all that is said without a condition is sent, and nothing else than what is
// said. It returns the steps that would always send something and did not run.
func (b *rig) checkExplanation(t *testing.T, r *report.Report) (unseen []string) {
	t.Helper()
	plan := mustPlan(t, b.cfg)
	sent := b.explained(t)
	var may []string
	for i, step := range plan {
		for _, s := range step.Explain(&b.cfg).Sends {
			text := normal(s.Text)
			may = append(may, text)
			switch {
			case s.When != "":
			case r.Steps[i].Outcome != report.Passed:
				unseen = append(unseen, step.Name)
			case !slices.Contains(sent, text):
				t.Errorf("%s is said to send %q, and sent %q", step.Name, text, sent)
			}
		}
	}
	for _, command := range sent {
		if !slices.Contains(may, command) {
			t.Errorf("sent %q, which no step says: %q", command, may)
		}
	}
	return unseen
}

// TestExplanations holds what each kind of session sends to what is said of it.
func TestExplanations(t *testing.T) {
	for name, change := range map[string]func(*rig){
		"login":                          func(b *rig) { b.cfg.Auth = "login" },
		"plain":                          func(b *rig) { b.cfg.Auth = "plain" },
		"plain with an initial response": func(b *rig) { b.cfg.Auth = "plain"; b.opts.Capabilities += " SASL-IR" },
		"another user":                   func(b *rig) { b.cfg.Authzid = "bob" },
		"another user with a token": func(b *rig) {
			b.cfg.Authzid, b.cfg.Token = "bob", secret.New("TOKEN")
			b.opts.Capabilities = "IMAP4rev1 AUTH=OAUTHBEARER"
		},
		"xoauth2":  func(b *rig) { b.cfg.Auth = "xoauth2"; b.cfg.Token = secret.New("TOKEN") },
		"cram-md5": func(b *rig) { b.cfg.Auth = "cram-md5"; b.opts.Capabilities = "IMAP4rev1 AUTH=CRAM-MD5" },
		"names": func(b *rig) {
			b.cfg.Username, b.cfg.ListReference, b.cfg.ListPattern = `NT\alice "a"`, "Entwürfe/", "%"
		},
		"envelope":    func(b *rig) { b.cfg.Fetch = FetchEnvelope },
		"body":        func(b *rig) { b.cfg.Fetch, b.cfg.FetchLimit = FetchBody, 100 },
		"oldest":      func(b *rig) { b.cfg.Message = MessageSelector{Oldest: true} },
		"number":      func(b *rig) { b.cfg.Message = MessageSelector{Number: 7} },
		"by header":   func(b *rig) { b.cfg.Message = MessageSelector{Header: "Subject", Value: "about it"} },
		"special use": func(b *rig) { b.cfg.Expect.Mailboxes = []string{`\Trash`} },
		"search":      func(b *rig) { b.cfg.Search = criteria(t, `UNSEEN SUBJECT "a b"`) },
		"ages": func(b *rig) {
			b.cfg.Thresholds = map[string]string{report.SearchOldestAge: "-c"}
		},
		"status":          func(b *rig) { b.cfg.With = set("status") },
		"messages_unseen": func(b *rig) { b.cfg.Thresholds = map[string]string{report.MessagesUnseen: "-w"} },
		"everything":      func(b *rig) { b.cfg.With = everyOptional() },
	} {
		bubble(t, name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.opts.Capabilities = everyCapability()
			change(b)
			r := b.pass(t, "greet\nserve")
			synctest.Wait()
			if unseen := b.checkExplanation(t, r); len(unseen) > 0 {
				t.Errorf("not run, so that nobody sees what they send: %q; does imaptest answer them?", unseen)
			}
		})
	}
}

func criteria(t *testing.T, text string) client.Criteria {
	c, err := ParseCriteria(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
