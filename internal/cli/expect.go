package cli

import (
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
	type about struct {
		flag, step string
		given      bool
	}
	all := []about{
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
		{"--mailboxes", "mailboxes", req.Session.Pattern != ""},
		{"--expect-rights", "rights", len(e.Rights) > 0},
		{"--with=" + session.Delivery, "fetch", req.Session.With[session.Delivery]},
	}
	for _, step := range session.Optional() {
		all = append(all, about{"--with=" + step, step, req.Session.With[step]})
	}
	for _, x := range all {
		if !x.given { // Removed makes a plan, which takes a while
			continue
		}
		if by := session.Removed(req.Session, x.step); by != "" {
			return usage(x.flag+" has no effect: "+by+" leaves out the step "+x.step, "")
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
			return usage("--expect-uidvalidity: "+argv.Quote(v)+" is not a number from 1 to 4294967295", "-vv shows the one that the mailbox has")
		}
		e.UIDValidity = uint32(n)
		if len(req.Session.Mailboxes) > 0 || req.Session.Pattern != "" {
			return usage("--expect-uidvalidity is about one mailbox, and there may be several", "make a check of its own for it")
		}
	}
	if e.Writable = g.ExpectWritable; e.Writable && !g.ReadWrite {
		return usage("--expect-writable needs --read-write", "only SELECT tells whether a mailbox can be written to, and it may clear Recent flags")
	}
	var err error
	if e.Rights, err = session.ParseRights(g.ExpectRights); err != nil {
		return usage("--expect-rights: "+err.Error(), "for example --expect-rights=lrsi: list, read, mark as read, insert; the letters are those of RFC 4314")
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
	if strings.HasPrefix(text, "* ") {
		return nil, usage(flag+" is a regular expression for the text behind * OK: leave * OK out", "")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, usage(flag+": "+argv.Quote(text)+" is not a regular expression: "+err.Error(), "see https://golang.org/s/re2syntax")
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

// stateNames are the states as users write them, also by number.
var stateNames = map[string]report.State{
	"ok": report.OK, "warning": report.Warning, "critical": report.Critical, "unknown": report.Unknown,
	"warn": report.Warning, "crit": report.Critical,
	"0": report.OK, "1": report.Warning, "2": report.Critical, "3": report.Unknown,
}

// states reads --state; the later of two for one kind holds.
func states(g *grammar, req *Request) error {
	for _, part := range g.State {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.ToLower(part), "=")
		name = strings.TrimSpace(name)
		kind, ok := judge.LookupKind(name)
		if !ok {
			var names []string
			for _, k := range judge.Kinds() {
				names = append(names, k.Name)
			}
			return usage("--state: unknown kind "+argv.Quote(name), oneOfThese(name, names))
		}
		if kind.Fixed {
			return usage("--state: the state of "+name+" is always UNKNOWN", "leave it out")
		}
		state, ok := stateNames[strings.TrimSpace(value)]
		if !ok {
			return usage("--state: "+argv.Quote(part)+" has no state", "write "+name+"=STATE with one of ok, warning, critical, unknown")
		}
		if req.Policy.States == nil {
			req.Policy.States = map[string]report.State{}
		}
		req.Policy.States[name] = state
	}
	return nil
}
