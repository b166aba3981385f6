//go:build linux

package schedtest

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

// directorChecks are services that the Director makes of the basket's templates.
// {dir} is the site's folder.
var directorChecks = []struct {
	check
	template string
	vars     map[string]any
}{
	// The one of the picture.
	{check{name: "IMAP session", want: "imap.example.com"}, "tpl-service-imap-session", map[string]any{
		"imap_session_hostname": "imap.example.com", "imap_session_username": "alice", "imap_session_password_file": "{dir}/secrets/alice",
		"imap_session_warning": []string{"5", "certificate_days=21:"}, "imap_session_critical": []string{"7", "certificate_days=7:", "messages=1:"},
	}},
	{check{name: "warning", state: 1, want: "the whole session took"}, "tpl-service-imap-session", map[string]any{
		"imap_session_hostname": "imap.test", "imap_session_username": "alice", "imap_session_password_file": "{dir}/secrets/alice",
		"imap_session_skip": []string{"list", "fetch"}, "imap_session_tls": "starttls", "imap_session_verbose": 1, "imap_session_insecure": false,
		"imap_session_warning": []string{"@0:$service.vars.imap_limit$"}, "imap_limit": "8",
	}},
	{check{name: "no-login", want: "no login"}, "tpl-service-imap-session-no-login", map[string]any{
		"imap_session_hostname": "imap.test",
	}},
	{check{name: "all-addresses", want: "localhost"}, "tpl-service-imap-session", map[string]any{
		"imap_session_hostname": "localhost", "imap_session_port": "{port}", "imap_session_server_name": "imap.test", "imap_session_all_addresses": "any",
		"imap_session_username": "alice", "imap_session_password_file": "{dir}/secrets/alice",
	}},
	{check{name: "drill", state: 2, want: "DEMO auth-failed"}, "tpl-service-imap-session", map[string]any{
		"imap_session_demo": "auth-failed",
	}},
}

// TestDirector restores the shipped basket into a real Director, makes services
// of its templates, deploys them and has them checked.
func TestDirector(t *testing.T) {
	if os.Getenv("CHECK_IMAP_SESSION_DIRECTOR") != "1" {
		t.Skip("skip: takes half a minute and Debian's Icinga Web; CHECK_IMAP_SESSION_DIRECTOR=1 runs it")
	}
	servertest.Need(t, servertest.Installed(icingaProgram, "/usr/bin/icingacli", "/usr/share/icingaweb2/modules/director", "/usr/share/icinga2-ido-mysql/schema/mysql.sql", "/usr/sbin/mariadbd"))
	s := newSite(t)
	dbPort, socket := newDatabase(t, filepath.Join(s.dir, "database"))
	i := s.newAlone(t, s.plugins, "object Zone \"director-global\" {\n  global = true\n}\n", fmt.Sprintf(ido, dbPort))
	i.run(t)
	w := newWeb(t, filepath.Join(s.dir, "web"), i, dbPort, socket)

	w.restore(t)
	w.create(t, "host", "mail", map[string]any{"address": s.mail, "check_command": "dummy"})
	words := strings.NewReplacer("{dir}", s.dir, "{port}", fmt.Sprint(s.port))
	for _, c := range directorChecks {
		for name, v := range c.vars {
			if text, ok := v.(string); ok {
				c.vars[name] = words.Replace(text)
			}
		}
		w.create(t, "service", c.name, map[string]any{"host": "mail", "imports": []string{c.template}, "vars": c.vars})
	}
	w.cli(t, "", "director", "config", "deploy")
	waitFor(t, "what was deployed", func() bool {
		all, err := i.objects("services")
		return err == nil && len(all) == len(directorChecks)
	})
	i.force(t, "Host", "true")
	found := i.checkNow(t, len(directorChecks))
	for _, c := range directorChecks {
		got := found["mail!"+c.name].stored()
		checkCase(t, c.check, got)
		s.checkStored(t, got)
	}
	s.checkRuns(t)
	w.serve(t)
	w.checkForm(t)
	if file := os.Getenv("CHECK_IMAP_SESSION_PICTURE"); file != "" {
		w.picture(t, file, "/monitoring/service/show?host=mail&service=IMAP%20session")
	}
}

// restore restores the basket twice, and checks that the second time adds nothing.
func (w *web) restore(t *testing.T) {
	t.Helper()
	basket := read(t, "../../contrib/icinga-director/check_imap_session.json")
	var counts []string
	for range 2 {
		w.cli(t, basket, "director", "basket", "restore")
		var count []string
		for _, table := range []string{"director_datafield", "director_datafield_category", "director_datalist", "director_datalist_entry", "icinga_command_argument", "icinga_command_field", "icinga_service"} {
			count = append(count, table+" "+ask(t, w.socket, "SELECT COUNT(*) FROM director."+table))
		}
		counts = append(counts, strings.Join(count, ", "))
	}
	if counts[0] != counts[1] || strings.Contains(counts[0]+",", " 0,") {
		t.Errorf("restored once: %s\nand twice: %s", counts[0], counts[1])
	}
}

// create makes an object of the Director.
func (w *web) create(t *testing.T, kind, name string, properties map[string]any) {
	t.Helper()
	properties["object_type"] = "object"
	text, err := json.Marshal(properties)
	if err != nil {
		t.Fatal(err)
	}
	w.cli(t, "", "director", kind, "create", name, "--json", string(text))
}

// checkForm checks that the form of a service has the headings and fields in the order
// of the help, and drop-downs.
func (w *web) checkForm(t *testing.T) {
	t.Helper()
	page := w.page(t, "/director/service/edit?host=mail&name=warning")
	var got []string
	for _, m := range regexp.MustCompile(`(?s)<(legend|label)[^>]*>(.*?)</`).FindAllStringSubmatch(page, -1) {
		text := strings.Join(strings.Fields(html.UnescapeString(m[2])), " ")
		if m[1] == "legend" {
			text = "== " + text
		}
		got = append(got, text)
	}
	want := []string{"== Custom properties", "Server name", "Address to connect to", "TLS mode", "User name", "Password file", "Mailbox", "Warning limits", "Critical limits", "== IMAP session: Server"}
	first := slices.Index(got, want[0])
	if first < 0 || len(got) < first+len(want) || !slices.Equal(got[first:first+len(want)], want) {
		t.Errorf("the form begins with %q, want %q", got, want)
	}
	got = slices.DeleteFunc(got, func(s string) bool { return !strings.HasPrefix(s, "== IMAP session: ") })
	if all := strings.Join(got, " "); all != "== IMAP session: Server == IMAP session: TLS == IMAP session: Login == IMAP session: OAuth == IMAP session: Session == IMAP session: Expectations == IMAP session: Thresholds == IMAP session: Output == IMAP session: Other" {
		t.Errorf("headings: %s", all)
	}
	for _, option := range []string{`<option value="starttls" selected`, `<option value="oauthbearer"`, `<option value="worst"`, `<option value="auth-failed"`} {
		if !strings.Contains(page, option) {
			t.Errorf("the form has no %s", option)
		}
	}
}
