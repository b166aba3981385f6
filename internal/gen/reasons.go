package gen

import "maps"

const (
	noCheck  = "answers a question and is not a check"
	sameAs   = "the same as tls = implicit"
	noJSON   = "a core reads plugin output; JSON would hide the performance data from it"
	noStdout = "a core reads standard output, which is empty with it"
	noLabel  = "only OpenMetrics text has labels"
	inProxy  = "may hold a password of the proxy; put it into an ini file"
	runs     = "anyone who may edit a service could run commands on the node"
	writes   = "anyone who may edit a service could write files on the node"
	inSecret = "is visible in the process list and in the scheduler's records"
)

// LeftOut returns the flags that an artefact does not offer, with the reason. The man
// page and the completions offer all.
func LeftOut(format string) map[string]string {
	reasons := map[string]map[string]string{
		"icinga2": {
			"password":    inSecret + "; the variable imap_session_password goes through the environment",
			"oauth-proxy": inProxy,
			"ssl":         sameAs,
			"output":      noJSON,
		},
		"director": {
			"password":                 inSecret + ", and the Director knows no env; use password_file",
			"extra-opts":               "an ini file may name commands to run and files to write",
			"password-command":         runs,
			"oauth-token-command":      runs,
			"oauth-refresh-token-file": writes,
			"oauth-cache":              writes,
			"lockout-guard":            writes,
			"lockout-wait":             "has no effect without lockout_guard",
			"oauth-proxy":              inProxy,
			"transcript":               writes,
			"ssl":                      sameAs,
			"output":                   noJSON,
		},
		// The rest are lines of the ini file, which both files list.
		"nagios": {"extra-opts": "an ini file cannot name another; the command with the ini file uses it"},
		"nrpe":   {"extra-opts": "an ini file cannot name another; the commands use it"},
	}[format]
	if reasons != nil {
		maps.Copy(reasons, map[string]string{
			"help": noCheck, "usage": noCheck, "version": noCheck, "generate": noCheck, "explain": noCheck,
			"write": noStdout, "label": noLabel,
		})
	}
	return reasons
}
