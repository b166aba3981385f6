//go:build linux

package main

import (
	"fmt"
	"testing"
)

func TestPackageOf(t *testing.T) {
	tests := []struct{ symbol, want string }{
		{"main.main", "example.com/cmd/p"},
		{"runtime.mallocgc", "runtime"},
		{"crypto/tls.(*Conn).Read", "crypto/tls"},
		{"github.com/emersion/go-imap/v2.CapSet.Has", "github.com/emersion/go-imap/v2"},
		{"gopkg.in/yaml%2ev3.Marshal", "gopkg.in/yaml.v3"},
		{"slices.SortFunc[go.shape.[]example.com/x/y.Z,go.shape.int]", "slices"},
	}
	for _, tt := range tests {
		if got := packageOf(tt.symbol, "example.com/cmd/p"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.symbol, got, tt.want)
		}
	}
}

// A dependency costs what only it needs, and not what others need too.
func TestCosts(t *testing.T) {
	type module = struct {
		Path string
		Main bool
	}
	const mega = 1 << 20
	b := &binary{size: 20 * mega, main: "p", packages: map[string]listed{}, symbols: map[string]int64{}, named: 10 * mega}
	for _, l := range []listed{
		{ImportPath: "p", Imports: []string{"x.org/a", "html", "os"}, Module: &module{"p", true}},
		{ImportPath: "x.org/a", Imports: []string{"x.org/a/b", "regexp", "os"}, Module: &module{"x.org/a", false}},
		{ImportPath: "x.org/a/b", Module: &module{"x.org/a", false}},
		{ImportPath: "regexp", Standard: true},
		{ImportPath: "html", Standard: true},
		{ImportPath: "os", Standard: true},
	} {
		b.packages[l.ImportPath] = l
		b.symbols[l.ImportPath] = mega
	}
	bare := &binary{packages: map[string]listed{"os": {ImportPath: "os"}}}
	got := fmt.Sprint(b.costs(bare))
	if want := "[{x.org/a 4 6} {html 2 2}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
