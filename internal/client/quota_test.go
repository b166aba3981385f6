package client

import (
	"math"
	"reflect"
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

func TestParseQuota(t *testing.T) {
	type resources = map[imap.QuotaResourceType]QuotaResource
	const storage, message = imap.QuotaResourceStorage, imap.QuotaResourceMessage
	for _, tt := range []struct {
		name, text string
		want       QuotaData
	}{
		{"RFC 9208 section 4.1.3", "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 10 512)\r\n",
			QuotaData{Answered: true, Roots: []string{""}, Fullest: resources{storage: {"", 10, 512}}}},
		{"two roots, two resources", "* QUOTAROOT INBOX a \"b c\"\r\n* QUOTA a (storage 1 2 MESSAGE 3 4)\r\n* QUOTA \"b c\" (STORAGE 5 6)\r\n",
			QuotaData{Answered: true, Roots: []string{"a", "b c"}, Fullest: resources{storage: {"b c", 5, 6}, message: {"a", 3, 4}}}},
		{"no root", "* QUOTAROOT INBOX\r\n", QuotaData{Answered: true, Roots: []string{}, Fullest: resources{}}},
		{"no limits", "* QUOTAROOT INBOX a\r\n* QUOTA a ()\r\n", QuotaData{Answered: true, Roots: []string{"a"}, Fullest: resources{}}},
		{"not numbers", "* QUOTA a (STORAGE -1 5 MESSAGE x 1)\r\n", QuotaData{Fullest: resources{}}},
		{"not asked for", "* QUOTA a (MAILBOX 1 2)\r\n", QuotaData{Fullest: resources{}}},
		{"cut", "* QUOTA a (STORAGE 1\r\n* QUOTA a\r\n* QUOTA\r\n", QuotaData{Fullest: resources{}}},
		{"others", "* LIST () \"/\" QUOTA\r\n", QuotaData{Fullest: resources{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := newQuotaData(storage, message)
			eachResponse(tt.text, got.parse)
			got.kinds = nil
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got %+v, want %+v", *got, tt.want)
			}
		})
	}
}

func TestFullest(t *testing.T) {
	for _, tt := range []struct {
		name string
		uses []QuotaResource
		want string // root; "" for none
	}{
		{"none", nil, ""},
		{"second", []QuotaResource{{"a", 1, 10}, {"b", 9, 10}, {"c", 5, 10}}, "b"},
		{"limit 0 first", []QuotaResource{{"a", 1, 0}, {"b", 0, 10}}, "b"},
		{"limit 0 last", []QuotaResource{{"a", 1, 10}, {"b", 5, 0}}, "a"},
		{"limit 0 only", []QuotaResource{{"a", 1, 0}}, "a"},
	} {
		q := newQuotaData(imap.QuotaResourceStorage)
		for _, u := range tt.uses {
			q.add(imap.QuotaResourceStorage, u)
		}
		got, ok := q.Fullest[imap.QuotaResourceStorage]
		if got.Root != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: got %+v, %v, want %q", tt.name, got, ok, tt.want)
		}
	}
	if p := (QuotaResource{"", 1, 0}).Percent(); !math.IsNaN(p) {
		t.Errorf("limit 0: got %v, want NaN", p)
	}
}

func FuzzParseQuota(f *testing.F) {
	fuzzParser(f, []string{"QUOTAROOT INBOX a b", "QUOTA \"\" (STORAGE 10 512 MESSAGE 1 2)", "QUOTA {1}\r\na (X 1", "QUOTA a (( 1 2)"},
		func(t *testing.T, r *wire.Response) {
			q := newQuotaData(imap.QuotaResourceStorage, imap.QuotaResourceMessage)
			q.parse(r)
			for kind, u := range q.Fullest {
				if u.Usage < 0 || u.Limit < 0 {
					t.Errorf("%q: %s is %+v", r.Line, kind, u)
				}
			}
		})
}
