package cli

import (
	"maps"
	"regexp"
	"slices"
	"strings"

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
	for _, c := range e.Capabilities {
		if slices.Contains(e.Forbidden, c) {
			return usage("capability "+quote(c)+" is both expected and forbidden", "")
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
	} {
		if by := session.Removed(req.Session, x.step); x.given && by != "" {
			return usage(x.flag+" can never be judged: "+by+" leaves out the step "+x.step, "")
		}
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
		return nil, usage(flag+": "+quote(text)+" is no regular expression: "+err.Error(), "see https://golang.org/s/re2syntax")
	}
	return re, nil
}

// with refuses to add a step that another flag leaves out.
func with(_ *grammar, req *Request) error {
	for _, step := range session.Optional() {
		if by := session.Removed(req.Session, step); req.Session.With[step] && by != "" {
			return usage("--with="+step+" has no effect: "+by+" leaves out the step "+step, "")
		}
	}
	return nil
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
			msg := "--state: there is no kind " + quote(name)
			if ok {
				msg = "--state: the state of " + name + " is always UNKNOWN"
			}
			hint := "one of " + strings.Join(names, ", ")
			if near := nearest(name, names); near != "" && !ok {
				hint = "did you mean " + near + "? " + hint
			}
			return usage(msg, hint)
		}
		state, ok := stateNames[value]
		if !found || !ok {
			valid := slices.Sorted(maps.Keys(stateNames))
			return usage("--state: "+quote(part)+" has no state", "write "+name+"=STATE with one of "+strings.Join(valid, ", "))
		}
		if req.Policy.States == nil {
			req.Policy.States = map[string]report.State{}
		}
		req.Policy.States[name] = state
	}
	return nil
}
