package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestPasswordDoubt says what is odd about a password file, and of no other source.
func TestPasswordDoubt(t *testing.T) {
	file := secretSource{flag: "--password-file", file: "pw"}
	for _, tt := range []struct {
		from     secretSource
		password string
		want     string
	}{
		{file, "secret", ""}, {file, "two words", ""}, {file, "it's", ""}, {file, `"`, ""}, {file, "probing:1", ""},
		{file, "secret ", "the first line of pw begins or ends with a blank"}, {file, "\tsecret", "blank"},
		{file, `"secret"`, "has quotes around it"}, {file, "'secret'", "has quotes around it"}, {file, `'secret"`, ""},
		{file, "Password=secret", "begins with the word password"}, {file, "password: x", "begins with the word password"},
		{file, "probe:secret", "begins with the user name and a colon"},
		{secretSource{flag: "--password-command", command: "x"}, "secret ", ""}, {secretSource{file: "-"}, "secret ", ""},
	} {
		if got := passwordDoubt(tt.from, tt.password, "probe"); !strings.Contains(got, tt.want) || (tt.want == "") != (got == "") {
			t.Errorf("%q: got %q, want %q in it", tt.password, got, tt.want)
		}
	}
}

// TestReadableByAll remarks on a password file that everybody may read, unless systemd
// or a container engine has put it there.
func TestReadableByAll(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skip: no modes as on Unix")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "pw")
	if err := os.WriteFile(file, []byte("secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		credentials string
		args        []string
		remarks     int
	}{
		{"", []string{"--password-file=" + file}, 1}, {dir, []string{"--password-file=" + file}, 0}, {dir, []string{"--password-file=pw"}, 0},
		{filepath.Join(dir, "other"), []string{"--password-file=" + file}, 1},
	} {
		req, err := Parse(append([]string{"-H", "h", "-U", "u"}, tt.args...), env(map[string]string{envCredentials: tt.credentials}))
		if err != nil {
			t.Fatal(err)
		}
		if err := req.Load(t.Context()); err != nil || len(req.Remarks) != tt.remarks {
			t.Errorf("%q, credentials in %q: %v, remarks %q, want %d", tt.args, tt.credentials, err, req.Remarks, tt.remarks)
		}
	}
}

// TestCertificateDefault: the default limit is there unless somebody has said what they
// want of the certificate.
func TestCertificateDefault(t *testing.T) {
	for args, want := range map[string]bool{
		"": true, "-w 2": true, "-D 0": false, "-D 0d": false, "-D 21": false, "-D 0,0": false, "--insecure": false,
		"-w certificate_days=21:": false, "-c certificate_days=7:": false, "-w certificate_percent=10:": false,
	} {
		req, err := Parse(append([]string{"-H", "h", "--auth=none"}, strings.Fields(args)...), env(nil))
		if err != nil || req.Policy.CertificateDefault != want {
			t.Errorf("%q: %v, got %v, want %v", args, err, req.Policy.CertificateDefault, want)
		}
		if rules := len(req.Policy.Rules); strings.HasPrefix(args, "-D 0") && !strings.Contains(args, ",") && rules > 0 {
			t.Errorf("%q: %d rules, want none", args, rules)
		}
	}
}
