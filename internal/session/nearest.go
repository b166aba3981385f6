package session

import (
	"slices"
	"strings"
	"unicode"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

// nearest keeps the rows of LIST whose names come closest to a mailbox, for the
// case that the server does not have it.
type nearest struct {
	to     string
	best   []report.NearMailbox // the closest first; nil once the mailbox itself was listed
	ranks  []int                // of best
	listed bool
}

// near returns where to keep the rows that come close to the mailboxes of a session.
// INBOX is not among them: every server has it.
func (c *Config) near() []nearest {
	var all []nearest
	if c.Pattern != "" { // they are those that LIST shows
		return nil
	}
	for _, m := range c.places() {
		if name := c.at(m).Mailbox; !strings.EqualFold(name, "INBOX") {
			all = append(all, nearest{to: name})
		}
	}
	return all
}

// nearTo returns the rows that came closest to a mailbox.
func (s *Session) nearTo(name string) []report.NearMailbox {
	for _, n := range s.near {
		if n.to == name {
			return n.best
		}
	}
	return nil
}

const (
	// nearestKept is how many rows are kept.
	nearestKept = 3
	// nearestLength is the longest name, in bytes, that is looked at.
	nearestLength = 200
)

// The ranks of a name, the closest first.
const (
	rankSame      = 0 // but for what is easily overlooked
	rankPrefix    = 1
	rankLetters   = 10 // and one more for each letter
	rankBeginning = 100
	rankFirstWord = 101
	rankFar       = 102
)

// take looks at one row.
func (n *nearest) take(row *imap.ListData) {
	name := row.Mailbox
	if n.listed || len(name) > nearestLength || len(n.to) > nearestLength || !canBeOpened(row) {
		return
	}
	if name == n.to {
		n.best, n.ranks, n.listed = nil, nil, true
		return
	}
	rank, how := compareNames(n.to, name, row.Delim)
	at := 0
	for at < len(n.ranks) && n.ranks[at] <= rank {
		at++
	}
	if rank == rankFar || at == nearestKept {
		return
	}
	n.ranks = slices.Insert(n.ranks, at, rank)
	n.best = slices.Insert(n.best, at, report.NearMailbox{Name: name, Differ: how})
	if len(n.best) > nearestKept {
		n.ranks, n.best = n.ranks[:nearestKept], n.best[:nearestKept]
	}
}

// compareNames says how close a name is to the wanted one, and what tells them
// apart.
func compareNames(want, name string, delim rune) (rank int, how report.Difference) {
	if how := spelledApart(want, name, delim); how != report.DifferLetters {
		return rankSame, how
	}
	leaf := lastLevel(name, delim)
	if leaf != name && hasSuffixFold(name, string(delim)+levels(want, delim)) {
		return rankPrefix, report.DifferPrefix
	}
	return rankOf(strings.ToLower(want), strings.ToLower(leaf)), report.DifferLetters
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// rankOf ranks a name that differs by letters. Names that neither begin nor end alike
// are far: most rows are, and cost nothing.
func rankOf(want, name string) int {
	if want == "" || name == "" || want[0] != name[0] && want[len(want)-1] != name[len(name)-1] {
		return rankFar
	}
	a, b := []rune(want), []rune(name)
	if most := 1 + len(a)/4; max(len(a)-len(b), len(b)-len(a)) <= most {
		if d := distance(a, b); d <= most {
			return rankLetters + d
		}
	}
	x, y := firstWord(want), firstWord(name)
	switch {
	case len(x) < 3 || x != y:
		return rankFar
	case x == want || y == name:
		return rankBeginning
	}
	return rankFirstWord
}

// firstWord returns the letters and digits a name begins with.
func firstWord(name string) string {
	end := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) })
	if end < 0 {
		return name
	}
	return name[:end]
}

// distance is how many letters have to be put in, left out or replaced to make one
// name of the other.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			replaced := diagonal
			if x != y {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
