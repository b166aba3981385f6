package cli

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// expectations fills in what must be so.
func expectations(g *grammar, req *Request) error {
	e := &req.Session.Expect
	var err error
	if e.Greeting, err = pattern("--expect-greeting", g.ExpectGreeting); err != nil {
		return err
	}
	if e.ID, err = pattern("--expect-id", g.ExpectID); err != nil {
		return err
	}
	e.Capabilities = words(g.ExpectCapability)
	e.Forbidden = words(g.ForbidCapability)
	e.Mailboxes = slices.DeleteFunc(slices.Clone(g.ExpectMailbox), func(s string) bool { return s == "" })
	if err := expectMailbox(g, req); err != nil {
		return err
	}
	for _, c := range e.Capabilities {
		if slices.Contains(e.Forbidden, c) {
			return usage("capability "+argv.Quote(c)+" is both expected and forbidden", "")
		}
	}
	for _, x := range []struct {
		flag, step string
		given      bool
	}{
		{"--expect-greeting", "greeting", e.Greeting != nil},
		{"--expect-capability", "capability", len(e.Capabilities) > 0},
		{"--forbid-capability", "capability", len(e.Forbidden) > 0},
		{"--expect-mailbox", "list", len(e.Mailboxes) > 0},
		{"--expect-id", "id", e.ID != nil},
		{"--search", "search", req.Session.Search.String() != ""},
		{"--fetch-limit", "fetch", g.FetchLimit != ""},
		{"--expect-header", "fetch", len(e.Headers) > 0},
		{"--expect-uidvalidity", "select", e.UIDValidity != 0},
		{"--expect-writable", "select", e.Writable},
	} {
		if !x.given {
			continue
		}
		if by := session.Removed(req.Session, x.step); by != "" {
			return usage(x.flag+" can never be judged: "+by+" leaves out the step "+x.step, "")
		}
	}
	return nil
}

// expectMailbox fills in what must be so of the mailbox and the message.
func expectMailbox(g *grammar, req *Request) error {
	e := &req.Session.Expect
	if v := strings.TrimSpace(g.ExpectUIDValidity); v != "" {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil || n == 0 {
			return usage("--expect-uidvalidity: "+argv.Quote(v)+" is no number from 1 to 4294967295", "-vv shows the one that the mailbox has")
		}
		e.UIDValidity = uint32(n)
	}
	if e.Writable = g.ExpectWritable; e.Writable && !g.ReadWrite {
		return usage("--expect-writable needs --read-write", "only SELECT tells whether a mailbox can be written to, and it may clear Recent flags")
	}
	for _, v := range g.ExpectHeader {
		if v == "" {
			continue
		}
		name, text, _ := strings.Cut(v, "=")
		if name = strings.TrimSpace(name); !session.IsHeaderName(name) || text == "" {
			return usage("--expect-header: "+argv.Quote(v)+" is not NAME=REGEXP", "for example --expect-header=Subject=^canary")
		}
		re, err := pattern("--expect-header="+name, text)
		if err != nil {
			return err
		}
		e.Headers = append(e.Headers, session.Header{Name: name, Pattern: re})
	}
	return nil
}

// pattern compiles the regular expression of a flag; nil when there is none.
func pattern(flag, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, usage(flag+": "+argv.Quote(text)+" is no regular expression: "+err.Error(), "see https://golang.org/s/re2syntax")
	}
	return re, nil
}

// words returns the words of a list flag, upper case, without blanks and empty
// ones.
func words(list []string) []string {
	var out []string
	for _, w := range list {
		if w = strings.ToUpper(strings.TrimSpace(w)); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// stateNames are the states a user can give.
var stateNames = map[string]report.State{
	"ok": report.OK, "warning": report.Warning, "critical": report.Critical, "unknown": report.Unknown,
}

// states reads --state; the later of two for one kind holds.
func states(g *grammar, req *Request) error {
	for _, part := range g.State {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value))
		var names []string
		for _, k := range judge.Kinds() {
			if !k.Fixed {
				names = append(names, k.Name)
			}
		}
		kind, ok := judge.LookupKind(name)
		if !ok || kind.Fixed {
			msg := "--state: there is no kind " + argv.Quote(name)
			if ok {
				msg = "--state: the state of " + name + " is always UNKNOWN"
			}
			hint := "one of " + strings.Join(names, ", ")
			if near := argv.Nearest(name, names); near != "" && !ok {
				hint = "did you mean " + near + "? " + hint
			}
			return usage(msg, hint)
		}
		state, ok := stateNames[value]
		if !found || !ok {
			valid := slices.Sorted(maps.Keys(stateNames))
			return usage("--state: "+argv.Quote(part)+" has no state", "write "+name+"=STATE with one of "+strings.Join(valid, ", "))
		}
		if req.Policy.States == nil {
			req.Policy.States = map[string]report.State{}
		}
		req.Policy.States[name] = state
	}
	return nil
}
