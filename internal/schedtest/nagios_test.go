//go:build linux

package schedtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

const (
	nagios        = "/usr/sbin/nagios4"
	nagiosObjects = "/etc/nagios4/objects"
)

// nagiosMain is the main configuration: folder, Debian's objects. It is
// Debian's own where it matters, but for times and places.
const nagiosMain = `cfg_file=%[2]s/commands.cfg
cfg_file=%[2]s/contacts.cfg
cfg_file=%[2]s/timeperiods.cfg
cfg_file=%[2]s/templates.cfg
cfg_file=%[1]s/nagios/check_imap_session.cfg
cfg_file=%[1]s/nagios/services.cfg
cfg_file=%[1]s/nagios/site.cfg
resource_file=%[1]s/nagios/resource.cfg
log_file=%[1]s/nagios/nagios.log
object_cache_file=%[1]s/nagios/objects.cache
precached_object_file=%[1]s/nagios/objects.precache
status_file=%[1]s/nagios/status.dat
state_retention_file=%[1]s/nagios/retention.dat
temp_file=%[1]s/nagios/tmp
temp_path=%[1]s/nagios
check_result_path=%[1]s/nagios/results
lock_file=%[1]s/nagios/pid
nagios_user=nagios
nagios_group=nagios
check_external_commands=0
check_for_updates=0
bare_update_check=1
use_syslog=0
status_update_interval=2
check_result_reaper_frequency=1
service_inter_check_delay_method=n
host_inter_check_delay_method=n
service_interleave_factor=1
max_service_check_spread=1
max_concurrent_checks=3
service_check_timeout=60
process_performance_data=1
service_perfdata_file=%[1]s/nagios/perfdata
service_perfdata_file_template=$SERVICEDESC$\t$SERVICEPERFDATA$
service_perfdata_file_mode=a
log_initial_states=1
enable_notifications=0
illegal_object_name_chars=` + "`" + `~!$%%^&*|'"<>?,()=
illegal_macro_output_chars=` + "`" + `~$&|'"<>
`

func TestNagios(t *testing.T) {
	servertest.Need(t, servertest.Installed(nagios, nagiosObjects+"/templates.cfg"))
	s := newSite(t)
	dir := filepath.Join(s.dir, "nagios")
	main := filepath.Join(dir, "nagios.cfg")
	write(t, main, fmt.Sprintf(nagiosMain, s.dir, nagiosObjects), 0o644)
	write(t, filepath.Join(dir, "resource.cfg"), "$USER1$="+s.plugins+"\n", 0o644)
	for _, name := range []string{"check_imap_session.cfg", "services.cfg"} {
		write(t, filepath.Join(dir, name), read(t, filepath.Join("../../contrib/nagios", name)), 0o644)
	}
	var b strings.Builder
	for name, addr := range map[string]string{"mail": s.mail, "silent": s.silent} {
		fmt.Fprintf(&b, "define host {\n use generic-host\n host_name %s\n address %s\n check_period 24x7\n contact_groups admins\n check_command return-ok\n max_check_attempts 3\n}\n", name, addr)
	}
	b.WriteString("define command {\n command_name return-ok\n command_line /bin/true\n}\n")
	count := 0
	for _, c := range checks {
		if c.nagios == "" {
			continue
		}
		count++
		fmt.Fprintf(&b, "define service {\n use imap-session\n host_name %s\n service_description %s\n check_command %s\n}\n",
			c.host, c.name, strings.ReplaceAll(c.nagios, "{dir}", s.dir))
	}
	write(t, filepath.Join(dir, "site.cfg"), b.String(), 0o644)
	subdir(t, dir, "results")
	giveToNagios(t, dir)

	verifyNagios(t, main)
	core := start(t, dir, exec.Command(nagios, main))
	var status map[string]map[string]string
	waitFor(t, "all services checked", func() bool {
		status = nagiosStatus(filepath.Join(dir, "status.dat"))
		done := 0
		for _, f := range status {
			if f["has_been_checked"] == "1" {
				done++
			}
		}
		return done == count
	})
	for _, c := range checks {
		if c.nagios == "" {
			continue
		}
		got, err := nagiosStored(status[c.name])
		if err != nil {
			t.Fatal(err)
		}
		checkCase(t, c, got)
		s.checkStored(t, got)
		if line := c.name + "\t" + got.perf + "\n"; got.perf != "" && !strings.Contains(read(t, filepath.Join(dir, "perfdata")), line) {
			t.Errorf("%s: the performance data file lacks %q", c.name, line)
		}
	}
	s.checkRuns(t)
	core.checkProcesses(t)
	for path, text := range filesBelow(t, dir) {
		if found := leaks(text, filePassword, iniPassword); found != nil {
			t.Errorf("%s shows %q", path, found)
		}
	}
}

// nagiosStatus returns the fields of all services by their description.
func nagiosStatus(path string) map[string]map[string]string {
	out := map[string]map[string]string{}
	text, err := readFile(path)
	if err != nil {
		return out
	}
	for block := range strings.SplitSeq(text, "servicestatus {\n") {
		fields := map[string]string{}
		for line := range strings.SplitSeq(block, "\n") {
			if strings.TrimSpace(line) == "}" {
				break
			}
			key, value, _ := strings.Cut(strings.TrimLeft(line, "\t"), "=")
			fields[key] = value
		}
		if name := fields["service_description"]; name != "" {
			out[name] = fields
		}
	}
	return out
}

// nagiosStored reads the fields of a service.
func nagiosStored(fields map[string]string) (stored, error) {
	state, err := strconv.Atoi(fields["current_state"])
	return stored{state, fields["plugin_output"], unescape(fields["long_plugin_output"]), fields["performance_data"]}, err
}

// verifyNagios checks that a configuration has no warning.
func verifyNagios(t *testing.T, main string) {
	t.Helper()
	out, code := output(t, nagios, "-v", main)
	if code != 0 || !strings.Contains(out, "Total Warnings: 0") || !strings.Contains(out, "Total Errors:   0") {
		t.Fatalf("nagios4 -v: exit %d\n%s", code, out)
	}
}

// unescape undoes how Nagios keeps several lines in one.
func unescape(s string) string {
	s = regexp.MustCompile(`\\[n\\]`).ReplaceAllStringFunc(s, func(m string) string {
		if m == `\n` {
			return "\n"
		}
		return `\`
	})
	return strings.TrimSuffix(s, "\n")
}
