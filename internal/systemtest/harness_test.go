// Package systemtest holds tests only, of the program as a whole: through
// app.Main with its network in memory and its clock that of testing/synctest,
// over loopback, against real servers, and as processes. What they read is read
// by package outputtest.
package systemtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/app"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/outputtest"
)

const programName = "check_imap_session"

// result is what a run of the program gave.
type result struct {
	code               int
	out                string
	outputtest.Output  // of the default format
	*outputtest.Report // of -o json
}

// readResult reads the output of a run strictly, in the format that the
// arguments ask for.
func readResult(args []string, out string, code int) (result, error) {
	r := result{code: code, out: out}
	var err error
	switch {
	case slices.Contains(args, "json"):
		r.Report, err = outputtest.JSON(out, code)
	case slices.Contains(args, "--explain"), slices.Contains(args, "openmetrics"):
		err = outputtest.Block(out)
	default:
		r.Output, err = outputtest.Plugin(out, code)
	}
	if err != nil {
		err = fmt.Errorf("%q: %w\n%s", args, err, out)
	}
	return r, err
}

// environment are environment variables.
type environment map[string]string

func (e environment) get(name string) string { return e[name] }

// password returns the environment that a password comes from.
func password(word string) environment { return environment{"CHECK_IMAP_SESSION_PASSWORD": word} }

// runMain runs the program in this process.
func runMain(tb testing.TB, vars environment, args ...string) result {
	tb.Helper()
	return runIn(tb, app.Env{Getenv: vars.get}, args...)
}

// runIn runs the program in this process, in an environment whose streams are
// not set, and reads what it prints.
func runIn(tb testing.TB, e app.Env, args ...string) result {
	tb.Helper()
	var out bytes.Buffer
	e.Program, e.Stdin, e.Stdout = programName, strings.NewReader(""), &out
	code := app.Main(args, e)
	r, err := readResult(args, out.String(), code)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// scripted returns a dialer. Each of its connections is in memory and leads to a
// server that runs the script.
func scripted(tb testing.TB, script string, o imaptest.Options) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, _ := imaptest.Pipe(tb, script, o)
		return client, nil
	}
}

// resolving returns a lookup that finds these addresses for every name.
func resolving(addrs ...string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(context.Context, string, string) ([]netip.Addr, error) {
		var all []netip.Addr
		for _, a := range addrs {
			all = append(all, netip.MustParseAddr(a))
		}
		return all, nil
	}
}

// wantFinding checks the worst finding of a run with -o json.
func wantFinding(t *testing.T, r result, code int, kind, step string) {
	t.Helper()
	if r.code != code || len(r.Findings) == 0 || r.Findings[0].Kind != kind || step != "" && r.Findings[0].Step != step {
		t.Errorf("got exit %d, findings %+v, want exit %d, kind %s, step %s", r.code, r.Findings, code, kind, step)
	}
}

// lineWith returns the first line that has text in it.
func lineWith(out, text string) string {
	for line := range strings.Lines(out) {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

const day = 24 * time.Hour

// ahead returns the moment so many whole days and an hour from now.
func ahead(days int) time.Time { return time.Now().Add(time.Duration(days)*day + time.Hour) }

// writeFile writes a file of a folder and returns its path.
func writeFile(tb testing.TB, dir, name string, text []byte) string {
	tb.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
