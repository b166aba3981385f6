package client

import (
	"math"
	"strings"
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

func TestParseSearch(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		count      uint32
		all        string
	}{
		{"plain", "* SEARCH 2 3 6\r\n", 3, "2:3,6"},
		{"nothing found", "* SEARCH\r\n", 0, ""},
		{"with MODSEQ, and a word", "* SEARCH 1 2 x 3 (MODSEQ 5)\r\n", 3, "1:3"},
		{"trailing space, lower case", "* search 4 7 \r\n", 2, "4,7"},
		{"two responses", "* SEARCH 1 2\r\n* SEARCH 3\r\n", 3, "1:3"},
		{"not in order, and twice", "* SEARCH 5 1 1\r\n", 3, "5,1,1"},
		{"what no message has", "* SEARCH 0 -1 4294967296 *\r\n", 1, ""},
		{"ESEARCH", "* ESEARCH (TAG \"x\") COUNT 5\r\n", 5, ""},
		{"ALL backwards, and a word", "* ESEARCH (TAG \"x\") ALL 9:7,x,3\r\n", 4, "7:9,3"},
		{"others skipped", "* ESEARCH (TAG \"x\") MIN 1 (a (b)) COUNT -1 ALL 1\r\n", 1, "1"},
		{"range from 0", "* ESEARCH (TAG \"x\") ALL 0:2\r\n", 3, "1:2"},
		{"all that can be", "* ESEARCH (TAG \"x\") UID ALL 1:4294967295 COUNT 7\r\n", 7, "1:4294967295"},
		{"more than can be", "* ESEARCH ALL 1:4294967295,1:4294967295\r\n", math.MaxUint32, "1:4294967295,1:4294967295"},
		{"COUNT of 64 bits", "* ESEARCH (TAG \"x\") COUNT 5000000000\r\n", math.MaxUint32, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var data *imap.SearchData
			eachResponse(tt.text, func(r *wire.Response) { data = parseSearch(r, data) })
			if data == nil || data.Count != tt.count || data.All.String() != tt.all {
				t.Errorf("%q: got %+v, want %d of %q", tt.text, data, tt.count, tt.all)
			}
		})
	}
	if got := parsed(t, "* LIST () \"/\" SEARCH", func(r *wire.Response) *imap.SearchData { return parseSearch(r, nil) }); got != nil {
		t.Errorf("LIST: got %+v, want nil", got)
	}
}

// TestSearchIsBounded reads an answer that no honest server gives.
func TestSearchIsBounded(t *testing.T) {
	data := parsed(t, "* SEARCH"+strings.Repeat(" 7 5", maxRanges), func(r *wire.Response) *imap.SearchData { return parseSearch(r, nil) })
	if n := len(data.All.(imap.SeqSet)); n != maxRanges || data.Count != 2*maxRanges {
		t.Errorf("kept %d ranges of %d numbers, want %d of %d", n, data.Count, maxRanges, 2*maxRanges)
	}
}

func FuzzParseSearch(f *testing.F) {
	fuzzParser(f, []string{"SEARCH 2 3 6", "ESEARCH (TAG \"a\") UID COUNT 3 ALL 1:4,9", "ESEARCH ALL 4294967295:1", "SEARCH 1 (MODSEQ 2) 3", "ESEARCH ((", "SEARCH 0"},
		func(t *testing.T, r *wire.Response) {
			data := parseSearch(r, nil)
			if data == nil {
				return
			}
			for _, n := range data.All.(imap.SeqSet) {
				if n.Start < 1 || n.Stop < n.Start {
					t.Errorf("%q: range %v", r.Line, n)
				}
			}
		})
}
