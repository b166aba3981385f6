//go:build linux

package schedtest

import (
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

// checksPage has no paths before its blocks: a block of Icinga's is one of
// services, one of Nagios' may begin with a section of the ini file.
const checksPage = "../../docs/checks.md"

// TestChecksPageIcinga loads all services of docs/checks.md with the shipped
// template, on Debian's own configuration.
func TestChecksPageIcinga(t *testing.T) {
	servertest.Need(t, servertest.Installed(icingaProgram, "/etc/icinga2/icinga2.conf"))
	t.Parallel()
	r := newSite(t).newReader(t, "root", "/etc/icinga2")
	r.put(t, "/etc/icinga2/conf.d/imap-services.conf", read(t, "../../contrib/icinga2/services.conf"))
	r.put(t, "/etc/icinga2/conf.d/mail.conf", "object Host \"mail\" {\n  import \"generic-host\"\n  address = \"192.0.2.7\"\n  vars.imap_sessions[\"IMAP\"] = { imap_session_auth = \"none\" }\n}\n")
	want := 1
	for _, b := range blocks(t, checksPage) {
		if strings.HasPrefix(b.text, "object Service") {
			want++
			r.put(t, "/etc/icinga2/conf.d/mail.conf", b.text)
		}
	}
	i := r.debianIcinga(t)
	i.run(t)
	all, err := i.objects("services")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, o := range all {
		if o.Command == "imap_session" {
			found++
		}
	}
	if found != want || want < 11 {
		t.Errorf("Icinga has %d services of the page, which has %d", found, want)
	}
}

// TestChecksPageNagios does the same with Nagios.
func TestChecksPageNagios(t *testing.T) {
	servertest.Need(t, servertest.Installed(nagios, "/etc/nagios4/nagios.cfg"))
	t.Parallel()
	r := newSite(t).newReader(t, "root", "/etc/nagios4", "/etc/nagios-plugins")
	r.put(t, "/etc/nagios-plugins/config/check_imap_session.cfg", read(t, "../../contrib/nagios/check_imap_session.cfg"))
	r.put(t, "/etc/nagios4/conf.d/services.cfg", read(t, "../../contrib/nagios/services.cfg"))
	r.put(t, "/etc/nagios4/conf.d/mail.cfg", "define host {\n use generic-host\n host_name mail\n address 192.0.2.7\n check_command check-host-alive\n max_check_attempts 3\n contact_groups admins\n}\n")
	want := 0
	for _, b := range blocks(t, checksPage) {
		if at := strings.Index(b.text, "\ndefine "); at >= 0 {
			want++
			r.put(t, "/etc/nagios/imap_session.ini", b.text[:at+1])
			r.put(t, "/etc/nagios4/conf.d/mail.cfg", b.text[at:])
		}
	}
	verifyNagios(t, r.debianNagios(t))
	if found := len(r.nagiosServices(t)); found != want || want < 10 {
		t.Errorf("Nagios has %d services of the page, which has %d", found, want)
	}
}
