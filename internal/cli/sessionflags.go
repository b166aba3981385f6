package cli

import (
	"fmt"
	"slices"
	"strings"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// sessionFlags fills in what to do once connected.
func sessionFlags(g *grammar, req *Request) error {
	c := &req.Session
	c.ListPattern, c.ListReference = g.List, g.ListReference
	c.ReadWrite, c.Append = g.ReadWrite, g.Append
	names := g.mailboxes(req.given["mailbox"])
	c.Mailbox, c.Mailboxes, c.Pattern = names[0], session.Mailboxes(names), g.Mailboxes
	if c.Pattern != "" {
		if g.Mailbox != nil {
			return usage("-m and --mailboxes exclude each other", "a pattern may be a name; for several names write several -m")
		}
		c.Mailbox = session.AnyMailbox
	}
	for flag, v := range map[string]string{"-m": strings.Join(names, ""), "--mailboxes": c.Pattern, "--append": c.Append, "--list": c.ListPattern, "--list-reference": c.ListReference} {
		if strings.ContainsAny(v, "\r\n\x00") {
			return usage(flag+" has a line end or a NUL in it", "")
		}
	}
	var err error
	if c.Message, err = session.ParseMessage(g.Message); err != nil {
		return usage("--message: "+err.Error(), "")
	}
	c.Fetch = session.FetchWhat(g.Fetch)
	if c.FetchLimit, err = fetchLimit(g); err != nil {
		return err
	}
	if c.Search, err = session.ParseCriteria(g.Search); err != nil {
		return usage("--search: "+err.Error(), `for example --search='UNSEEN FROM "alerts@example.com"'`)
	}
	c.Until = strings.ToLower(g.Until)
	if c.Until != "" && !slices.Contains(session.StepNames(), c.Until) {
		return usage("--until: unknown step "+argv.Quote(c.Until), oneOfThese(c.Until, session.StepNames()))
	}
	if c.Skip, err = stepSet(g.Skip, session.Skippable, "--skip: %s cannot be left out"); err != nil {
		return err
	}
	c.With, err = stepSet(g.With, session.Additions(), "--with: %s cannot be added")
	return err
}

// stepSet reads a list of steps, or what else is allowed.
func stepSet(list, allowed []string, refusal string) (map[string]bool, error) {
	set := map[string]bool{}
	for _, s := range list {
		s = strings.ToLower(strings.TrimSpace(s))
		if s == "" {
			continue
		}
		if !slices.Contains(allowed, s) {
			return nil, usage(fmt.Sprintf(refusal, argv.Quote(s)), "one of "+strings.Join(allowed, ", "))
		}
		set[s] = true
	}
	return set, nil
}

// fetchLimit reads --fetch-limit, a size as thresholds have it.
func fetchLimit(g *grammar) (int64, error) {
	if g.FetchLimit == "" {
		return 0, nil
	}
	if session.FetchWhat(g.Fetch) != session.FetchBody {
		return 0, usage("--fetch-limit has no effect without --fetch=body", "headers brings 2048 bytes at most, envelope nothing of the text")
	}
	r, err := judge.ParseRange(g.FetchLimit, report.Bytes)
	if err != nil || strings.ContainsAny(g.FetchLimit, ":@") || r.Upper < 1 || r.Upper > session.FetchLimitMax {
		return 0, usage("--fetch-limit: "+argv.Quote(g.FetchLimit)+" is not a size from 1 byte to 4 GiB", "for example --fetch-limit=10MB")
	}
	return int64(r.Upper), nil
}
