package session

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/client"
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
func (c Config) near() []nearest {
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
	if n.listed || len(name) > nearestLength || len(n.to) > nearestLength ||
		client.HasAttr(row, imap.MailboxAttrNonExistent) || client.HasAttr(row, imap.MailboxAttrNoSelect) {
		return
	}
	if name == n.to {
		n.best, n.ranks, n.listed = nil, nil, true
		return
	}
	rank, how := compareNames(n.to, name, row.Delim)
	at, _ := slices.BinarySearchFunc(n.ranks, rank, func(r, rank int) int { return cmp.Compare(r, rank+1) })
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
	switch {
	case strings.ContainsAny(want, quoteMarks) && withoutQuotes(want) == name:
		return rankSame, report.DifferQuotes
	case sameLetters(want, name):
		return rankSame, report.DifferForm
	case strings.EqualFold(want, name):
		return rankSame, report.DifferCase
	}
	leaf := name
	if i := strings.LastIndex(name, string(delim)); delim != 0 && i >= 0 {
		leaf = name[i+len(string(delim)):]
		if strings.EqualFold(leaf, want) || hasSuffixFold(name, string(delim)+want) {
			return rankPrefix, report.DifferPrefix
		}
	}
	return rankOf(strings.ToLower(want), strings.ToLower(leaf)), report.DifferLetters
}

// quoteMarks are those that a shell, a configuration or a word processor leaves
// around a name.
const quoteMarks = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"

func withoutQuotes(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(quoteMarks, r) {
			return -1
		}
		return r
	}, name)
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

// sameLetters says whether two names are the same but for their Unicode form: where
// one has a letter beyond ASCII, the other has a letter and its accents. Which accents
// they are takes the tables of Unicode and is not compared.
func sameLetters(x, y string) bool {
	if isASCII(x) && isASCII(y) {
		return false
	}
	a, b := takenApart(x), takenApart(y)
	for len(a) > 0 && len(b) > 0 {
		n, m := accents(a), accents(b)
		switch {
		case a[0] == b[0] && n == m:
		case n > m && b[0] >= 0x80, m > n && a[0] >= 0x80:
		default:
			return false
		}
		a, b = a[1+n:], b[1+m:]
	}
	return len(a) == len(b)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// accents returns how many accents stand behind the first letter.
func accents(name []rune) int {
	n := 0
	for n+1 < len(name) && unicode.Is(unicode.Mn, name[n+1]) {
		n++
	}
	return n
}

// takenApart returns the letters of a name, and of Hangul, whose syllables are
// letters put together, those letters. See the Unicode Standard, section 3.12.
func takenApart(name string) []rune {
	const first, syllables = 0xAC00, 11172
	const leading, vowel, trailing = 0x1100, 0x1161, 0x11A7
	var out []rune
	for _, r := range name {
		n := r - first
		if n < 0 || n >= syllables {
			out = append(out, r)
			continue
		}
		out = append(out, leading+n/588, vowel+n%588/28)
		if n%28 > 0 {
			out = append(out, trailing+n%28)
		}
	}
	return out
}
