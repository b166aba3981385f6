package outputtest

import (
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/report"
)

// A new metric needs its line in the list here, which is the second copy on
// purpose: the order is a promise.
func TestLabels(t *testing.T) {
	var names []string
	for _, d := range report.MetricTable() {
		names = append(names, d.Name)
	}
	if !slices.Equal(names, Labels) {
		t.Errorf("the table of metrics has %q, want %q", names, Labels)
	}
}

// The reader itself must refuse what it is there to refuse.
func TestPluginRefuses(t *testing.T) {
	const good = "IMAP_SESSION OK - fine | time=0.100000s;;;0;8 certificate_days=-3;14: folders=3;1:;~:9;0"
	if _, err := Plugin(good+"\n[OK] dns\n", 0); err != nil {
		t.Fatalf("Plugin(%q): %v", good, err)
	}
	const mailboxes = "IMAP_SESSION OK - fine | time=0.100000s;;;0;8 time_select=0.100000s;;;0 time_select@A=0.100000s;;;0 'time_select@B C'=0.000001s;;;0 messages@A=3;;;0 'messages@B C'=1;;;0"
	if o, err := Plugin(mailboxes+"\n", 0); err != nil || o.Value("messages@B C") != "1" {
		t.Fatalf("Plugin(%q): %v, %v", mailboxes, o, err)
	}
	type row struct {
		name, out string
		code      int
	}
	tests := []row{
		{"empty", "", 0},
		{"no newline", good, 0},
		{"two newlines", good + "\n\n", 0},
		{"other state", good + "\n", 1},
		{"exit code 4", good + "\n", 4},
		{"bar below", good + "\na | b\n", 0},
		{"bar below alone", "IMAP_SESSION OK - fine\na | b\n", 0},
		{"carriage return", good + "\r\n", 0},
		{"escape", good + "\n\x1b[1m\n", 0},
		{"tag", good + "\n<b>\n", 0},
		{"forged state", good + "\nserver said: [OK]\n", 0},
		{"deleted character", "IMAP_SESSION OK - it's fine\n", 0},
		{"semicolon", "IMAP_SESSION OK - fine; really\n", 0},
		{"long first line", "IMAP_SESSION OK - " + strings.Repeat("x", 1000) + "\n", 0},
		{"long", "IMAP_SESSION OK - x\n" + strings.Repeat("x", 4000) + "\n", 0},
	}
	for _, data := range []string{"time=1s;;;0;8", "time=0.100000;;;0;8", "time=0.100000s", "time=0.100000s;;;0", "time=1e-05s;;;0;8",
		"time=0.100000s;;;0;8;", "time=0.100000s;5s;;0;8", "time=0.100000s;0:5;;0;8", "time=0.100000s;~:5;;0;8", "time=0.100000s;@;;0;8",
		"time=0.100000s;;;0;8 time=0.100000s;;;0;8", "time=0.100000s;;;0;8 other=1;;;0", "folders=1;;;0 time=0.100000s;;;0;8",
		"time=0.100000s;;;0;8 folders=1.5;;;0", "time=0.100000s;;;0;8 folders=U", "time=0.100000s;;;0;8 message_size=3;;;0",
		"time=0.100000s;;;0;8 folders=1;;;0 x", "time=0.100000s;;;0;8  folders=1;;;0", "'time'=0.100000s;;;0;8", "folders=3;;;0",
		"time=0.100000s;;;0;8 messages@A=1;;;0 messages@A=1;;;0", "time=0.100000s;;;0;8 messages@A=1;;;0 folders@A=1;;;0", "time=0.100000s;;;0;8 'messages@A'=1;;;0",
		"time=0.100000s;;;0;8 messages@A B=1;;;0", "time=0.100000s;;;0;8 messages@A'B=1;;;0", "time=0.100000s;;;0;8 messages@=1;;;0"} {
		tests = append(tests, row{data, "IMAP_SESSION OK - fine | " + data + "\n", 0})
	}
	for _, tt := range tests {
		if _, err := Plugin(tt.out, tt.code); err == nil {
			t.Errorf("%s: Plugin(%q, %d): got no error", tt.name, tt.out, tt.code)
		}
	}
}

func TestJSONRefuses(t *testing.T) {
	const good = `{"schema":1,"version":"1","timestamp":"2026-11-25T03:12:00Z","target":{"host":"h","port":993,"address":"","tls":"none","username":"","mailbox":""},` +
		`"state":"WARNING","exit_code":1,"summary":"IMAP_SESSION WARNING - x",` +
		`"steps":[{"name":"dns","outcome":"passed","start_seconds":0,"duration_seconds":0.1},{"name":"connect","outcome":"failed","start_seconds":0.1,"duration_seconds":0.2},{"name":"tls","outcome":"skipped","start_seconds":null,"duration_seconds":null}],` +
		`"metrics":[{"name":"time","value":0.3,"unit":"s","warn":"","crit":"","min":0,"max":8,"state":"OK"},{"name":"folders","value":3,"unit":"","warn":"","crit":"","min":0,"max":null,"state":"OK"}],` +
		`"findings":[{"state":"WARNING","kind":"k","step":"","text":"t","server":"","advice":"","metric":""},{"state":"OK","kind":"k","step":"","text":"t","server":"","advice":"","metric":""}],` +
		`"remarks":[{"step":"","text":"r"}],"facts":{"f":["a"]}}` + "\n"
	if _, err := JSON(good, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := JSON(good, 2); err == nil {
		t.Error("another exit code: got no error")
	}
	for _, change := range [][2]string{
		{`}` + "\n", `}{}` + "\n"}, {`"schema":1`, `"schema":2`}, {`"version":"1",`, ``}, {`"timestamp":"2026-11-25T03:12:00Z",`, ``}, {`"version":"1"`, `"version":null`}, {`"port":993,`, ``},
		{`"schema"`, `"other":1,"schema"`}, {`"state":"WARNING","exit`, `"state":"CRITICAL","exit`}, {`- x"`, `- it's"`}, {`"text":"r"`, `"text":"a\u001b[1m"`},
		{`["a"]`, `["a\nb"]`}, {`"f":`, `"f\u202e":`}, {`"facts":{"f":["a"]}`, `"facts":null`}, {`"start_seconds":0.1`, `"start_seconds":0.05`}, {`"duration_seconds":0.2`, `"duration_seconds":0.3`},
		{`"start_seconds":null`, `"start_seconds":0.3`}, {`"duration_seconds":0.1`, `"duration_seconds":null`}, {`"skipped"`, `"unknown"`}, {`"start_seconds":0,`, ``}, {`"folders"`, `"other"`}, {`"folders"`, `"time"`},
		{`"name":"time"`, `"name":"time_dns"`}, {`"crit":"","min":0,"max":8`, `"min":0,"max":8`}, {`"max":8,"state":"OK"`, `"max":8,"state":"no"`},
		{`"kind":"k"`, `"kind":""`}, {`"text":"t"`, `"text":""`}, {`{"state":"OK"`, `{"state":"CRITICAL"`}, {`{"state":"WARNING"`, `{"state":"OK"`},
		{`,"advice":""`, ``}, {`"value":0.3`, `"value":"0.3"`}, {`"remarks":[{"step":"","text":"r"}],`, ``},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if _, err := JSON(bad, 1); err == nil || bad == good {
			t.Errorf("%s as %s: got no error", change[0], change[1])
		}
	}
}
