package client

import (
	"reflect"
	"testing"

	imap "github.com/emersion/go-imap/v2"

	"check_imap_session/internal/wire"
)

func TestParseNamespace(t *testing.T) {
	type list = []imap.NamespaceDescriptor
	entry := func(prefix string, delim rune) imap.NamespaceDescriptor {
		return imap.NamespaceDescriptor{Prefix: prefix, Delim: delim}
	}
	for _, tt := range []struct {
		name, line string
		want       imap.NamespaceData
	}{
		{"RFC 2342 section 5, example 1", `* NAMESPACE (("" "/")) NIL NIL`, imap.NamespaceData{Personal: list{entry("", '/')}}},
		{"all three", `* NAMESPACE (("INBOX." ".")) (("user." ".")("other." ".")) (("#shared/" "/"))`,
			imap.NamespaceData{Personal: list{entry("INBOX.", '.')}, Other: list{entry("user.", '.'), entry("other.", '.')}, Shared: list{entry("#shared/", '/')}}},
		{"extension", `* NAMESPACE (("" "/") ("#mh/" "/" "X-PARAM" ("FLAG1" "FLAG2"))) NIL NIL`, imap.NamespaceData{Personal: list{entry("", '/'), entry("#mh/", '/')}}},
		{"flat", `* NAMESPACE (("" NIL)) nil (("" ""))`, imap.NamespaceData{Personal: list{entry("", 0)}, Shared: list{entry("", 0)}}},
		{"delimiter not escaped", `* NAMESPACE (("" "\" )) NIL NIL`, imap.NamespaceData{Personal: list{entry("", '\\')}}},
		{"modified UTF-7", `* NAMESPACE (("&APw-/" "/")) NIL NIL`, imap.NamespaceData{Personal: list{entry("ü/", '/')}}},
		{"cut", `* NAMESPACE (("a`, imap.NamespaceData{Personal: list{entry("a", 0)}}},
		{"nothing", `* NAMESPACE`, imap.NamespaceData{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parsed(t, tt.line, parseNamespace); !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("%q: got %+v, want %+v", tt.line, *got, tt.want)
			}
		})
	}
}

func FuzzParseNamespace(f *testing.F) {
	fuzzParser(f, []string{`NAMESPACE (("" "/")) NIL NIL`, `NAMESPACE (("a" NIL "X" ("Y")) ("b" ".")) nil ((`, "NAMESPACE (({1}\r\na \"/\"))"},
		func(t *testing.T, r *wire.Response) {
			data := parseNamespace(r)
			if n := len(data.Personal) + len(data.Other) + len(data.Shared); n > len(r.Line) {
				t.Errorf("%q: %d namespaces", r.Line, n)
			}
		})
}
