//go:build linux

package schedtest

import (
	"slices"
	"strings"
	"testing"
)

// check is a service that the cores run by the shipped definitions.
type check struct {
	name   string
	host   string // "mail" or "silent"
	state  int
	want   string // stands in the first line
	nagios string // the check_command, "" for none
	icinga string // lines of host.vars.imap_sessions[name], "" for none
}

// checks are the services. {dir} is the site's folder, {mail} the
// address of its server, {port} its own port, {env} a password.
var checks = []check{
	{"ok", "mail", 0, "INBOX: 2 messages",
		`check_imap_session!imap.test!alice!{dir}/secrets/alice!7,time_login=6!7.9`,
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"
		imap_session_warning = [ "7", "time_login=6" ]
		imap_session_critical = 7.9`},
	{"ok-starttls", "mail", 0, "INBOX: 2 messages",
		`check_imap_session_starttls!imap.test!alice!{dir}/secrets/alice`,
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"
		imap_session_tls = "starttls"
		imap_session_ipv4 = true`},
	{"ok-no-login", "mail", 0, "no login",
		`check_imap_session_no_login!imap.test!!time=7.9`,
		`imap_session_auth = "none"`},
	{"ok-ini", "mail", 0, "Sent Items: 1 message,",
		`check_imap_session_ini!imap.test!bob@{dir}/secrets/imap.ini!certificate_days=1:`,
		`imap_session_extra_opts = "bob@{dir}/secrets/imap.ini"
		imap_session_warning = { certificate_days = "1:" }
		imap_session_verbose = 2`},
	{"ok-env", "mail", 0, "INBOX: 2 messages", "",
		`imap_session_username = "carol"
		imap_session_password = {env}`},
	{"ok-address-removed", "mail", 0, "INBOX: 2 messages", "",
		`imap_session_hostname = "{mail}"
		imap_session_address = ""
		imap_session_server_name = "imap.test"
		imap_session_skip = [ "list", "fetch" ]
		imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"`},
	{"warning", "mail", 1, "the whole session took",
		`check_imap_session!imap.test!alice!{dir}/secrets/alice!@0:8`,
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"
		imap_session_warning = { time = "@0:8", messages = 5 }
		imap_session_critical = { time = 8, message_age = "~:100000d" }`},
	{"warning-macro", "mail", 1, "the whole session took", "",
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"
		imap_limit = "@0:8"
		imap_session_warning = { time = "$service.vars.imap_limit$", messages = 5 }`},
	{"usage-macro", "mail", 3, "-w time: range is empty", "",
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"
		imap_session_warning = { time = "$service.vars.imap_nosuch$", messages = 5 }`},
	{"ok-all-addresses", "mail", 0, "localhost",
		`check_imap_session_ini!localhost!addresses@{dir}/secrets/imap.ini`,
		`imap_session_hostname = "localhost"
		imap_session_all_addresses = "any"
		imap_session_port = {port}
		imap_session_server_name = "imap.test"
		imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"`},
	{"critical-zero", "mail", 2, "the whole session took", "",
		`imap_session_auth = "none"
		imap_session_critical = 0`},
	{"auth", "mail", 2, "login as alice rejected",
		`check_imap_session!imap.test!alice!{dir}/secrets/wrong`,
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/wrong"`},
	{"auth-as-warning", "mail", 1, "login as alice rejected", "",
		`imap_session_username = "alice"
		imap_session_state = { auth_failed = "warning" }
		imap_session_password_file = "{dir}/secrets/wrong"`},
	{"certificate", "mail", 2, "certificate is for ",
		`check_imap_session!other.test!alice!{dir}/secrets/alice`,
		`imap_session_hostname = "other.test"
		imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"`},
	{"timeout", "silent", 2, "tls timed out",
		`check_imap_session_ini!imap.test!silent@{dir}/secrets/imap.ini`,
		`imap_session_extra_opts = "silent@{dir}/secrets/imap.ini"`},
	{"usage-metric", "mail", 3, "usage",
		`check_imap_session!imap.test!alice!{dir}/secrets/alice!nosuch=5`,
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/alice"
		imap_session_warning = "nosuch=5"`},
	{"usage-unset", "mail", 3, "no user name",
		`check_imap_session!imap.test`,
		`imap_session_verbose = 0`},
	{"config", "mail", 3, "config",
		`check_imap_session!imap.test!alice!{dir}/secrets/missing`,
		`imap_session_username = "alice"
		imap_session_password_file = "{dir}/secrets/missing"`},
	{"drill", "mail", 2, "DEMO auth-failed",
		`check_imap_session_demo!auth-failed`,
		`imap_session_demo = "auth-failed"`},
}

// checkCase checks the state and the words of a case.
func checkCase(t *testing.T, c check, got stored) {
	t.Helper()
	if got.state != c.state || !strings.Contains(got.first, c.want) {
		t.Errorf("%s: stored state %d, %q; want %d and %q", c.name, got.state, got.first, c.state, c.want)
	}
	if c.state == 0 && !strings.Contains(got.perf, "time=") {
		t.Errorf("%s: no performance data", c.name)
	}
}

// checkRuns checks that no secret is in an argument or in the environment, but for the
// one that the environment is there for.
func (s *site) checkRuns(t *testing.T, secrets ...string) {
	t.Helper()
	for _, r := range s.runs(t) {
		if found := leaks(strings.Join(r.argv, " "), filePassword, iniPassword, envPassword); found != nil {
			t.Errorf("arguments %q show %q", r.argv, found)
		}
		i := slices.IndexFunc(r.environ, func(v string) bool { return leaks(v, filePassword, iniPassword, envPassword) != nil })
		if i < 0 {
			continue
		}
		if r.environ[i] != "CHECK_IMAP_SESSION_PASSWORD="+envPassword || !slices.Contains(secrets, envPassword) {
			t.Errorf("the environment of %q shows %q", r.argv, r.environ[i])
		}
	}
}
