package session

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

var selectStep = Step{
	Name:    report.StepSelect,
	Doc:     "EXAMINE or SELECT, RFC 9051 sections 6.3.2 and 6.3.3",
	About:   report.AboutMailbox,
	Needs:   Authenticated,
	Gives:   Selected,
	Wanted:  always,
	Explain: explainSelect,
	Run:     runSelect,
}

// verb returns the command that opens the mailbox.
func (c Config) verb() string {
	if c.ReadWrite {
		return "SELECT"
	}
	return "EXAMINE"
}

func explainSelect(c Config) Explanation {
	h := sends(c.verb()+" "+wireName(c.Mailbox), "* N EXISTS")(c)
	if c.Expect.UIDValidity > 0 {
		h.Expects = append(h.Expects, fmt.Sprintf("UIDVALIDITY is %d", c.Expect.UIDValidity))
	}
	if c.Expect.Writable {
		h.Expects = append(h.Expects, "the mailbox can be written to")
	}
	return h
}

func runSelect(_ context.Context, s *Session, rec *Recorder) error {
	verb := s.cfg.verb()
	counted, odd := false, ""
	var validity int64
	cmd := s.newCommand(verb).str(encodeName(s.cfg.Mailbox))
	reply, err := s.do(rec, cmd, func(r *wire.Response) {
		words := r.Words(2)
		switch {
		case len(words) == 2 && words[1] == "EXISTS":
			if _, err := strconv.ParseUint(words[0], 10, 32); err == nil {
				counted = true
			} else {
				odd = string(r.Line)
			}
		case len(words) == 2 && words[1] == "RECENT":
			if n, err := strconv.ParseInt(words[0], 10, 64); err == nil {
				rec.Fact("recent", n)
			}
		case len(words) > 0 && words[0] == "FLAGS":
			sc := r.Scan()
			sc.Next()
			rec.Fact("flags", listWords(sc.Rest()))
		}
		if st, ok := r.Status(); ok {
			if selectFact(rec, st); st.Code == "UIDVALIDITY" {
				validity, _ = strconv.ParseInt(st.Arg, 10, 64)
			}
		}
	})
	if err != nil {
		return err
	}
	s.expunged = false
	if !counted {
		return &report.StepError{Err: fmt.Errorf("%w: the answer to %s has no EXISTS that can be read", report.ErrProtocol, verb), Line: odd}
	}
	access := "read-write"
	if reply.Code == "READ-ONLY" || verb == "EXAMINE" {
		access = "read-only"
	}
	rec.Fact("access", access)
	s.expectMailbox(rec, validity, access)
	rec.Metric(report.Messages, float64(s.messages))
	rec.Detail(fmt.Sprintf("%s, %s, %s", s.cfg.Mailbox, plural(int64(s.messages), "message"), access))
	return nil
}

// expectMailbox checks what is expected of the open mailbox.
func (s *Session) expectMailbox(rec *Recorder, validity int64, access string) {
	e := s.cfg.Expect
	switch {
	case e.UIDValidity == 0 || validity == int64(e.UIDValidity):
	case validity == 0:
		unexpected(rec, "the server gives no UIDVALIDITY for %s", s.cfg.Mailbox)
	default:
		unexpected(rec, "UIDVALIDITY of %s is %d, not %d: mail clients throw away what they know of it", s.cfg.Mailbox, validity, e.UIDValidity)
	}
	if e.Writable && access != "read-write" {
		unexpected(rec, "%s is read-only", s.cfg.Mailbox)
	}
}

// selectFact records what an untagged OK of SELECT says. See RFC 9051 section
// 7.1, and RFC 3501 section 7.1 for UNSEEN.
func selectFact(rec *Recorder, st wire.Status) {
	name := map[string]string{"UIDVALIDITY": "uidvalidity", "UIDNEXT": "uidnext", "UNSEEN": "first_unseen"}[st.Code]
	if n, err := strconv.ParseInt(st.Arg, 10, 64); err == nil && name != "" {
		rec.Fact(name, n)
	}
	if st.Code == "PERMANENTFLAGS" {
		rec.Fact("permanent_flags", listWords(st.Arg))
	}
}

// listWords returns the words of a parenthesised list.
func listWords(list string) []string {
	return strings.Fields(strings.Trim(strings.TrimSpace(list), "()"))
}
