package systemtest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// option is a flag by its long name and its values.
type option struct {
	name   string
	values []string // "" for a flag without a value
}

// options takes the command line apart.
func (r recipe) options() []option {
	long := map[string]string{"-H": "hostname", "-U": "username", "-w": "warning", "-c": "critical", "-m": "mailbox", "-D": "certificate"}
	var all []option
	for i := 0; i < len(r.args); i++ {
		name, value, _ := strings.Cut(strings.TrimPrefix(r.args[i], "--"), "=")
		if l, ok := long[r.args[i]]; ok {
			i++
			name, value = l, r.args[i]
		}
		if n := len(all) - 1; n >= 0 && all[n].name == name {
			all[n].values = append(all[n].values, value)
			continue
		}
		all = append(all, option{name, []string{value}})
	}
	return all
}

// icinga is the service of Icinga 2. Its variables are those of the
// CheckCommand that is made from the grammar.
func (r recipe) icinga(t *testing.T) string {
	command, err := os.ReadFile("../../contrib/icinga2/check_imap_session.conf")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "object Service \"imap %s\" {\n  import \"imap-session\"\n  host_name = \"mail\"\n", r.name)
	for _, o := range r.options() {
		name := "imap_session_" + strings.ReplaceAll(o.name, "-", "_")
		if !regexp.MustCompile(`\$` + name + `\$`).Match(command) {
			t.Errorf("the CheckCommand has no variable %s", name)
		}
		var quoted []string
		for _, v := range o.values {
			quoted = append(quoted, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `$$`).Replace(v)+`"`)
		}
		value := quoted[0]
		if len(quoted) > 1 {
			value = "[ " + strings.Join(quoted, ", ") + " ]"
		}
		if o.values[0] == "" {
			value = "true"
		}
		fmt.Fprintf(&b, "  vars.%s = %s\n", name, value)
	}
	if r.byName {
		b.WriteString("  vars.imap_session_address = \"\" // resolve the name instead\n")
	}
	return b.String() + "}\n"
}

// nagios is the service of Nagios, with its section of the ini file where the
// command has no argument for a flag. What the section says has to be what the
// command line says.
func (r recipe) nagios(t *testing.T) string {
	host := r.options()[0].values[0]
	section := strings.ToLower(strings.ReplaceAll(r.name, " ", "_"))
	var ini strings.Builder
	for _, o := range r.options()[1:] {
		for _, v := range o.values {
			fmt.Fprintf(&ini, "%s = %s\n", o.name, v)
		}
	}
	withoutFile := regexp.MustCompile(`(?m)^password-file.*\n`).ReplaceAllString(ini.String(), "")
	file := writeFile(t, t.TempDir(), "ini", []byte("["+section+"]\n"+withoutFile))
	direct, byFile := r.request(t, r.args), r.request(t, []string{"-H", host, "--extra-opts=" + section + "@" + file})
	if got, want := fmt.Sprintf("%+v %+v", byFile.Session, byFile.Policy.Rules), fmt.Sprintf("%+v %+v", direct.Session, direct.Policy.Rules); got != want {
		t.Errorf("the ini file says\n%s\nthe command line\n%s", got, want)
	}
	command, define := "check_imap_session_ini", ""
	if r.byName {
		command = "check_imap_session_by_name"
		define = "# the command " + command + " is that of check 8\n"
	}
	if r.addrs != nil {
		define = "define command {\n    command_name         " + command + "\n" +
			"    command_line         $USER1$/check_imap_session -H '$ARG1$' --extra-opts='$ARG2$'\n}\n\n"
	}
	return fmt.Sprintf("# /etc/nagios/imap_session.ini\n[%s]\n%s\n%s"+
		"define service {\n    use                  imap-session\n    host_name            mail\n    service_description  IMAP %s\n"+
		"    check_command        %s!%s!%s@/etc/nagios/imap_session.ini\n}\n", section, ini.String(), define, r.name, command, host, section)
}
