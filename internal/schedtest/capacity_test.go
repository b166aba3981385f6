//go:build linux

package schedtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/servertest"
)

// capacityServices is how many mailboxes the node looks into. The rate is
// raised by checking them more often.
const capacityServices = 300

// TestCapacity measures how many checks a minute one Icinga node carries: the
// shipped command against a Dovecot on the same machine, more and more often,
// until checks start late or are left out. It needs a quiet machine and about
// ten minutes, so it runs on demand only:
//
//	CHECK_IMAP_SESSION_CAPACITY=1 go test -run TestCapacity -v -timeout 30m ./internal/schedtest
func TestCapacity(t *testing.T) {
	if os.Getenv("CHECK_IMAP_SESSION_CAPACITY") != "1" {
		t.Skip("skip: CHECK_IMAP_SESSION_CAPACITY is not 1")
	}
	servertest.Need(t, servertest.Installed(icingaProgram, "/usr/share/icinga2/include/itl"))
	s := newSite(t)
	// The plugin itself, with no recorder in front of it.
	plugins := filepath.Join(s.dir, "bare")
	write(t, filepath.Join(plugins, "check_imap_session"), read(t, filepath.Join(s.dir, "plugin")), 0o755)
	i := s.newAlone(t, plugins, read(t, "../../contrib/icinga2/check_imap_session.conf"), read(t, "../../contrib/icinga2/services.conf"),
		fmt.Sprintf(`object Host "mail" {
  check_command = "dummy"
  address = "127.0.0.1"
  vars.imap_session_hostname = "imap.test"
  vars.imap_session_port = %d
  vars.imap_session_ca_file = "%[2]s/ca.pem"
  vars.imap_session_username = "alice"
  vars.imap_session_password_file = "%[2]s/secrets/alice"
  vars.imap_session_warning = { time = 5 }
  for (n in range(%[3]d)) {
    vars.imap_sessions["mailbox " + n] = { imap_session_mailbox = "INBOX" }
  }
}
`, s.port, s.dir, capacityServices))
	conf := filepath.Join(i.dir, "conf/icinga2.conf")
	write(t, conf, strings.Replace(read(t, conf), "const MaxConcurrentChecks = 3\n", "", 1), 0o600)
	i.run(t)

	t.Logf("%d cores, %d services", runtime.NumCPU(), capacityServices)
	for _, every := range []float64{60, 30, 20, 15, 12, 10, 8, 6, 5, 4, 3, 2} {
		want := capacityServices * 60 / every
		if _, err := i.api("POST", "objects/services", fmt.Sprintf(`{"filter":"true","attrs":{"check_interval":%g,"retry_interval":%g}}`, every, every)); err != nil {
			t.Fatal(err)
		}
		// What was scheduled at the rate before has to be over.
		time.Sleep(time.Duration(max(every, 10)) * time.Second)
		before, began := i.cost(t), time.Now()
		time.Sleep(time.Minute)
		after, took := i.cost(t), time.Since(began)
		c := i.counts(t)
		per := func(ticks float64) float64 { return ticks * 10 / c.Checks } // ms
		icinga, plugin, dovecot := after.icinga-before.icinga, after.plugin-before.plugin, after.dovecot-before.dovecot
		share := func(ticks float64) float64 { return ticks / took.Seconds() / float64(runtime.NumCPU()) } // percent
		t.Logf("every %2g s: wanted %4.0f/min, did %4.0f/min; late by %.3f s, took %.3f s on average, %.3f s at most; not OK %.0f; "+
			"ms of processor for a check: Icinga %.1f, plugin %.1f, Dovecot %.1f; machine %.0f %% busy, %.0f %% with anything else",
			every, want, c.Checks, c.Latency, c.Execution, c.MaxExecution, c.Warning+c.Critical+c.Unknown,
			per(icinga), per(plugin), per(dovecot), share(after.busy-before.busy), share(after.busy-before.busy-icinga-plugin-dovecot))
		if c.Checks < 0.95*want || c.Latency > 1 {
			return
		}
	}
	t.Error("no limit found")
}

// counts is what Icinga says of itself: of the last minute, or of the last
// results.
type counts struct {
	Checks       float64 `json:"active_service_checks_1min"`
	Latency      float64 `json:"avg_latency"` // seconds
	Execution    float64 `json:"avg_execution_time"`
	MaxExecution float64 `json:"max_execution_time"`
	Warning      float64 `json:"num_services_warning"`
	Critical     float64 `json:"num_services_critical"`
	Unknown      float64 `json:"num_services_unknown"`
}

func (i *icinga) counts(t *testing.T) counts {
	t.Helper()
	text, err := i.api("GET", "status/CIB", "")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Results []struct{ Status counts }
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Results) != 1 {
		t.Fatalf("status/CIB: %v, %.200s", err, text)
	}
	return answer.Results[0].Status
}

// cost is processor time in ticks of 10 ms: that of the whole machine, of
// Icinga's own processes, of the checks that have ended below them, and of
// Dovecot.
type cost struct{ busy, icinga, plugin, dovecot float64 }

func (i *icinga) cost(t *testing.T) cost {
	t.Helper()
	var c cost
	line, _, _ := strings.Cut(read(t, "/proc/stat"), "\n")
	for n, tick := range ticks(t, strings.Fields(line)[1:]) {
		if n != 3 && n != 4 && n < 8 { // idle and iowait; guests are in user
			c.busy += tick
		}
	}
	c.icinga, c.plugin = familyTicks(t, i.daemon.PID)
	for _, pid := range children(t, os.Getpid()) {
		if exe, _ := os.Readlink(procFile(pid, "exe")); strings.HasSuffix(exe, "/dovecot") {
			running, ended := familyTicks(t, pid)
			c.dovecot += running + ended
		}
	}
	return c
}

// familyTicks returns the time of a process and its children, and that of those
// below them that have ended.
func familyTicks(t *testing.T, pid int) (running, ended float64) {
	t.Helper()
	text, err := readFile(procFile(pid, "stat"))
	if err != nil {
		return 0, 0 // it has ended
	}
	// From the state on, which follows the name in brackets.
	f := ticks(t, strings.Fields(text[strings.LastIndexByte(text, ')')+1:])[11:15])
	running, ended = f[0]+f[1], f[2]+f[3]
	for _, child := range children(t, pid) {
		r, e := familyTicks(t, child)
		running, ended = running+r, ended+e
	}
	return running, ended
}

func ticks(t *testing.T, words []string) []float64 {
	t.Helper()
	var out []float64
	for _, word := range words {
		n, err := strconv.ParseFloat(word, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}
