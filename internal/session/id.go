package session

import (
	"context"
	"slices"
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// idStep runs behind the login, where there is one: some front ends know their
// server only then.
var idStep = Step{
	Name:       report.StepID,
	Doc:        "ID, RFC 2971",
	Needs:      Greeted,
	Capability: imap.CapID,
	Flag:       "--expect-id",
	Given:      func(c *Config) bool { return c.Expect.ID != nil },
	Explain: func(c *Config) Explanation {
		e := oneCommand("ID "+client.ClientID, "* ID (...)")
		if re := c.Expect.ID; re != nil {
			e.Expects = []string{"the answer matches " + re.String()}
		}
		return e
	},
	Run: runID,
}

// runID asks for the name of the server's software and sends ours, which some servers
// demand. A server need not answer with its own (RFC 2971 section 3.2).
func runID(_ context.Context, s *Session, rec *Recorder) error {
	answer, err := s.conn.ID(rec)
	if err != nil {
		return err
	}
	fields := idWords(answer)
	for _, f := range answer {
		if f.Name == "name" || f.Name == "version" {
			rec.Fact("server_"+f.Name, f.Value)
		}
	}
	rec.Fact("server_id", fields)
	short := report.Foreign(strings.Join(fields[:min(len(fields), 2)], ", "))
	if short == "" {
		short = "the server says nothing about itself"
	}
	if re := s.cfg.Expect.ID; re != nil && !re.MatchString(strings.Join(fields, ", ")) {
		rec.Fault(report.ErrExpectation, "ID (%s) does not match %s", short, re)
	}
	rec.Detail(short)
	return nil
}

// idWords returns the fields of an ID response as "name=value", name and version
// first, the others as they came.
func idWords(fields []client.IDField) []string {
	rank := func(f client.IDField) int {
		switch f.Name {
		case "name":
			return 0
		case "version":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(fields, func(a, b client.IDField) int { return rank(a) - rank(b) })
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = f.Name + "=" + f.Value
	}
	return words
}
