package systemtest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"check_imap_session/internal/servertest"
)

// mailboxExtra gives Dovecot a quota, rights and a Trash, and Cyrus a quota of 10 MiB
// a user and a Trash.
var mailboxExtra = map[string]string{"dovecot": `mail_plugins = $mail_plugins quota acl
protocol imap {
  mail_plugins = $mail_plugins quota imap_quota acl imap_acl
}
plugin {
  acl = vfile
  quota = maildir:User quota
  quota_rule = *:storage=10M:messages=100
}
namespace inbox {
  mailbox Trash {
    special_use = \Trash
    auto = create
  }
}
`, "cyrus": "autocreate_quota: 10240\nautocreate_inbox_folders: Trash\nxlist-trash: Trash\n"}

// TestMailboxRealServers runs all steps and expectations about mailboxes against real
// servers.
func TestMailboxRealServers(t *testing.T) {
	for _, l := range servertest.All() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			srv, _ := startServer(t, l.Name, mailboxExtra[l.Name])
			checkAsked(t, srv)
			checkQuota(t, srv)
			checkSearch(t, srv)
			checkExpected(t, srv)
			checkRights(t, srv)
		})
	}
}

// ask runs the program with -o json against a real server, as alice and without TLS.
func ask(t *testing.T, srv *servertest.Server, args ...string) result {
	t.Helper()
	args = append([]string{"-H", srv.Host, "-p", strconv.Itoa(srv.IMAP), "--tls=none", "--allow-plaintext-auth", "-U", "alice", "-t", "20s", "-o", "json"}, args...)
	return runMain(t, password("secret"), args...)
}

// wantMetrics checks numbers of an answer whose session went well.
func wantMetrics(t *testing.T, a result, want map[string]float64) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got, ok := a.Metric(name); !ok || got != want[name] {
			t.Errorf("%s is %v, %v, want %v (%s %v)", name, got, ok, want[name], a.State, a.Findings)
		}
	}
}

// wantFault checks the one finding of an answer: an expectation at a step.
func wantFault(t *testing.T, a result, step, text string) {
	t.Helper()
	if len(a.Findings) != 1 || a.Findings[0].Kind != "expectation" || a.Findings[0].Step != step || !strings.Contains(a.Findings[0].Text, text) || a.State != "CRITICAL" {
		t.Errorf("%s %v, want an expectation at %s with %q in it", a.State, a.Findings, step, text)
	}
}

func checkAsked(t *testing.T, srv *servertest.Server) {
	a := ask(t, srv, "--with=noop,namespace,idle,status,search")
	wantMetrics(t, a, map[string]float64{"messages_unseen": 3, "messages_deleted": 0, "search_found": 3, "messages": 3})
	for _, step := range []string{"noop", "namespace", "idle", "status", "search"} {
		if v, ok := a.Metric("time_" + step); !ok || v < 0 {
			t.Errorf("time_%s is %v, %v", step, v, ok)
		}
	}
	if a.State != "OK" || a.Facts["namespace_personal"] == nil {
		t.Errorf("%s %v, want OK and the personal namespace among %v", a.State, a.Findings, a.Facts)
	}
	name := map[string]string{"dovecot": "Dovecot", "cyrus": "Cyrus IMAPD"}[srv.Name]
	a = ask(t, srv, "--expect-id=^name="+name)
	if srv.Name == "courier" {
		wantFault(t, a, "id", "capability ID is missing")
	} else if a.State != "OK" || a.Facts["server_name"] != name {
		t.Errorf("%s %v, want OK and name %s in %v", a.State, a.Findings, name, a.Facts)
	}
	a = ask(t, srv, "-c", "mailbox_size=1:")
	if srv.Name == "courier" {
		wantFault(t, a, "status", "capability STATUS=SIZE is missing")
	} else {
		size := float64(3 * len(strings.ReplaceAll(message(1), "\n", "\r\n")))
		wantMetrics(t, a, map[string]float64{"mailbox_size": size})
	}
}

// checkRights asks for the rights of the owner, who has all, under the names that the
// servers of RFC 2086 and of RFC 4314 have for them.
func checkRights(t *testing.T, srv *servertest.Server) {
	a := ask(t, srv, "--expect-rights=lrswite")
	if rights, _ := a.Facts["rights"].(string); a.State != "OK" || !strings.Contains(rights, "l") || (srv.Name == "courier") == strings.Contains(rights, "e") {
		t.Errorf("%s %v, want OK and the rights %v", a.State, a.Findings, a.Facts["rights"])
	}
	wantFault(t, ask(t, srv, "--expect-rights=l9"), "rights", "alice may not do what the right 9 is for in INBOX (rights ")
}

func checkQuota(t *testing.T, srv *servertest.Server) {
	a := ask(t, srv, "-c", "quota_storage_percent=90")
	if srv.Name == "courier" {
		wantFault(t, a, "quota", "does not limit STORAGE")
		return
	}
	wantMetrics(t, a, map[string]float64{"quota_storage_limit": 10240 << 10})
	used, _ := a.Metric("quota_storage_used")
	percent, ok := a.Metric("quota_storage_percent")
	if used <= 0 || !ok || percent <= 0 || percent > 50 || a.State != "OK" {
		t.Errorf("%s: used %v, %v %%", a.State, used, percent)
	}
	a = ask(t, srv, "-w", "quota_messages_percent=90")
	if srv.Name == "cyrus" {
		wantFault(t, a, "quota", "does not limit MESSAGE")
	} else {
		wantMetrics(t, a, map[string]float64{"quota_messages_limit": 100})
	}
}

func checkSearch(t *testing.T, srv *servertest.Server) {
	a := ask(t, srv, "--search", `SUBJECT "message 2"`, "-c", "search_oldest_age=1h,search_newest_age=1h")
	wantMetrics(t, a, map[string]float64{"search_found": 1})
	oldest, ok := a.Metric("search_oldest_age")
	if newest, _ := a.Metric("search_newest_age"); !ok || oldest != newest && oldest-newest > 0.1 || oldest < 0 || oldest > 600 || a.State != "OK" {
		t.Errorf("%s %v: oldest %v, newest %v", a.State, a.Findings, oldest, newest)
	}
	wantMetrics(t, ask(t, srv, "--search", `FROM "bücher"`), map[string]float64{"search_found": 0})
	wantMetrics(t, ask(t, srv, "--search", "SINCE {-1d}"), map[string]float64{"search_found": 3})
	wantMetrics(t, ask(t, srv, "--search", "BEFORE {-1d}"), map[string]float64{"search_found": 0})
	if a := ask(t, srv, "--search", "NOT YOUNGER 86400"); srv.Name == "courier" {
		wantFault(t, a, "search", "YOUNGER needs the capability WITHIN")
	} else {
		wantMetrics(t, a, map[string]float64{"search_found": 0})
	}
	if a := ask(t, srv, "--search", "NO-SUCH-KEY"); a.State != "UNKNOWN" || len(a.Findings) != 1 || a.Findings[0].Kind != "search_keys" {
		t.Errorf("%s %v, want search_keys", a.State, a.Findings)
	}
}

func checkExpected(t *testing.T, srv *servertest.Server) {
	a := ask(t, srv, "--message=header:Subject=message 2", "--expect-header=subject=^message 2$", "--fetch=body", "--fetch-limit=50")
	wantMetrics(t, a, map[string]float64{"fetch_size": 50})
	wantFault(t, ask(t, srv, "--expect-header=X-Canary=."), "fetch", "has no header field X-Canary")
	if a := ask(t, srv, "--message=header:X-Canary=nowhere"); len(a.Findings) != 1 || a.Findings[0].Kind != "message_missing" {
		t.Errorf("%s %v, want message_missing", a.State, a.Findings)
	}
	validity, ok := a.Facts["uidvalidity"].(float64)
	if !ok {
		t.Fatalf("facts %v, want uidvalidity", a.Facts)
	}
	if a := ask(t, srv, "--expect-uidvalidity", strconv.Itoa(int(validity)), "--read-write", "--expect-writable"); a.State != "OK" {
		t.Errorf("%s %v, want OK", a.State, a.Findings)
	}
	wantFault(t, ask(t, srv, "--expect-uidvalidity", "7"), "select", "not 7")
	if a := ask(t, srv, `--expect-mailbox=\Trash`); srv.Name == "courier" {
		wantFault(t, a, "list", `no mailbox is listed as \Trash`)
	} else if a.State != "OK" {
		t.Errorf("%s %v, want OK", a.State, a.Findings)
	}
}
