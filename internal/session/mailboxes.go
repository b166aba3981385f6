package session

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// Mailboxes returns the mailboxes of a session that opens several, in their order;
// nil for a session that opens one. A label is the name as it is sent, in modified
// UTF-7, without what performance data and its readers give a meaning; where two
// would be alike, the later one gets a number.
func Mailboxes(names []string) []report.Mailbox {
	if len(names) < 2 {
		return nil
	}
	return label(names)
}

// label gives mailboxes their labels and places.
func label(names []string) []report.Mailbox {
	all := []report.Mailbox{}
	taken := map[string]bool{}
	for _, name := range names {
		label := strings.NewReplacer("'", "_", "=", "_", "|", "_", `\`, "_").Replace(client.EncodeMailbox(name))
		free := label
		for n := 2; taken[free]; n++ {
			free = fmt.Sprintf("%s_%d", label, n)
		}
		taken[free] = true
		all = append(all, report.Mailbox{Name: name, Label: free, Place: len(all) + 1})
	}
	return all
}

// perMailbox says whether a session that opens several mailboxes has the step once
// for each: those that name the mailbox to the server, and those that work in the
// open one.
func (s Step) perMailbox() bool {
	return s.Own == nil && (s.About == report.AboutMailbox || s.Needs >= Selected)
}

// PerMailbox says whether a step, by its name, is one that a session has for each of
// its mailboxes.
func PerMailbox(name string) bool {
	return slices.ContainsFunc(Catalog, func(s Step) bool { return s.Name == name && s.perMailbox() })
}

// places are the mailboxes for which the steps that need one are planned.
func (c *Config) places() []report.Mailbox {
	if c.Mailboxes == nil {
		return []report.Mailbox{{}} // Config.Mailbox
	}
	return c.Mailboxes
}

// at returns the configuration for the steps of one mailbox of several: with its
// name, and the thresholds that are set for it alone. For none it is c.
func (c *Config) at(m report.Mailbox) *Config {
	if m.Label == "" {
		return c
	}
	one := *c
	one.Mailbox = m.Name
	all := maps.Clone(c.Thresholds)
	for key, flag := range c.Thresholds {
		if metric, mailbox, only := strings.Cut(key, "@"); only && m.Named(mailbox) {
			all[metric] = flag
		}
	}
	one.Thresholds = all
	return &one
}

// of returns the step for one mailbox of several; for none it is s.
func (s Step) of(m report.Mailbox) Step {
	if m.Label == "" {
		return s
	}
	explain := s.Explain
	s.Mailbox = m
	s.Explain = func(c *Config) Explanation { return explain(c.at(m)) }
	return s
}

// enter makes a step's mailbox the one that the session is about. Opening it leaves
// the one before: no CLOSE or UNSELECT is needed (RFC 9051 section 6.3.2).
func (s *Session) enter(cfg Config, m report.Mailbox) {
	if m != s.mailbox {
		s.mailbox, s.cfg, s.counted = m, *cfg.at(m), nil
	}
}

// goesOn says whether the session goes on with the next mailbox after a step has
// failed: the failure is that of one mailbox of several, and the server has answered.
func (s *Session) goesOn(failed Step) bool { return failed.Mailbox.Label != "" && s.canSend() }
