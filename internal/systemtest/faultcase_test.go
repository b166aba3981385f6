package systemtest

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// faultCase is one file of testdata/faults: comments and headers, a line of
// three hyphens, a script in the language of imaptest.
//
//	args: -t 1s --auth=plain   further arguments; -t is 2s where none is given
//	account: none              no account: --auth=none
//	tls: implicit | starttls   with the test's own authority; none is the default.
//	                           The script says itself when TLS begins
//	in-clear: no               do not add --allow-plaintext-auth for "tls: none"
//	capabilities: IMAP4rev1    what greet and serve announce
//	process: yes               run as a process, over TCP and on the real clock: for
//	                           what the system does, for signals, and for memory
//	listen: no                 nothing listens on the port, the script is empty
//	address: none              resolve imap.test, do not give --address
//	signal: LOGIN              send SIGTERM when the server has got such a line
//	                           (process)
//	want: CRITICAL bad login   state, kind and step of the worst finding; - is
//	                           no step. OK alone: no finding at all
//
// Each of these may stand several times:
//
//	text, server, advice, remark: substring of the worst finding's text, of the
//	                           server's words, of its advice, of a remark
//	summary: substring         of line 1, without the performance data
//	detail: step substring     of what a step says behind its time
//	outcome: login=skipped     how a step ended
//	metric: messages=42        a measured value
//	absent: time_login         a metric that must have no value
//	unsent: LOGIN              what must not be in any line the server got
//	unsaid: Salary             what must not be in any output
//	max: 1.5s                  how long it may take, in place of -t
type faultCase struct {
	args, capabilities string
	tls                string
	noAccount, noClear bool
	noListen, noAddr   bool
	process            bool
	signal             string
	max                time.Duration
	want               []string // state; state, kind, step
	text, server       []string
	summary            []string
	advice, remark     []string
	detail, outcome    []string
	metric, absent     []string
	unsent, unsaid     []string
	script             string
}

// readFault reads a case.
func readFault(path string) (*faultCase, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	head, script, ok := strings.Cut("\n"+string(raw), "\n---\n")
	if !ok {
		return nil, fmt.Errorf("%s: no line of three hyphens", path)
	}
	c := &faultCase{tls: "none", script: script}
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, ":")
		if err := c.set(key, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", path, line, err)
		}
	}
	if len(c.want) != 1 && len(c.want) != 3 {
		return nil, fmt.Errorf("%s: want is %q, no state or state, kind and step", path, c.want)
	}
	return c, nil
}

func (c *faultCase) set(key, value string) (err error) {
	lists := map[string]*[]string{
		"text": &c.text, "server": &c.server, "summary": &c.summary, "advice": &c.advice, "remark": &c.remark, "detail": &c.detail,
		"outcome": &c.outcome, "metric": &c.metric, "absent": &c.absent, "unsent": &c.unsent, "unsaid": &c.unsaid,
	}
	if list, ok := lists[key]; ok {
		*list = append(*list, value)
		return nil
	}
	flags := map[string]*bool{"in-clear: no": &c.noClear, "listen: no": &c.noListen, "address: none": &c.noAddr, "account: none": &c.noAccount, "process: yes": &c.process}
	if flag, ok := flags[key+": "+value]; ok {
		*flag = true
		return nil
	}
	switch key {
	case "args":
		c.args = value
	case "capabilities":
		c.capabilities = value
	case "tls":
		c.tls = value
	case "want":
		c.want = strings.Fields(value)
	case "signal":
		c.signal = value
	case "max":
		c.max, err = time.ParseDuration(value)
	default:
		return fmt.Errorf("unknown header")
	}
	return err
}

// timeout is the -t of the case.
func (c *faultCase) timeout() time.Duration {
	words := strings.Fields(c.args)
	for i, w := range words {
		if d, err := time.ParseDuration(words[min(i+1, len(words)-1)]); w == "-t" && err == nil {
			return d
		}
	}
	return faultTimeout
}

// arguments are those of the program, but for the output format.
func (c *faultCase) arguments(port, caFile string) []string {
	args := []string{"-H", "imap.test", "-p", port, "--tls=" + c.tls, "-t", c.timeout().String()}
	if !c.noAddr {
		args = append(args, "--address", "127.0.0.1")
	}
	if c.tls == "none" {
		if !c.noClear && !c.noAccount {
			args = append(args, "--allow-plaintext-auth")
		}
	} else {
		args = append(args, "--ca-file", caFile)
	}
	if c.noAccount {
		args = append(args, "--auth=none")
	} else {
		args = append(args, "-U", "alice")
	}
	return append(args, strings.Fields(c.args)...)
}
