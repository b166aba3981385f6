package imaptest

import (
	"fmt"
	"strings"
)

func listRows(cmd command) []string {
	if strings.HasSuffix(cmd.args, ` ""`) {
		return []string{cmd.verb + ` (\Noselect) "/" ""`}
	}
	return []string{
		cmd.verb + ` (\HasNoChildren) "/" INBOX`,
		cmd.verb + ` (\HasNoChildren \Sent) "/" Sent`,
		cmd.verb + ` (\HasNoChildren \Trash) "/" Trash`,
	}
}

// selectRows are the answers to SELECT and EXAMINE; keep is the flag that says
// whether keywords can be made. See RFC 9051 section 6.3.2.
func selectRows(keep string) []string {
	flags := `\Answered \Flagged \Deleted \Seen \Draft`
	permanent := ""
	if keep != "" {
		permanent = flags + " " + keep
	}
	return []string{
		"FLAGS (" + flags + ")",
		"OK [PERMANENTFLAGS (" + permanent + ")] permanent flags",
		fmt.Sprintf("%d EXISTS", messages),
		"0 RECENT",
		"OK [UIDVALIDITY 1] UIDs are valid",
		fmt.Sprintf("OK [UIDNEXT %d] next UID", firstUID+messages),
	}
}

func statusRows(args string) ([]string, error) {
	mailbox, items, ok := strings.Cut(args, " (")
	if !ok {
		return nil, fmt.Errorf("STATUS without items")
	}
	values := map[string]int{
		"MESSAGES": messages, "RECENT": 0, "UNSEEN": 3, "DELETED": 0,
		"UIDVALIDITY": 1, "UIDNEXT": firstUID + messages,
		"SIZE": messages * 512, "HIGHESTMODSEQ": 1,
	}
	var answers []string
	for _, item := range strings.Fields(strings.TrimSuffix(items, ")")) {
		v, ok := values[strings.ToUpper(item)]
		if !ok {
			return nil, fmt.Errorf("unknown STATUS item %s", item)
		}
		answers = append(answers, fmt.Sprintf("%s %d", strings.ToUpper(item), v))
	}
	return []string{"STATUS " + mailbox + " (" + strings.Join(answers, " ") + ")"}, nil
}

// searchRows find the last three messages whatever the criteria are; by UID and a
// header field, the added message alone. With RETURN the answer is ESEARCH, see RFC
// 9051 section 6.4.4.
func (t *talk) searchRows(cmd command) []string {
	byUID := cmd.sub != ""
	if byUID && strings.HasPrefix(strings.ToUpper(cmd.args), "HEADER ") {
		if t.added.header == "" {
			return []string{"SEARCH"}
		}
		return []string{fmt.Sprintf("SEARCH %d", firstUID+messages)}
	}
	last, uid := messages, ""
	if byUID {
		last, uid = firstUID+messages-1, " UID"
	}
	if strings.HasPrefix(strings.ToUpper(cmd.args), "RETURN ") {
		return []string{fmt.Sprintf("ESEARCH (TAG %q)%s MIN %d MAX %d ALL %d:%d COUNT 3",
			cmd.tag, uid, last-2, last, last-2, last)}
	}
	return []string{fmt.Sprintf("SEARCH %d %d %d", last-2, last-1, last)}
}
