//go:build linux

package schedtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// directorCommand renders the command of the basket as the Director does (its
// IcingaCommand::renderCommand and IcingaCommandArgument::toConfigString), with
// a service that uses it. It stands in for a Director, which wants a web server
// and a database.
func directorCommand(t *testing.T, address, dir string) string {
	t.Helper()
	var basket struct {
		Command map[string]struct {
			Command   string
			Timeout   string
			Arguments map[string]map[string]any
			Vars      map[string]string
		}
	}
	if err := json.Unmarshal([]byte(read(t, "../../contrib/icinga-director/check_imap_session.json")), &basket); err != nil {
		t.Fatal(err)
	}
	const name = "cmd-check-imap-session"
	c := basket.Command[name]
	folder, file, _ := strings.Cut(c.Command, " + ")
	var b strings.Builder
	plain := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
	fmt.Fprintf(&b, "object CheckCommand %s {\n  import \"plugin-check-command\"\n  command = [ %s + %s ]\n  timeout = %s\n  arguments += {\n", plain(name), folder, plain(file), c.Timeout)
	for key, a := range c.Arguments {
		fmt.Fprintf(&b, "    %s = {\n", plain(key))
		for property, v := range a {
			switch {
			case property == "set_if_format":
			case slices.Contains([]string{"value", "set_if", "description"}, property):
				fmt.Fprintf(&b, "      %s = %s\n", property, plain(v.(string)))
			default:
				fmt.Fprintf(&b, "      %s = %v\n", property, v)
			}
		}
		b.WriteString("    }\n")
	}
	b.WriteString("  }\n")
	for key, v := range c.Vars {
		fmt.Fprintf(&b, "  vars.%s = %s\n", key, plain(v))
	}
	fmt.Fprintf(&b, `}
object Host "imap.test" {
  check_command = "dummy"
  address = "%s"
}
object Service "director" {
  host_name = "imap.test"
  check_command = "%s"
  vars.imap_session_username = "alice"
  vars.imap_session_password_file = "%s/secrets/alice"
  vars.imap_session_warning = [ "@0:8", "messages=1:" ]
  vars.imap_session_verbose = 1
  vars.imap_session_insecure = false
}
`, address, name, dir)
	return b.String()
}
