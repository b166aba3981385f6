//go:build linux

package schedtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// web is a private Icinga Web with the Director, before a private Icinga.
type web struct {
	dir    string
	url    string
	env    []string
	socket string // of the database
	client *http.Client
}

// ido is what Icinga needs to write for Icinga Web, with the port of the database.
const ido = `library "db_ido_mysql"
object IdoMysqlConnection "ido" {
  host = "127.0.0.1"
  port = %s
  user = "icinga"
  password = "icinga"
  database = "ido"
}
`

// newDatabase starts a MariaDB of this test, with what Debian's schema files
// want in it, and returns its port and its socket.
func newDatabase(t *testing.T, dir string) (port, socket string) {
	t.Helper()
	data := subdir(t, dir, "data")
	giveToNagios(t, dir)
	// Nothing has to survive a power failure.
	fast := []string{"--user=nagios", "--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite", "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M"}
	if out, code := output(t, "mariadb-install-db", append([]string{"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db"}, fast...)...); code != 0 {
		t.Fatalf("mariadb-install-db: %s", out)
	}
	port, socket = freePort(t), filepath.Join(dir, "socket")
	start(t, dir, exec.Command("mariadbd", append([]string{"--no-defaults", "--datadir=" + data, "--socket=" + socket, "--bind-address=127.0.0.1", "--port=" + port, "--pid-file=" + filepath.Join(dir, "pid")}, fast...)...))
	waitFor(t, "the database", func() bool {
		_, code := output(t, "mariadb", "--no-defaults", "-u", "root", "-S", socket, "-e", "SELECT 1")
		return code == 0
	})
	ask(t, socket, `CREATE DATABASE ido CHARACTER SET latin1; CREATE DATABASE director CHARACTER SET utf8;
		CREATE USER icinga@'127.0.0.1' IDENTIFIED BY 'icinga'; GRANT ALL ON *.* TO icinga@'127.0.0.1';
		USE ido;`+read(t, "/usr/share/icinga2-ido-mysql/schema/mysql.sql"))
	return port, socket
}

// ask returns the lines of an answer of the database.
func ask(t *testing.T, socket, sql string) string {
	t.Helper()
	out, code := output(t, "mariadb", "--no-defaults", "-u", "root", "-S", socket, "-N", "-e", sql)
	if code != 0 {
		t.Fatalf("%s: %s", sql, out)
	}
	return strings.TrimSpace(out)
}

// newWeb configures Icinga Web and the Director for an Icinga that runs.
func newWeb(t *testing.T, dir string, i *icinga, dbPort, socket string) *web {
	t.Helper()
	w := &web{dir: dir, socket: socket, url: "http://127.0.0.1:" + freePort(t), client: &http.Client{Timeout: time.Minute}}
	resource := func(name, charset string) string {
		return fmt.Sprintf("[%s]\ntype = db\ndb = mysql\nhost = 127.0.0.1\nport = %s\ndbname = %[1]s\nusername = icinga\npassword = icinga\ncharset = %[3]s\n", name, dbPort, charset)
	}
	api := func(section string) string {
		return fmt.Sprintf("[%s]\nendpoint = %s\nhost = 127.0.0.1\nport = %s\nusername = test\npassword = %s\n", section, i.name, port(t, i.addr), apiPassword)
	}
	for name, text := range map[string]string{
		"config.ini":                               "[global]\nmodule_path = /usr/share/icingaweb2/modules\nconfig_backend = ini\n[logging]\nlog = file\nlevel = WARNING\nfile = " + dir + "/icingaweb.log\n",
		"resources.ini":                            resource("director", "utf8") + resource("ido", "latin1"),
		"authentication.ini":                       "[all]\nbackend = external\n",
		"roles.ini":                                "[all]\nusers = admin\npermissions = \"*\"\n",
		"modules/director/config.ini":              "[db]\nresource = director\n",
		"modules/director/kickstart.ini":           api("config"),
		"modules/monitoring/config.ini":            "[security]\nprotected_customvars = \"*pw*,*pass*\"\n",
		"modules/monitoring/backends.ini":          "[ido]\ntype = ido\nresource = ido\n",
		"modules/monitoring/commandtransports.ini": strings.Replace(api("api"), "endpoint", "transport = api\n;", 1),
	} {
		write(t, filepath.Join(dir, name), text, 0o600)
	}
	enabled := subdir(t, dir, "enabledModules")
	for _, m := range []string{"director", "incubator", "reactbundle", "monitoring"} {
		if err := os.Symlink("/usr/share/icingaweb2/modules/"+m, filepath.Join(enabled, m)); err != nil {
			t.Fatal(err)
		}
	}
	giveToNagios(t, dir)
	w.env = append(os.Environ(), "ICINGAWEB_CONFIGDIR="+dir, "ICINGAWEB_STORAGEDIR="+dir+"/storage", "TMPDIR="+dir, "REMOTE_USER=admin", "PHP_CLI_SERVER_WORKERS=4")
	w.cli(t, "", "director", "migration", "run", "--verbose")
	w.cli(t, "", "director", "kickstart", "run")
	return w
}

// cli runs icingacli with its standard input and returns what it prints.
func (w *web) cli(t *testing.T, stdin string, words ...string) string {
	t.Helper()
	cmd := exec.Command("icingacli", words...)
	cmd.Env, cmd.Stdin, cmd.Dir = w.env, strings.NewReader(stdin), w.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("icingacli %q: %v\n%s", words, err, out)
	}
	return string(out)
}

// serve starts PHP's own web server. It listens on loopback while the test runs
// and takes everybody for the administrator.
func (w *web) serve(t *testing.T) {
	t.Helper()
	addr := strings.TrimPrefix(w.url, "http://")
	cmd := exec.Command("php", "-d", "error_reporting=0", "-S", addr, "-t", "/usr/share/icingaweb2/public", "/usr/share/icingaweb2/public/index.php")
	cmd.Env = w.env
	start(t, w.dir, cmd)
	waitFor(t, "Icinga Web", func() bool { return listening(addr) })
}

// page returns a page of Icinga Web.
func (w *web) page(t *testing.T, path string) string {
	t.Helper()
	resp, err := w.client.Get(w.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%.2000s", path, resp.Status, err, text)
	}
	return string(text)
}

// picture writes a picture of a page, in which the whole output is unfolded. It
// takes the packages chromium-headless-shell and pngquant.
func (w *web) picture(t *testing.T, file, path string) {
	t.Helper()
	behind, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	unfold := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind) },
		ModifyResponse: func(r *http.Response) error {
			text, err := io.ReadAll(r.Body)
			text = bytes.ReplaceAll(text, []byte(`class="collapsible"`), nil)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			r.Header.Del("Content-Length")
			return err
		},
	}
	front := httptest.NewServer(unfold)
	defer front.Close()
	big := filepath.Join(w.dir, "picture.png")
	out, code := output(t, "chromium-headless-shell", "--no-sandbox", "--hide-scrollbars", "--force-device-scale-factor=1", "--window-size=1200,960",
		"--user-data-dir="+filepath.Join(w.dir, "chromium"), "--virtual-time-budget=20000", "--screenshot="+big, front.URL+path)
	if code != 0 {
		t.Fatal(out)
	}
	if out, code := output(t, "pngquant", "--force", "--output", file, "--strip", "--speed", "1", big); code != 0 {
		t.Fatal(out)
	}
}
