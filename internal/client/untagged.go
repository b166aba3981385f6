package client

import (
	"strings"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

// untagged takes in what an untagged response says about the session as such;
// it may come at any time. See RFC 9051 section 5.2.
func (c *Conn) untagged(r *wire.Response) {
	if reply, ok := parseReply(r); ok {
		c.takeCode(reply)
		switch status, code := imap.StatusResponseType(reply.Status), imap.ResponseCode(reply.Code); {
		case status == imap.StatusResponseTypeBye:
			c.Bye, c.byeAt = kept(reply), r.At
		case status != imap.StatusResponseTypeOK || code == imap.ResponseCodeAlert:
			c.notice(kept(reply).String())
			c.warnings = lastThree(append(c.warnings, kept(reply).String()))
		case code == "":
			c.LastText = reply.Text
		}
		return
	}
	words := r.Words(2)
	switch {
	case len(words) > 0 && words[0] == "CAPABILITY":
		c.setCapabilities(r.Data().Rest())
	case len(words) == 2 && words[1] == "EXISTS":
		if n, err := parseNumber(words[0]); err == nil {
			c.Exists = n
		}
	case len(words) == 2 && words[1] == "EXPUNGE":
		c.Expunged = true
		c.Exists = max(c.Exists, 1) - 1
	case len(words) > 0 && !known(words):
		c.notice(keptText(strings.TrimSpace(string(r.Line[1:]))))
	}
}

// known says whether an untagged response is of a kind that servers send;
// others are kept as words that may explain a failure.
func known(words []string) bool {
	kind := words[0]
	if len(words) > 1 && kind != "" && kind[0] >= '0' && kind[0] <= '9' {
		kind = words[1]
	}
	switch kind {
	case "LIST", "LSUB", "XLIST", "STATUS", "SEARCH", "ESEARCH", "FLAGS", "EXISTS", "RECENT", "EXPUNGE", "VANISHED",
		"FETCH", "NAMESPACE", "ID", "QUOTA", "QUOTAROOT", "ENABLED", "SORT", "THREAD", "ACL", "MYRIGHTS", "METADATA", "CAPABILITY":
		return true
	}
	return false
}

// is says whether an untagged response is of a kind that stands first in it.
func is(r *wire.Response, kind string) bool {
	words := r.Words(1)
	return len(words) == 1 && words[0] == kind
}

// notice keeps a line that may explain what comes next.
func (c *Conn) notice(line string) {
	if line != "" {
		c.Notices = lastThree(append(c.Notices, line))
	}
}

func lastThree(lines []string) []string { return lines[max(len(lines)-3, 0):] }

// takeCode takes in the response code that matters at any time.
func (c *Conn) takeCode(reply *report.Reply) {
	if reply.Code == "CAPABILITY" {
		c.setCapabilities(reply.Arg)
	}
}

// parseReply reads a response as a status response.
func parseReply(r *wire.Response) (*report.Reply, bool) {
	reply, ok := r.Status()
	if !ok {
		return nil, false
	}
	reply.Text = keptText(reply.Text)
	return &reply, true
}

// kept returns a reply as far as it is kept for people: code and arguments may be long.
func kept(r *report.Reply) *report.Reply {
	return &report.Reply{Status: r.Status, Code: keptText(r.Code), Arg: keptText(r.Arg), Text: r.Text}
}
