package client

import (
	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

// Namespace sends NAMESPACE. The data are nil when the answer has none. See RFC
// 2342 section 5.
func (c *Conn) Namespace(t Timer) (data *imap.NamespaceData, err error) {
	_, err = c.do(t, c.newCommand("NAMESPACE"), func(r *wire.Response) {
		if is(r, "NAMESPACE") {
			data = parseNamespace(r)
			c.keptOf("namespaces", max(len(data.Personal), len(data.Other), len(data.Shared)))
		}
	})
	return data, err
}

// parseNamespace reads a NAMESPACE response: three lists.
func parseNamespace(r *wire.Response) *imap.NamespaceData {
	sc := r.Data()
	return &imap.NamespaceData{Personal: namespaceList(sc), Other: namespaceList(sc), Shared: namespaceList(sc)}
}

// namespaceList reads one of the three lists: NIL, or a list of prefix and
// delimiter, each with extensions that do not matter here. It keeps up to maxWords.
func namespaceList(sc *wire.Scanner) []imap.NamespaceDescriptor {
	var list []imap.NamespaceDescriptor
	if sc.Next().Kind != wire.TokenOpen {
		return nil
	}
	for sc.Next().Kind == wire.TokenOpen {
		one := imap.NamespaceDescriptor{Prefix: MailboxName(sc.Next().Text), Delim: delimiter(sc.Next())}
		sc.Skip()
		if len(list) < maxWords {
			list = append(list, one)
		}
	}
	return list
}
