package systemtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"check_imap_session/internal/app"
	"check_imap_session/internal/imaptest"
	"check_imap_session/internal/outputtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		programName: func() {
			runtime.GOMAXPROCS(1) // as main does
			code := app.Main(os.Args[1:], app.OS())
			if os.Getenv(peakVariable) != "" {
				leavePeak()
			}
			os.Exit(code)
		},
	})
}

// TestScript runs testdata/script. Beside testscript's own commands a script has:
//
//	run CODE ARGS...
//		run the program: exactly this exit code, nothing on standard error,
//		one block on standard output that ends in one newline.
//	check CODE ARGS...
//		run, and what it prints is plugin output or JSON without a fault
//		whose state is the exit code.
//	login CODE ARGS...
//		check with the flags for a login on the last imapserver: -H imap.test,
//		--address, -p, --tls, --ca-file, -U monitor, --password-file.
//	imapserver [-tls] [-cert=KIND] [-caps=WORDS] FILE
//		run the script FILE (see package imaptest) for every connection. Sets
//		$PORT, $TLS (implicit with -tls, else none) and $CAFILE. KIND is
//		the name of one of the certificates: expired, other, untrusted.
func TestScript(t *testing.T) {
	skipUnderRace(t)
	certs := newCertificates(t).write(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[testKey{}], e.Values[certsKey{}] = e.T(), certs
			e.Setenv("PASSWORDFILE", filepath.Join(e.WorkDir, "password"))
			return os.WriteFile(e.Getenv("PASSWORDFILE"), []byte(scriptPassword+"\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run":        cmdRun,
			"check":      cmdCheck,
			"login":      cmdLogin,
			"imapserver": cmdIMAPServer,
		},
	})
}

// testKey is where a script keeps its testscript.T, which a deferred function
// needs to fail the test; certsKey is where it keeps the certificates.
type testKey struct{}
type certsKey struct{}

// scriptPassword is that of the scripts' password file.
const scriptPassword = "s3cret-word"

func cmdRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: run CODE ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(programName, args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %q: %v", args[1:], err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code of %q: got %d, want %d", args[1:], code, want)
	}
	if got := ts.ReadFile("stderr"); got != "" {
		ts.Fatalf("standard error of %q: got %q, want nothing", args[1:], got)
	}
	if err := outputtest.Block(ts.ReadFile("stdout")); err != nil {
		ts.Fatalf("standard output of %q: %v", args[1:], err)
	}
}

func cmdCheck(ts *testscript.TestScript, neg bool, args []string) {
	cmdRun(ts, neg, args)
	code, _ := strconv.Atoi(args[0])
	_, err := readResult(args[1:], ts.ReadFile("stdout"), code)
	ts.Check(err)
}

func cmdLogin(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: login CODE ARGS...")
	}
	flags := []string{args[0], "-H", "imap.test", "--address=127.0.0.1", "-p", ts.Getenv("PORT"),
		"--tls=" + ts.Getenv("TLS"), "--ca-file=" + ts.Getenv("CAFILE"),
		"-U", "monitor", "--password-file=" + ts.Getenv("PASSWORDFILE")}
	if ts.Getenv("TLS") == "none" {
		flags = append(flags, "--allow-plaintext-auth")
	}
	cmdCheck(ts, neg, append(flags, args[1:]...))
}

func cmdIMAPServer(ts *testscript.TestScript, neg bool, args []string) {
	var o imaptest.Options
	kind := ""
	mode := "none"
	for len(args) > 1 {
		switch name, value, _ := strings.Cut(args[0], "="); name {
		case "-tls":
			o.ImplicitTLS, mode = true, "implicit"
		case "-cert":
			kind = value
		case "-caps":
			o.Capabilities = value
		default:
			ts.Fatalf("imapserver: unknown option %s", args[0])
		}
		args = args[1:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: imapserver [-tls] [-cert=KIND] [-caps=WORDS] FILE")
	}
	certs := ts.Value(certsKey{}).(certificates)
	o.TLS = certs.tls
	if kind != "" {
		o.TLS = certs.named[kind]
	}
	srv, err := imaptest.Listen(ts.ReadFile(args[0]), o)
	ts.Check(err)
	t := ts.Value(testKey{}).(testscript.T)
	ts.Defer(func() {
		if err := srv.Close(); err != nil {
			t.Fatal(fmt.Sprintf("imapserver %s: %v", args[0], err))
		}
	})
	ts.Setenv("PORT", strconv.Itoa(srv.Port()))
	ts.Setenv("CAFILE", certs.caFile)
	ts.Setenv("TLS", mode)
}
