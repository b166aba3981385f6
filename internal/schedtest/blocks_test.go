//go:build linux

package schedtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a page.
type block struct {
	page string
	lang string // "" for what is shown and not copied
	path string // the file it is for, which the paragraph before it ends with
	text string
}

// copied are the languages of blocks that a reader copies into a file or a
// shell. All others only show something.
var copied = map[string]bool{"sh": true, "ini": true, "toml": true, "nagios": true, "icinga2": true}

// pagePath finds the file name at the end of a paragraph: `/etc/NAME`:
var pagePath = regexp.MustCompile("`(/[^` ]+)`[^`]*:$")

// blocks returns the fenced blocks of a page. A block that is copied must say
// where to, but for commands, and no block may be hidden by indentation.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	var found []block
	before, in := "", false
	for line := range strings.Lines(read(t, page)) {
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && in:
			in = false
			before = ""
		case fence:
			in = true
			b := block{page: page, lang: strings.TrimSpace(lang)}
			if m := pagePath.FindStringSubmatch(strings.TrimSpace(before)); m != nil && copied[b.lang] {
				b.path = m[1]
			}
			if copied[b.lang] && b.lang != "sh" && b.path == "" {
				t.Errorf("%s: a block of %s does not say which file it is for; before it stands %q", page, b.lang, before)
			}
			found = append(found, b)
		case in:
			found[len(found)-1].text += line
		case strings.HasPrefix(line, "    "):
			t.Errorf("%s: use a fenced block with its language for %q", page, line)
		case strings.TrimSpace(line) != "":
			before = line
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no blocks", page)
	}
	return found
}

// reader does what a page says, on a copy of what Debian's packages put into
// /etc.
type reader struct {
	site     *site
	root     string
	password string // typed when a command asks
}

// newReader copies the folders of /etc that are there.
func (s *site) newReader(t *testing.T, name string, folders ...string) *reader {
	t.Helper()
	r := &reader{site: s, root: filepath.Join(s.dir, name), password: filePassword}
	for _, f := range append(folders, "/etc/nagios") {
		if _, err := os.Stat(f); err != nil {
			continue
		}
		if err := os.CopyFS(filepath.Join(r.root, f), os.DirFS(f)); err != nil {
			t.Fatal(err)
		}
	}
	// The links of features-enabled lead to the copies, not to the originals.
	links, err := filepath.Glob(filepath.Join(r.root, "etc/icinga2/features-enabled/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		text := read(t, l)
		if err := os.Remove(l); err != nil {
			t.Fatal(err)
		}
		write(t, l, text, 0o644)
	}
	return r
}

// moved brings a text to the test's folders and server. Nothing else in it
// changes.
func (r *reader) moved(text string) string {
	for _, folder := range []string{"/etc/nagios4/", "/etc/nagios-plugins/", "/etc/nagios/", "/etc/icinga2/", "/etc/check_mk/", "/etc/zabbix/", "/etc/telegraf/", "/usr/local/bin/", "/var/lib/prometheus/"} {
		text = strings.ReplaceAll(text, folder, r.root+folder)
	}
	// The plugin of the test stands behind the recorder: keep that.
	text = strings.ReplaceAll(text, "-o /usr/lib/nagios/plugins/ ", "-o "+r.root+"/built/ ")
	text = strings.ReplaceAll(text, "/usr/lib/nagios/plugins", r.site.plugins)
	text = strings.ReplaceAll(text, "192.0.2.7", r.site.mail)
	// No name server knows the example's name.
	text = regexp.MustCompile(`(?m)^hostname = imap\.example\.com$`).ReplaceAllString(text, "$0\naddress = "+r.site.mail)
	text = regexp.MustCompile(`-H imap\.example\.com( |$)`).ReplaceAllString(text, "-H imap.example.com --address="+r.site.mail+"$1")
	return strings.ReplaceAll(text, "sudo -u nagios ", "setpriv --reuid=nagios --regid=nagios --clear-groups ")
}

// put writes a file to where a page says, as part of what is there already.
func (r *reader) put(t *testing.T, path, text string) {
	t.Helper()
	path, mode := filepath.Join(r.root, path), os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	old, _ := os.ReadFile(path)
	write(t, path, string(old)+r.moved(text), mode)
}

// follow does what a page says for files below the folders and for commands, and
// returns what the commands printed.
func (r *reader) follow(t *testing.T, page string, folders ...string) string {
	t.Helper()
	var out strings.Builder
	for _, b := range blocks(t, page) {
		wanted := false
		for _, f := range append(folders, "/etc/nagios/") {
			wanted = wanted || strings.HasPrefix(b.path, f)
		}
		switch {
		case b.path != "" && wanted:
			r.put(t, b.path, b.text)
		case b.path == "" && b.lang == "sh":
			out.WriteString(r.shell(t, b.text))
		}
	}
	return out.String()
}
