package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/session"
)

// env is an environment with these variables.
func env(vars map[string]string) Env {
	return Env{Getenv: func(key string) string { return vars[key] }, Stdin: strings.NewReader("from-stdin\n")}
}

// parse parses words separated by blanks.
func parse(t testing.TB, line string, vars map[string]string) *Request {
	t.Helper()
	req, err := Parse(strings.Fields(line), env(vars))
	if err != nil {
		t.Fatalf("Parse(%s): %v", line, err)
	}
	return req
}

// write writes a file that only its owner can read, and returns its path.
func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const account = " -U u --password-file=f"

func TestParse(t *testing.T) {
	tests := []struct {
		line string
		get  func(*Request) any
		want any
	}{
		// defaults
		{"-H h" + account, func(r *Request) any { return r.Session.Dial }, dial.Config{Host: "h", Port: 993}},
		{"-H h" + account, func(r *Request) any { return r.Session.TLS }, session.TLSImplicit},
		{"-H h" + account, func(r *Request) any { return r.Timeout }, 8 * time.Second},
		{"-H h" + account, func(r *Request) any { return r.Session.Timeout }, 8 * time.Second},
		{"-H h" + account, func(r *Request) any { return r.Session.Mailbox }, "INBOX"},
		{"-H h" + account, func(r *Request) any { return r.Session.ListPattern }, "*"},
		{"-H h" + account, func(r *Request) any { return r.Session.Message }, session.MessageSelector{}},
		{"-H h" + account, func(r *Request) any { return r.Session.Fetch }, session.FetchHeaders},
		{"-H h" + account, func(r *Request) any { return r.Session.Auth }, auth.Auto},
		{"-H h" + account, func(r *Request) any { return r.Session.ReadWrite }, false},
		{"-H h" + account, func(r *Request) any { return r.Session.AllowPlaintext }, false},
		{"-H h" + account, func(r *Request) any { return r.Session.Cert.Insecure }, false},
		{"-H h" + account, func(r *Request) any { return r.Session.Cert.ServerName }, "h"},
		{"-H h" + account, func(r *Request) any { return r.Session.Transcript }, false},
		{"-H h" + account, func(r *Request) any { return r.Session.Content }, false},
		{"-H h" + account, func(r *Request) any { return r.Output }, "nagios"},
		{"-H h" + account, func(r *Request) any { return len(r.Policy.Rules) }, 0},

		// TLS mode and port decide each other's default
		{"-H h -p 143" + account, func(r *Request) any { return r.Session.TLS }, session.TLSStart},
		{"-H h -p 1143" + account, func(r *Request) any { return r.Session.TLS }, session.TLSImplicit},
		{"-H h -p 143 -S" + account, func(r *Request) any { return r.Session.TLS }, session.TLSImplicit},
		{"-H h -p 143 --tls=implicit" + account, func(r *Request) any { return r.Session.TLS }, session.TLSImplicit},
		{"-H h -p 143 --tls=none" + account, func(r *Request) any { return r.Session.TLS }, session.TLSNone},
		{"-H h -S" + account, func(r *Request) any { return r.Session.Dial.Port }, uint16(993)},
		{"-H h -S --tls=implicit" + account, func(r *Request) any { return r.Session.TLS }, session.TLSImplicit},
		{"-H h --tls=starttls" + account, func(r *Request) any { return r.Session.Dial.Port }, uint16(143)},
		{"-H h --tls=none" + account, func(r *Request) any { return r.Session.Dial.Port }, uint16(143)},
		{"-H h -p 993 --tls=starttls" + account, func(r *Request) any { return r.Session.Dial.Port }, uint16(993)},

		// server
		{"-H ::1" + account, func(r *Request) any { return r.Session.Dial.Host }, "::1"},
		{"-H [::1]" + account, func(r *Request) any { return r.Session.Dial.Host }, "::1"},
		{"-H h --address=::1" + account, func(r *Request) any { return r.Session.Dial.Address.String() }, "::1"},
		{"-H h --address=[::1]" + account, func(r *Request) any { return r.Session.Dial.Address.String() }, "::1"},
		{"-H h -4" + account, func(r *Request) any { return r.Session.Dial.Family }, dial.IPv4},
		{"-H h --use-ipv6" + account, func(r *Request) any { return r.Session.Dial.Family }, dial.IPv6},
		{"-H h -t 500ms" + account, func(r *Request) any { return r.Timeout }, 500 * time.Millisecond},
		{"-H h -t 2" + account, func(r *Request) any { return r.Timeout }, 2 * time.Second},
		{"-H h -t2.5" + account, func(r *Request) any { return r.Timeout }, 2500 * time.Millisecond},
		{"-H h --timeout=1m30s" + account, func(r *Request) any { return r.Timeout }, 90 * time.Second},
		{"-H h --sni=n" + account, func(r *Request) any { return r.Session.Cert.ServerName }, "n"},
		{"-H h --server-name=n" + account, func(r *Request) any { return r.Session.Dial.Host }, "h"},
		{"-H h --insecure" + account, func(r *Request) any { return r.Session.Cert.Insecure }, true},

		// session
		{"-H h -m Sent,Items" + account, func(r *Request) any { return r.Session.Mailbox }, "Sent,Items"},
		{"-H h --list=a,% --list-reference=#news" + account, func(r *Request) any { return r.Session.ListPattern + " " + r.Session.ListReference }, "a,% #news"},
		{"-H h --message=oldest" + account, func(r *Request) any { return r.Session.Message }, session.MessageSelector{Oldest: true}},
		{"-H h --message=12" + account, func(r *Request) any { return r.Session.Message }, session.MessageSelector{Number: 12}},
		{"-H h --message=UID:12" + account, func(r *Request) any { return r.Session.Message }, session.MessageSelector{UID: 12}},
		{"-H h --fetch=body" + account, func(r *Request) any { return r.Session.Fetch }, session.FetchBody},
		{"-H h --read-write" + account, func(r *Request) any { return r.Session.ReadWrite }, true},
		{"-H h --skip=list,fetch --skip=select" + account, func(r *Request) any { return r.Session.Skip }, map[string]bool{"list": true, "fetch": true, "select": true}},
		{"-H h --until=login" + account, func(r *Request) any { return r.Session.Until }, "login"},
		{"-H h --until=capability", func(r *Request) any { return r.files.password.given() }, false},
		{"-H h --auth=none", func(r *Request) any { return r.Session.Auth }, auth.None},
		{"-H h --auth=plain --allow-plaintext-auth" + account, func(r *Request) any { return r.Session.AllowPlaintext }, true},
		{"-H h -U d\\a\\b --password-file=f", func(r *Request) any { return r.Session.Username }, `d\a\b`},

		// output
		{"-H h -o json --brief -v" + account, func(r *Request) any { return fmt.Sprint(r.Output, " ", r.Brief, " ", r.Verbosity) }, "json true 1"},
		{"-H h -vvv" + account, func(r *Request) any { return r.Session.Transcript }, true},
		{"-H h -vv" + account, func(r *Request) any { return r.Session.Transcript }, false},
		{"-H h -vvvvv" + account, func(r *Request) any { return r.Verbosity }, 3},
		{"--demo", func(r *Request) any { return r.Demo }, "healthy"},
		{"--demo=bye", func(r *Request) any { return r.Demo }, "bye"},

		// steps that are asked for, expectations of mailbox and message
		{"-H h --with=quota,ID" + account, func(r *Request) any { return r.Session.With }, map[string]bool{"quota": true, "id": true}},
		{"-H h --search=UNSEEN" + account, func(r *Request) any { return r.Session.Search.String() }, "UNSEEN"},
		{"-H h --message=header:X-C=1" + account, func(r *Request) any { return r.Session.Message }, session.MessageSelector{Header: "X-C", Value: "1"}},
		{"-H h --fetch=body --fetch-limit=1.5MB" + account, func(r *Request) any { return r.Session.FetchLimit }, int64(1_500_000)},
		{"-H h --expect-uidvalidity=4294967295" + account, func(r *Request) any { return r.Session.Expect.UIDValidity }, uint32(4294967295)},
		{"-H h --expect-writable --read-write" + account, func(r *Request) any { return r.Session.Expect.Writable }, true},
		{"-H h --expect-header=Subject=a=b --expect-header=X-Y=c" + account, func(r *Request) any { return fmt.Sprint(r.Session.Expect.Headers) }, "[{Subject a=b} {X-Y c}]"},
		{"-H h --expect-mailbox=\\\\Trash" + account, func(r *Request) any { return r.Session.Expect.Mailboxes }, []string{`\\Trash`}},
		{"-H h -U u -P p --expect-rights= --skip=list", func(r *Request) any { return len(r.Session.Expect.Rights) }, 0},
		{"-H h -U u -P p --expect-rights=LRSi", func(r *Request) any { return r.Session.Expect.Rights.String() }, "lrsi"},
		{"-H h --expect-id=^name=D --auth=none", func(r *Request) any { return r.Session.Expect.ID.String() }, "^name=D"},
		{"-H h -c time_noop=1 --auth=none", func(r *Request) any { return r.Session.Thresholds }, map[string]string{"time_noop": "-c"}},

		// thresholds
		{"-H h -w 2 -c 5" + account, rules, "time 2 5"},
		{"-H h -w 2 -c time=3" + account, rules, "time 2 3"},
		{"-H h -w messages=1:,time_login=500ms -w 2 -c time_login=1" + account, rules, "time 2 -; time_login 0.5 1; messages 1: -"},
		{"-H h -w -5:5" + account, rules, "time -5:5 -"},
		{"-H h -w=~:5" + account, rules, "time ~:5 -"},
		{"-H h -c folders=@0:10" + account, rules, "folders - @10"},
		{"-H h -c message_age=1h" + account, func(r *Request) any { return r.Session.Thresholds }, map[string]string{"message_age": "-c"}},
		{"-H h -w certificate_days=14: -c certificate_days=7:" + account, rules, "certificate_days 14: 7:"},
		{"-H h -w @5:8 -c 7" + account, rules, "time @5:8 7"},
	}
	for _, tt := range tests {
		if got := tt.get(parse(t, tt.line, nil)); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Parse(%s): got %#v, want %#v", tt.line, got, tt.want)
		}
	}
}

// rules prints the rules of a request.
func rules(r *Request) any {
	var all []string
	for _, rule := range r.Policy.Rules {
		text := []string{rule.Metric, "-", "-"}
		if rule.Warn != nil {
			text[1] = rule.Warn.String()
		}
		if rule.Crit != nil {
			text[2] = rule.Crit.String()
		}
		all = append(all, strings.Join(text, " "))
	}
	return strings.Join(all, "; ")
}

// Every usage error says what was given and what is valid.
func TestUsageErrors(t *testing.T) {
	tests := []struct {
		line string
		want []string
	}{
		{"", []string{"no host", "-H imap.example.com", "--demo"}},
		{"-H h", []string{"no user name", "-U", "--auth=none", "--until=capability"}},
		{"-H h -U u", []string{`no password for "u"`, "--password-file", "--password-command", envPassword}},
		{"-H h --password-file=f", []string{"--password-file", "without a user name", "-U"}},
		{"-H h --auth=none --password-file=f", []string{"--password-file", "without a user name"}},
		{"-H h -U u -P x --password-command=c", []string{"two sources", "-P and --password-command"}},
		{"-H imap://h --auth=none", []string{"-H is a URL", "name alone"}},
		{"-H b\u00fccher.example --auth=none", []string{"not ASCII", "xn--"}},
		{"-H h:993 --auth=none", []string{`"h:993"`, "-p"}},
		{"-H h --address=x:1 --auth=none", []string{`"x:1"`, "has a port in it", "-p 1"}},
		{"-H h -4 -6 --auth=none", []string{"-4 and -6"}},
		{"-H ::1 -4 --auth=none", []string{"::1", "other family", "-4 or -6"}},
		{"-H h -S --tls=starttls --auth=none", []string{"-S", "--tls=starttls", "--tls=implicit"}},
		{"-H h --tls=ssl --auth=none", []string{"--tls", `"ssl"`, "implicit, starttls, none"}},
		{"-H h --tls=implict --auth=none", []string{"did you mean implicit"}},
		{"-H h -p x --auth=none", []string{"-p", "1 to 65535"}},
		{"-H h -p 0 --auth=none", []string{"-p", "1 to 65535"}},
		{"-H h --port=65536 --auth=none", []string{"--port", "1 to 65535"}},
		{"-H h -t x --auth=none", []string{"-t", `"x"`, "500ms"}},
		{"-H h --timeout 2h --auth=none", []string{"--timeout", `"2h"`, "1h"}},
		{"-H h -t -1 --auth=none", []string{"-t", `"-1"`}},
		{"-H h --message=0" + account, []string{"--message", `"0"`, "newest, oldest", "uid:N"}},
		{"-H h --message=uid:x" + account, []string{"--message", `"uid:x"`}},
		{"-H h --fetch=all" + account, []string{"--fetch", `"all"`, "headers, envelope, body"}},
		{"-H h --until=x --auth=none", []string{"--until", `"x"`, "greeting", "logout"}},
		{"-H h --until=login --auth=none", []string{"--until=login", "--auth=none"}},
		{"-H h --skip=login" + account, []string{"--skip", `"login"`, "list, select, fetch"}},
		{"-H h --auth=x" + account, []string{"--auth", `"x"`, "auto, login, plain, cram-md5"}},
		{"-H h -o xml --auth=none", []string{"-o", `"xml"`, "nagios, json"}},
		{"-H h -w 0,5 --auth=none", []string{"-w", `"0,5"`, "0.5"}},
		{"-H h -w messages=0,5" + account, []string{"-w", `"5"`, "has no metric", "0.5"}},
		{"-H h -w tme=1 --auth=none", []string{`"tme"`, "did you mean time?"}},
		{"-H h -w time=x --auth=none", []string{"-w time", `"x"`, "seconds"}},
		{"-H h -w folders=1s" + account, []string{"-w folders", `"1s"`, "a number"}},
		{"-H h -c messages=1: --auth=none", []string{"-c messages", "--auth=none", "select"}},
		{"-H h -c folders=1: --skip=list" + account, []string{"-c folders", "--skip", "list"}},
		{"-H h -c folders=1: --until=login" + account, []string{"-c folders", "--until=login", "list"}},
		{"-H h --tls=none -w certificate_percent=1: --auth=none", []string{"certificate_percent", "--tls=none"}},
		{"-H h --with=login" + account, []string{"--with", `"login"`, "quota", "search"}},
		{"-H h --with=quota --auth=none", []string{"--with=quota", "--auth=none", "leaves out"}},
		{"-H h --with=search --skip=select" + account, []string{"--with=search", "--skip"}},
		{"-H h --search=UNSEEN --until=list" + account, []string{"--search", "--until=list"}},
		{"-H h --search=(UNSEEN" + account, []string{"--search", "( without its )", "for example"}},
		{"-H h -c quota_storage_percent=90 --until=login" + account, []string{"-c quota_storage_percent", "--until=login", "quota"}},
		{"-H h -w search_found=1 --skip=select" + account, []string{"-w search_found", "--skip", "search"}},
		{"-H h --message=header:X" + account, []string{"--message", "header:NAME=VALUE"}},
		{"-H h --fetch-limit=1MB" + account, []string{"--fetch-limit", "--fetch=body"}},
		{"-H h --fetch=body --fetch-limit=5GB" + account, []string{"--fetch-limit", "4 GiB"}},
		{"-H h --fetch=body --fetch-limit=1:5" + account, []string{"--fetch-limit", `"1:5"`}},
		{"-H h --fetch=body --fetch-limit=1 --skip=fetch" + account, []string{"--fetch-limit", "--skip"}},
		{"-H h --expect-uidvalidity=0" + account, []string{"--expect-uidvalidity", "4294967295"}},
		{"-H h --expect-writable" + account, []string{"--expect-writable", "--read-write"}},
		{"-H h --expect-header=Subject" + account, []string{"--expect-header", "NAME=REGEXP"}},
		{"-H h --expect-header=Subject=(" + account, []string{"--expect-header=Subject", "regular expression"}},
		{"-H h --expect-header=A=b --auth=none", []string{"--expect-header", "--auth=none"}},
		{"-H h -U u -P p --expect-rights=l-r", []string{"--expect-rights", "'-' is not a right", "lrsi"}},
		{"-H h -U u -P p --expect-rights=lr --until=login", []string{"--expect-rights has no effect", "--until=login leaves out the step rights"}},
		{"-H h --expect-id=( --auth=none", []string{"--expect-id", "regular expression"}},
		{"-H h -w 5 -c 2 --auth=none", []string{"time", "5", "2", "swap"}},
		{"-H h -w 5 -c ~:2 --auth=none", []string{"beyond its critical"}},
		{"-H h --nonsense --auth=none", []string{"--nonsense", "--help"}},
		{"-H h stray --auth=none", []string{`"stray"`}},
	}
	for _, tt := range tests {
		_, err := Parse(strings.Fields(tt.line), env(nil))
		var u *UsageError
		if !errors.As(err, &u) {
			t.Errorf("Parse(%s): got error %v, want a usage error", tt.line, err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(u.Error(), want) {
				t.Errorf("Parse(%s): got %q, want %q in it", tt.line, u, want)
			}
		}
		if strings.ContainsAny(u.Error(), "\r\n") {
			t.Errorf("Parse(%s): got %q, which is more than one line", tt.line, u)
		}
	}
}

// TestNoErrorRepeatsASecret mistypes the flags of secrets.
func TestNoErrorRepeatsASecret(t *testing.T) {
	for _, line := range []string{
		"-P s3cret --bogus", "-p s3cret", "-ps3cret", "-p=s3cret", "-password=s3cret", "-password s3cret", "-pasword=s3cret", "--pasword=s3cret",
		"--pasword s3cret", "--PASSWORD=s3cret", "-P two s3cret", "--password=s3cret\xff", "-P s3cret\xff", "-P s3cret\x00", "-P -- -- s3cret",
		"-H -Ps3cret", "-H h -m -Ps3cret", "-U -Ps3cret -H h", "-Zs3cret", "-H --password=s3cret", "-P s3cret -H", "-P s3cret -H h", "-vZs3cret",
		"-oauth-proxy=http://u:s3cret@h", "-oauthproxy=s3cret", "--oauth-proxy=s3cret", "--oauth-proxy=s3cret://x", "-H h -U u -P s3cret --password-file=f",
		"-H h -U u -P s3cret --auth=external", "-P s3cret -m a -m b", "-P= s3cret", "-vP=x s3cret", "--extra-opts=none@/none -P s3cret",
	} {
		_, err := Parse(strings.Fields(line), env(nil))
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want an error without the secret", line, err)
		}
	}
}

// These are no errors: the limits allow a WARNING, or the run may yet have the
// metric.
func TestNoUsageErrors(t *testing.T) {
	for _, line := range []string{
		"-H h -w 5 -c 5 --auth=none",
		"-H h -w 5: -c 2: --auth=none",
		"-H h -w @0:5 -c 2 --auth=none",
		"-H h -w message_age=~:5 -c message_age=2" + account,
		"-H h -w time_dns=1 --auth=none --address=127.0.0.1",
		"-H h -w time_starttls=1 --auth=none",
		"-H h -w time_capability=1 --auth=none",
		"-H h -w certificate_days=14: --auth=none",
		"-H h -w ,2, --auth=none",
		"-H h --skip= --until= --message= --auth=none",
		"--demo -w time_login=2",
		"--demo -U u -P x",
		"-h", "-V",
	} {
		parse(t, line, nil)
	}
}

// The environment is the last resort and never makes a check log in by itself.
func TestEnvironmentPassword(t *testing.T) {
	vars := map[string]string{envPassword: "from-env"}
	tests := []struct {
		line string
		vars map[string]string
		want string // the password; "" for none
		err  string
	}{
		{"-H h -U u", vars, "from-env", ""},
		{"-H h -U u -P flag", vars, "flag", ""},
		{"-H h -U u --password-file=-", vars, "from-stdin", ""},
		{"-H h --auth=none", vars, "", ""},
		{"-H h -U u --auth=none", vars, "", ""},
		{"-H h", vars, "", "no user name"},
		{"-H h -U u", map[string]string{envPassword: ""}, "", "no password"},
	}
	for _, tt := range tests {
		req, err := Parse(strings.Fields(tt.line), env(tt.vars))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: got error %v, want %q", tt.line, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		if err := req.Load(t.Context()); err != nil {
			t.Errorf("%s: Load: %v", tt.line, err)
		}
		if got := req.Session.Password.Reveal(); got != tt.want {
			t.Errorf("%s: got password %q, want %q", tt.line, got, tt.want)
		}
	}
}

// Only these variables and those of --extra-opts are read (rule C3).
func TestVariablesRead(t *testing.T) {
	var read []string
	e := Env{Getenv: func(key string) string { read = append(read, key); return "" }}
	if _, err := Parse(strings.Fields("-H h"+account), e); err != nil {
		t.Fatal(err)
	}
	if want := []string{envCredentials, envPassword}; !reflect.DeepEqual(read, want) {
		t.Errorf("got %q, want %q", read, want)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string { return write(t, filepath.Join(dir, name), text) }
	tests := []struct {
		name, flags string
		want        string // the password
		err         string // what the error has in it
	}{
		{"file", "--password-file=" + file("a", "from-file\nsecond\n"), "from-file", ""},
		{"file with CRLF", "--password-file=" + file("b", "from-file\r\n"), "from-file", ""},
		{"standard input", "--password-file=-", "from-stdin", ""},
		{"flag", "-P from-flag", "from-flag", ""},
		{"missing file", "--password-file=" + dir + "/none", "", "--password-file: file " + dir + "/none: no such file"},
		{"directory", "--password-file=" + dir, "", "--password-file: file " + dir},
		{"empty file", "--password-file=" + file("c", "\nsecond\n"), "", "is empty"},
		{"NUL", "--password-file=" + file("d", "a\x00b\n"), "", "NUL"},
		{"no such command", "--password-command=" + dir + "/none", "", "--password-command: "},
		{"command fails", "--password-command=false", "", "--password-command: "},
		{"missing CA file", "-P x --ca-file=" + dir + "/none", "", "--ca-file=" + dir + "/none: "},
		{"CA file without a certificate", "-P x --ca-file=" + file("e", "nothing"), "", "no certificate"},
		{"CA file with a key only", "-P x --ca-file=" + file("f", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "", "no certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := parse(t, "-H h -U u "+tt.flags, nil)
			err := req.Load(t.Context())
			if tt.err == "" {
				if err != nil || req.Session.Password.Reveal() != tt.want {
					t.Errorf("got password %q, error %v, want %q", req.Session.Password.Reveal(), err, tt.want)
				}
				return
			}
			var c *ConfigError
			if !errors.As(err, &c) || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got error %v, want a config error with %q", err, tt.err)
			}
			if !req.Session.Password.IsZero() {
				t.Error("there is a password")
			}
		})
	}
}

// Nothing is read for a check that does not log in.
func TestLoadReadsNothingWithoutLogin(t *testing.T) {
	req := parse(t, "-H h -U u --password-file=/nonexistent --until=greeting", nil)
	if err := req.Load(t.Context()); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestStandardInputOnce(t *testing.T) {
	e := env(nil)
	e.Stdin = strings.NewReader("[check_imap_session]\nhostname=h\nusername=u\n")
	_, err := Parse([]string{"--extra-opts=@-", "--password-file=-"}, e)
	if err == nil || !strings.Contains(err.Error(), "standard input cannot be both") {
		t.Errorf("got %v", err)
	}
}
