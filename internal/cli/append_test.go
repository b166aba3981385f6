package cli

import (
	"strings"
	"testing"
)

// TestAppendFlag: a write probe that would not run, and a limit that nothing could
// violate, are refused.
func TestAppendFlag(t *testing.T) {
	for args, want := range map[string]string{
		"--append=Probe -P x":                              "",
		"--append=Probe -P x -w time_append=1":             "",
		"--append=Probe -P x -m INBOX -m Sent":             "",
		"--append=Probe -P x --until=append":               "",
		"--append=Probe -P x --skip=list,select,fetch":     "",
		"--append=Probe -P x --until=fetch":                "--append has no effect with --until=fetch",
		"--append=Probe --auth=none":                       "--append has no effect with --auth=none",
		"-P x -w time_append=1":                            "time_append can never be judged without --append",
		"-P x --with=append":                               "cannot be added",
		"--append=Probe -P x -m A -m B -w time_append@A=1": "time_append",
	} {
		req, err := Parse(append([]string{"-H", "h", "-U", "u"}, strings.Fields(args)...), env(nil))
		switch {
		case want == "" && (err != nil || req.Session.Append != "Probe"):
			t.Errorf("%s: %v, mailbox %q", args, err, req.Session.Append)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}
