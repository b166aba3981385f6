package session

import (
	"cmp"
	"context"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/report"
)

var namespaceStep = Step{
	Name:       report.StepNamespace,
	Doc:        "NAMESPACE, RFC 2342",
	Needs:      Authenticated,
	Capability: imap.CapNamespace,
	Explain:    sends("NAMESPACE", "* NAMESPACE (...) ... ..."),
	Run:        runNamespace,
}

func runNamespace(_ context.Context, s *Session, rec *Recorder) error {
	data, err := s.conn.Namespace(rec)
	if err != nil {
		return err
	}
	if data == nil {
		return noAnswer("NAMESPACE")
	}
	rec.Fact("namespace_personal", namespaceWords(data.Personal))
	rec.Fact("namespace_other_users", namespaceWords(data.Other))
	rec.Fact("namespace_shared", namespaceWords(data.Shared))
	rec.Detail(plural(len(data.Personal)+len(data.Other)+len(data.Shared), "namespace"))
	return nil
}

// namespaceWords writes namespaces as "INBOX. (delimiter .)".
func namespaceWords(list []imap.NamespaceDescriptor) []string {
	words := []string{}
	for _, n := range list {
		prefix, delimiter := cmp.Or(n.Prefix, "no prefix"), "flat"
		if n.Delim != 0 {
			delimiter = "delimiter " + string(n.Delim)
		}
		words = append(words, prefix+" ("+delimiter+")")
	}
	return words
}
