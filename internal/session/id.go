package session

import (
	"context"
	"slices"
	"strings"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// idStep runs behind the login, where there is one: some front ends know their
// server only then.
var idStep = Step{
	Name:       report.StepID,
	Doc:        "ID, RFC 2971",
	Needs:      Greeted,
	Gives:      Greeted,
	Capability: "ID",
	Flag: func(c Config) string {
		if c.Expect.ID != nil {
			return "--expect-id"
		}
		return ""
	},
	Explain: func(c Config) Explanation {
		h := sends("ID "+clientID, "* ID (...)")(c)
		if re := c.Expect.ID; re != nil {
			h.Expects = []string{"the answer matches " + re.String()}
		}
		return h
	},
	Run: runID,
}

// clientID says who asks.
const clientID = `("name" "check_imap_session")`

// maxIDFields bounds what is kept. See RFC 2971 section 3.3.
const maxIDFields = 30

// runID asks who the server is, and says who asks: some servers want to know
// (RFC 2971 section 3.2 lets a server not care).
func runID(_ context.Context, s *Session, rec *Recorder) error {
	var fields []string
	cmd := s.newCommand("ID", clientID)
	_, err := s.do(rec, cmd, func(r *wire.Response) {
		if w := r.Words(1); len(w) == 1 && w[0] == "ID" {
			fields = idFields(r)
		}
	})
	if err != nil {
		return err
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		if name == "name" || name == "version" {
			rec.Fact("server_"+name, value)
		}
	}
	rec.Fact("server_id", fields)
	short := strings.Join(fields[:min(len(fields), 2)], ", ")
	if short == "" {
		short = "the server says nothing about itself"
	}
	if re := s.cfg.Expect.ID; re != nil && !re.MatchString(strings.Join(fields, ", ")) {
		unexpected(rec, "ID (%s) does not match %s", short, re)
	}
	rec.Detail(short)
	return nil
}

// idFields returns the fields of an ID response as "name=value", name and
// version first, the others as they came. See RFC 2971 section 3.2.
func idFields(r *wire.Response) []string {
	sc := r.Scan()
	sc.Next() // ID
	fields := []string{}
	if sc.Next().Kind != wire.TokenOpen { // NIL
		return fields
	}
	for t := sc.Next(); t.Kind != wire.TokenClose && t.Kind != wire.TokenEnd && len(fields) < maxIDFields; t = sc.Next() {
		value := sc.Next()
		if value.Kind == wire.TokenClose || value.Kind == wire.TokenEnd {
			break
		}
		if !value.IsNIL() {
			fields = append(fields, strings.ToLower(t.Text)+"="+value.Text)
		}
	}
	rank := func(f string) int {
		switch name, _, _ := strings.Cut(f, "="); name {
		case "name":
			return 0
		case "version":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(fields, func(a, b string) int { return rank(a) - rank(b) })
	return fields
}
