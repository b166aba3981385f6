package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakes: line 1 says what to do about mistakes of people who are used to other
// programs, or who mistype. In the words "␣" is a blank that the shell kept.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pw": "s3cretword\n", "empty": "", "blank-line": "\nx\n", "utf16": "s\x00e\x00\n\x00", "token.json": `{"access_token": "s3cretword"}` + "\n",
		"quoted-token": "\"eyJabc\"\n", "bearer": "Bearer eyJabc\n", "nul": "a\x00b\n",
		// {"alg":"none"}.{"exp":1600000000}.x
		"expired": "eyJhbGciOiJub25lIn0.eyJleHAiOjE2MDAwMDAwMDB9.x\n",
		"x.ini":   "[a]\nHostname = h\n[b]\nU = u\nhostname\n[c]\nc2VjcmV0d29yZA== =\n[d]\nhostnme = h\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	const none = " --auth=none"
	const account = " -U u --password-file=nowhere" // found when nothing else is wrong
	for _, tt := range []struct{ row, line, want string }{
		{"1", "", "no host given - write -H imap.example.com"},
		{"2", "--hostnme=x", "unknown flag --hostnme - did you mean --hostname?"},
		{"3", "-H h --pasword-file x", "unknown flag --pasword-file - did you mean --password-file?"},
		{"4", "-H", "flag -H needs a value"},
		{"5", "-H h -p imapd" + none, "-p: must be a number from 1 to 65535"},
		{"5 names", "-H h -p imaps" + account, "config: --password-file: file nowhere"},
		{"6", "-H imaps://host" + none, "is a URL - give the name alone, and --tls and -p"},
		{"6 secret", "-H https://u:s3cretword@h" + none, "-H is a URL"},
		{"7", "-H host:993" + none, "host:993 has a port in it - write -H host -p 993"},
		{"8", "-H [::1]:993" + none, "[::1]:993 has a port in it - write -H [::1] -p 993"},
		{"9", "-H user@host" + account, "-H has an @ in it: the user goes to -U"},
		{"10", "-H host/INBOX" + account, "host/INBOX has a slash in it: the mailbox goes to -m"},
		{"11", "-H host␣" + none, "has a blank at its beginning or end"},
		{"12", "-H bücher.example" + none, "has letters in it that are not ASCII - write the name in its xn-- form"},
		{"13", "-H a,b" + none, "a,b is more than one name - make one service each"},
		{"14", "-H $HOSTADDRESS$" + none, "the macro HOSTADDRESS in the value of -H was not replaced"},
		{"14 service", "-H $_SERVICEHOST$" + none, "the macro _SERVICEHOST in the value of -H was not replaced"},
		{"14 part", "-H mail.$_HOSTDOMAIN$" + none, "-H has the macro _HOSTDOMAIN in it, which was not replaced"},
		{"14 template", "-H __HOST__" + none, "-H has the macro HOST in it"},
		{"14 address", "-H h --address $HOSTADDRESS$" + none, "the macro HOSTADDRESS in the value of --address"},
		{"14 argument", "-H h -U $ARG1$ --password-file=x", "the macro ARG1 in the value of -U was not replaced"},
		{"15", "-H h -w 5,10" + none, "-w 5,10 has two ranges for time - write -w 5 -c 10, decimals take a point: 0.5"},
		{"16", "-H h -w 2 -w 3" + none, "-w 2 and -w 3 are two ranges for time - leave one out"},
		{"16 days", "-H h -D 21 -w certificate_days=14:" + none, "-D 21: and -w 14: are two ranges for certificate_days"},
		{"17", "-H h -w 5 -c 2" + none, "is beyond its critical limit (2) - swap -w and -c"},
		{"18", "-H h -t 8000" + none, "8000 is 2h13m20s, more than 1h: write 8000ms"},
		{"19", "-H h -t 8sec" + none, "is not a duration: write 8, 500ms or 1m30s"},
		{"20", "-H h --warning 80%" + none, "is a percentage, of what? - write METRIC=RANGE, for example quota_storage_percent=80"},
		{"21", "-H h -w 10:5" + none, "starts at 10, above its end 5: write 5:10"},
		{"22", "-H h -w time_logn=1" + account, "unknown metric time_logn - did you mean time_login?"},
		{"23", "-H h -w login=1" + account, "unknown metric login - did you mean time_login?"},
		{"24", "-H h -w quota=80" + account, "unknown metric quota - did you mean quota_storage_percent?"},
		{"25", "-H h -w >5" + none, "-w time=(greater-than)5 is a comparison, not a range - write what is good: 5 for at most 5, 5: for at least 5"},
		{"25 pair", "-H h -w 5;10" + none, "5(semicolon)10 is not a range - write 5:10 for what is good, or -w 5 -c 10"},
		{"25 hyphen", "-H h -w 5-10" + none, "5-10 is not a range - write 5:10"},
		{"26", "-H h -w certificate_days=21" + none, "certificate_days=21 alerts on more than that, and never on less - write certificate_days=21: for at least 21, or -D 21"},
		{"26 percent", "-H h -c certificate_percent=10" + none, "write certificate_percent=10: for at least 10"},
		{"27", "-H h -w 500" + none, "-w time=500 can never be reached: the run ends after -t 8s - did you mean 500ms?"},
		{"27 both", "-H h -w 5 -c 60" + none, "-c time=60 can never be reached"},
		{"27 step", "-H h -c time_login=60" + account, "-c time_login=60 can never be reached"},
		{"27 start", "-H h -c @9:" + none, "can never be reached"},
		{"28", "-u user -H h", "unknown flag -u - write -U NAME"},
		{"29", "--user user -H h", "unknown flag --user - write -U NAME"},
		{"30 login", "--login=x -H h", "write -U NAME"},
		{"30 folder", "--folder=x -H h", "write -m NAME"},
		{"30 cacert", "--cacert x -H h", "write --ca-file=PEM"},
		{"30 k", "-k -H h", "the certificate is verified as clients do it"},
		{"30 no-verify", "--no-verify -H h", "the certificate is verified as clients do it"},
		{"30 starttls", "--starttls -H h", "write --tls=starttls"},
		{"30 json", "--json -H h", "write -o json"},
		{"30 format", "--format=json -H h", "write -o json"},
		{"30 debug", "--debug -H h", "write -vvv"},
		{"31", "--ssl -H h" + account, "config: --password-file: file nowhere"},
		{"32", "-H h --tls -U u", "flag --tls needs a value, but -U follows - one of implicit, starttls, none"},
		{"33", "-H h --tls=ssl" + none, "--tls: ssl is not valid - one of implicit, starttls, none"},
		{"34", "-H h --auth=LOGIN" + account, "config: --password-file: file nowhere"},
		{"34 upper", "-H h --tls=IMPLICIT --fetch=BODY -o NAGIOS --until=FETCH" + account, "config: --password-file: file nowhere"},
		{"35", "-H h --tls-min=TLSv1.2" + account, "config: --password-file: file nowhere"},
		{"35 unknown", "-H h --tls-min=1.4" + none, "--tls-min: 1.4 is not valid - one of 1.0, 1.1, 1.2, 1.3"},
		{"36", "-H h", "no user name - give -U, or say --auth=none"},
		{"37", "-H h -U alice", "no password for alice - give --password-file"},
		{"38", "-H h -U u -P x --password-file=f", "two sources for the password"},
		{"39", "-H h -U u -P my s3cretword", "a word after --password does not belong to a flag - quote the value"},
		{"39 flag", "-H h -U u -P my --s3cretword", "a word after --password does not belong to a flag - quote the value"},
		{"40", "-H h -D 7,21" + none, "is CRITICAL before it is WARNING - swap the two"},
		{"41", "-H h -D 21:7" + none, "is not a whole number of days - write -D 21 or -D 21,7"},
		{"41 unit", "-H h -D 21d,7d" + account, "config: --password-file: file nowhere"},
		{"42", "-H h --state timeout=maybe" + none, "has no state - write timeout=STATE with one of ok, warning, critical, unknown"},
		{"42 short", "-H h --state timeout=warn,refused=2" + account, "config: --password-file: file nowhere"},
		{"43", "-H h --state timeot=warning" + none, "unknown kind timeot - did you mean timeout?"},
		{"44", "--demo=nope", "unknown demo scenario nope: choose one of healthy"},
		{"46", "-H h -e *␣OK" + none, "is a regular expression for the text behind * OK: leave * OK out"},
		{"47 s", "-H h -s x", "-s of check_imap sends a text"},
		{"47 M", "-H h -M warn", "write --state=not_imap=warning,bye=warning,expectation=warning"},
		{"47 d", "-H h -d 1", "the session sends what a mail client sends"},
		{"47 C", "-H h -C 21,7", "write -D WARN,CRIT"},
		{"47 E", "-H h -E", "the session sends what a mail client sends"},
		{"48 q", "-H h -q x", "the session sends what a mail client sends"},
		{"48 j", "-H h -j", "there is nothing to write in its place"},
		{"48 r", "-H h -r warn", "write --state=refused=warning"},
		{"48 A", "-H h -A", "one expression"},
		{"48 all", "-H h --all", "one expression"},
		{"48 expect", "-H h --expect=x", "write -e REGEXP"},
		{"50", "-S -D 21,7 -H h --sni --auth=none", "flag --sni needs a value, but --auth follows"},
		{"51 retries", "-H h --imap-retries 3", "a flag of check_imap_receive: see --search"},
		{"a slip behind one hyphen", "-H h -pasword=geheim", "unknown flag -pasword - did you mean --password?"},
		{"a letter beyond ASCII", "-H h -v\u00e9", "a flag has a letter that is not ASCII"},
		{"renamed flag", "-H h --addresses=worst", "it is called --all-addresses now"},
		{"renamed flag with a file", "-H h --certificate-matches=x.pem", "it is called --expect-certificate now"},
		{"renamed metric", "-H h -w found=3", "it is called search_found now"},
		{"renamed metric of fetch", "-H h -c fetch_bytes=3", "it is called fetch_size now"},
		{"renamed kind", "-H h --state=auth_unavailable=ok" + none, "did you mean unavailable?"},
		{"51 search", "-H h --search-critical-min 1", "-c search_found=1:"},
		{"51 capture", "-H h --capture-min 1", "docs/from-check_imap.md"},
		{"51 delete", "-H h --nodelete", "docs/from-check_imap.md"},
		{"52", "-H h -w 2 -c 5", "no user name"},
		{"58", "-H h -U u --password-file=empty", "file empty: first line is empty"},
		{"58 line", "-H h -U u --password-file=blank-line", "first line is empty"},
		{"59", "-H h -U u --password-file=utf16", "has a NUL byte"},
		{"60", "-H h -U u --password-file=.", "is a directory"},
		{"61", "-H h -U u --password-file=nowhere", "no such file"},
		{"65", "-H h -U u --password-command=cat␣a␣|␣head", "no shell runs the command, so (bar) is passed on as a word: write sh -c"},
		{"65 variable", "-H h -U u --password-command=cat␣$HOME/x", "no shell runs the command, so (dollar)"},
		{"65 home", "-H h -U u --password-command=cat␣~/x", "no shell runs the command, so (tilde)"},
		{"66", "-H h -U u --password-file=~/x", "the file name of --password-file begins with a tilde, which no shell replaces here - write the whole path"},
		{"67 key", "--extra-opts=a@x.ini", "x.ini:2: "},
		{"67 sign", "--extra-opts=b@x.ini", "x.ini:5: a line that is not KEY = VALUE"},
		{"67 secret", "--extra-opts=c@x.ini", "x.ini:7: a key that is not a flag"},
		{"67 near", "--extra-opts=d@x.ini", "x.ini:9: unknown key hostnme - did you mean hostname?"},
		{"67 section", "--extra-opts=z@x.ini", "unknown section z in x.ini"},

		{"quoted user", "-H h -U \"u\"", "the value of -U has quotes around it (U+0022) - leave them out"},
		{"curly quotes", "-H h -U “u”", "the value of -U has quotes around it (U+201C)"},
		{"en dash", "–H h" + none, "a word begins with a dash (U+2013), not with a hyphen"},
		{"link-local", "-H fe80::1" + none, "fe80::1 is a link-local address without its interface - write fe80::1%eth0"},
		{"secret for a port", "-H h -p s3cretword" + none, "-p: must be a number"},
		{"token is JSON", "-H h -U u --oauth-token-file=token.json", "is JSON, not a token"},
		{"token in quotes", "-H h -U u --oauth-token-file=quoted-token", "there are quotes around the token: store it without them"},
		{"token with its scheme", "-H h -U u --oauth-token-file=bearer", "begins with the word Bearer: store only the token"},
		{"expired token", "-H h -U u --oauth-token-file=expired", "(2020-09-13 12:26 UTC): store a new one"},
	} {
		t.Run(tt.row, func(t *testing.T) {
			args := strings.Fields(tt.line)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "␣", " ")
			}
			var out recorder
			code := Main(args, fakeEnv(&out))
			first, _, _ := strings.Cut(out.String(), "\n")
			if code != 3 || !strings.Contains(first, tt.want) || strings.Contains(out.String(), "s3cretword") {
				t.Errorf("%q: exit code %d, got\n%s\nwant\n%s", args, code, first, tt.want)
			}
			if len(first) > 300 {
				t.Errorf("%q: %d characters: %s", args, len(first), first)
			}
		})
	}
}
