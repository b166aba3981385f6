package client

import (
	"strings"

	"check_imap_session/internal/wire"
)

// IDField is a field of an ID response. imap.IDData is not used: it has only the
// fields that RFC 2971 names, and loses their order.
type IDField struct {
	Name  string // lower case
	Value string
}

// ClientID is what ID tells the server of us.
const ClientID = `("name" "check_imap_session")`

// maxIDFields bounds what is kept. See RFC 2971 section 3.3.
const maxIDFields = 30

// ID sends ID and returns the fields of the answer that have a value. See RFC
// 2971 section 3.1.
func (c *Conn) ID(t Timer) (fields []IDField, err error) {
	_, err = c.do(t, c.newCommand("ID", ClientID), func(r *wire.Response) {
		if is(r, "ID") {
			fields = parseID(r)
		}
	})
	return fields, err
}

// parseID reads an ID response: NIL, or a list of names and values. See RFC 2971
// section 3.2.
func parseID(r *wire.Response) []IDField {
	sc := r.Data()
	if sc.Next().Kind != wire.TokenOpen { // NIL
		return nil
	}
	var fields []IDField
	for len(fields) < maxIDFields {
		name := sc.Next()
		value := sc.Next()
		if name.EndsList() || value.EndsList() {
			break
		}
		if !value.IsNIL() {
			fields = append(fields, IDField{strings.ToLower(name.Text), value.Text})
		}
	}
	return fields
}
