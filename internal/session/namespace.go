package session

import (
	"context"

	"check_imap_session/internal/report"
	"check_imap_session/internal/wire"
)

var namespaceStep = Step{
	Name:       report.StepNamespace,
	Doc:        "NAMESPACE, RFC 2342",
	Needs:      Authenticated,
	Gives:      Authenticated,
	Capability: "NAMESPACE",
	Explain:    sends("NAMESPACE", "* NAMESPACE (...) ... ..."),
	Run:        runNamespace,
}

// namespaces are the facts in the order of the answer. See RFC 2342 section 5.
var namespaces = []string{"namespace_personal", "namespace_other_users", "namespace_shared"}

func runNamespace(_ context.Context, s *Session, rec *Recorder) error {
	count := 0
	seen := false
	_, err := s.do(rec, s.newCommand("NAMESPACE"), func(r *wire.Response) {
		if w := r.Words(1); len(w) == 0 || w[0] != "NAMESPACE" {
			return
		}
		seen = true
		sc := r.Scan()
		sc.Next()
		for _, fact := range namespaces {
			entries := namespaceList(sc)
			rec.Fact(fact, entries)
			count += len(entries)
		}
	})
	if err != nil {
		return err
	}
	if !seen {
		return &report.StepError{Err: noAnswer("NAMESPACE")}
	}
	rec.Detail(plural(int64(count), "namespace"))
	return nil
}

// namespaceList reads one of the three lists: NIL, or a list of prefix and
// delimiter, each with extensions that do not matter here. An entry is written
// "INBOX. (delimiter .)".
func namespaceList(sc *wire.Scanner) []string {
	entries := []string{}
	if sc.Next().Kind != wire.TokenOpen {
		return entries
	}
	for sc.Next().Kind == wire.TokenOpen {
		prefix, delimiter := sc.Next().Text, sc.Next()
		sc.Skip()
		if decoded, err := decodeName(prefix); err == nil {
			prefix = decoded
		}
		if prefix == "" {
			prefix = "no prefix"
		}
		if delimiter.IsNIL() {
			entries = append(entries, prefix+" (flat)")
			continue
		}
		entries = append(entries, prefix+" (delimiter "+delimiter.Text+")")
	}
	return entries
}
