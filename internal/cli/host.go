package cli

import (
	"strings"
	"unicode"

	"check_imap_session/internal/argv"
)

// macro returns the name in what a scheduler or a template leaves behind of a macro
// that it does not have, $HOSTADDRESS$, $_SERVICEIMAP_HOST$, __HOST__, and "" when
// there is none.
func macro(value string) string {
	_, rest, _ := strings.Cut(value, "$")
	name, _, ok := strings.Cut(rest, "$")
	if s := strings.TrimPrefix(value, "__"); !ok && s != value {
		name, ok = strings.CutSuffix(s, "__")
	}
	other := func(r rune) bool {
		return !strings.ContainsRune("_.:", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	if !ok || strings.ContainsFunc(name, other) {
		return ""
	}
	return name
}

// checkHost refuses what can be neither a host name nor an address, so that a slip
// is not reported as a failure of the name servers.
func checkHost(flag, host string) error {
	bad := func(msg, hint string) error { return usage(flag+" "+msg, hint) }
	if name := macro(host); name != "" {
		return bad("has the macro "+name+" in it, which was not replaced", "does the scheduler have a macro of this name?")
	}
	addr, err := parseAddr(host)
	if err == nil && addr.Is6() && addr.IsLinkLocalUnicast() && addr.Zone() == "" {
		return bad(argv.Quote(host)+" is a link-local address without its interface", "write "+addr.String()+"%eth0")
	}
	if err == nil || host == "" {
		return nil
	}
	name, port, _ := strings.Cut(host, ":")
	if i := strings.LastIndex(host, "]:"); i > 0 {
		name, port = host[:i+1], host[i+2:]
	}
	switch {
	case strings.Contains(host, "://"):
		return bad("is a URL", "give the name alone, and --tls and -p where they differ from the default")
	case strings.Contains(host, "@"):
		return bad("has an @ in it: the user goes to -U", "write "+flag+" with the name alone")
	case strings.Contains(host, "/"):
		return bad(argv.Quote(host)+" has a slash in it: the mailbox goes to -m", "write "+flag+" with the name alone")
	case strings.TrimSpace(host) != host:
		return bad(argv.Quote(host)+" has a blank at its beginning or end", "leave it out")
	case strings.ContainsAny(host, ", \t"):
		return bad(argv.Quote(host)+" is more than one name", "make one service each")
	case port != "" && strings.Trim(port, "0123456789") == "" && strings.Count(name, ":") == 0 || strings.HasSuffix(name, "]"):
		return bad(argv.Quote(host)+" has a port in it", "write "+flag+" "+name+" -p "+port)
	case strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }):
		return bad(argv.Quote(host)+" has letters in it that are not ASCII", "write the name in its xn-- form")
	case strings.ContainsFunc(host, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._", r))
	}):
		return bad(argv.Quote(host)+" is neither a name nor an address", "")
	}
	return nil
}
