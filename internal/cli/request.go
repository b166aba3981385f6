package cli

import (
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/dial"
	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
	"check_imap_session/internal/session"
)

// Request is what the command line asks for.
type Request struct {
	Help, Usage, Version bool // when one is set, nothing else is
	// Generate names a definition to print; when it is set, nothing else is.
	Generate string

	Session session.Config // secrets and files are filled in by Load
	Plan    []session.Step // of Session
	Policy  judge.Policy
	Timeout time.Duration

	// AllAddresses is "worst" or "any" for a session with every address, and "" for one
	// session.
	AllAddresses string

	// Target is what the line points at, for an answer without a session.
	Target    report.Target
	Output    string         // "nagios", "json" or "openmetrics"
	Labels    []report.Label // of every OpenMetrics series, beside the usual ones
	Write     string         // the file that gets the output; "" means standard output
	Brief     bool
	Verbosity int // 0 to 3
	// PerfdataUnknown prints U for planned metrics without a value.
	PerfdataUnknown bool
	// Transcript is the file to write the dialogue to; "" for none, "-" for the
	// long output.
	Transcript string

	// Demo names the scenario of the built-in server; "" means a real check.
	Demo string
	// Explain asks for the plan in place of a check.
	Explain bool
	// Remarks are about the files of the command line, for the long output, and Notes
	// about its flags, for -v.
	Remarks, Notes []string

	files files
	given map[string][]int // as in argv.Line
}

// files are what Load has to read.
type files struct {
	password, token, clientSecret, refreshToken secretSource

	caFile                string
	match                 string // --expect-certificate
	clientCert, clientKey string // PEM; "" for none
	oauthCert, oauthKey   string // PEM; "" for none
	serviceAccount        string // JSON; "" for none
	stdin                 io.Reader
	credentials           string // folder of systemd's credentials; "" for none
}

// Env is what a command line may reach outside itself.
type Env struct {
	Program string // base of argv[0]; "" means Program
	Getenv  func(string) string
	Stdin   io.Reader
	// Proxy returns the proxy that the environment names for a URL, nil for none;
	// asked only for --oauth-proxy=environment. A nil Proxy means there is none.
	Proxy func(*url.URL) (*url.URL, error)
}

// The variables that are read, and no others. Empty is unset.
const (
	envPassword     = "CHECK_IMAP_SESSION_PASSWORD"
	envClientSecret = "CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET"
	envCredentials  = "CREDENTIALS_DIRECTORY" // systemd.exec(5)
)

// Parse reads a command line without the program's name. Its error is a
// *UsageError; then only Output and Target of the request count, for the form of
// the answer, as far as the line could be read.
func Parse(args []string, env Env) (*Request, error) {
	if env.Program == "" {
		env.Program = Program
	}
	g := &grammar{}
	line, err := argv.Parse(g, args, argv.Env{
		Program: env.Program,
		Getenv:  env.Getenv,
		Open:    openRegular,
		Stdin:   env.Stdin,
		Foreign: foreignFlag,
	}, kongOptions()...)
	req := &Request{Output: g.Output, Target: g.target(line.Given["mailbox"]), Write: g.Write}
	switch {
	case err != nil:
	case line.Asked != "":
		return &Request{Help: line.Asked == "help", Usage: line.Asked == "usage", Version: line.Asked == "version"}, nil
	case g.Generate != "":
		err = alone(line)
		req.Generate = g.Generate
	default:
		err = build(g, line, env, req)
	}
	if labels, lerr := g.labels(); err == nil {
		req.Labels, err = labels, lerr
	} else {
		req.Labels = labels
	}
	return req, err
}

// target is what the flags point at, as far as they could be read.
func (g *grammar) target(given []int) report.Target {
	mode, port := g.modeAndPort()
	t := report.Target{Host: g.Hostname, Port: port, Address: g.Address, TLS: string(mode)}
	if g.Auth == "none" {
		return t
	}
	t.Username = g.Username
	if t.Pattern = g.Mailboxes; t.Pattern != "" {
		return t
	}
	names := g.mailboxes(given)
	if t.Mailboxes = session.Mailboxes(names); t.Mailboxes == nil {
		t.Mailbox = names[0]
	}
	return t
}

// ourLabels are those that series of their own have, which a user cannot give them.
const ourLabels = "step kind address version tls tls_version mechanism reached"

// labels reads --label: those that are good, and the first error.
func (g *grammar) labels() (labels []report.Label, err error) {
	bad := func(msg, hint string) {
		if err == nil {
			err = usage("--label"+msg, hint)
		}
	}
	for _, l := range g.Label {
		name, value, ok := strings.Cut(l, "=")
		other := func(r rune) bool {
			return r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
		}
		switch {
		case !ok || name == "" || strings.ContainsFunc(name, other) || unicode.IsDigit(rune(name[0])) || strings.HasPrefix(name, "__"):
			bad("="+argv.Quote(l)+" is not NAME=VALUE", "a name has letters, digits and _, and begins with a letter: --label=team=mail")
		case slices.Contains(strings.Fields(ourLabels), name):
			bad(": some series have a label "+name+" already", "take another name")
		default:
			labels = append(labels, report.Label{Name: name, Value: value})
		}
	}
	return labels, err
}

// mailboxes returns the names of -m, INBOX without it. Those of the command line
// replace those of an ini file, and those of a later section those of one before.
// given are the sections they stand in, 0 for the command line.
func (g *grammar) mailboxes(given []int) []string {
	all := ranks(given)
	var names []string
	for i, name := range g.Mailbox {
		if all[i] == slices.Max(all) {
			names = append(names, name)
		}
	}
	if names == nil {
		return []string{"INBOX"}
	}
	return names
}

// modeAndPort returns the TLS mode and the port, each of which decides the other's
// default.
func (g *grammar) modeAndPort() (session.TLSMode, uint16) {
	mode, usual := session.TLSImplicit, uint16(993)
	if g.Port == 143 && !g.SSL {
		mode = session.TLSStart
	}
	mode = cmp.Or(session.TLSMode(g.TLS), mode)
	if mode != session.TLSImplicit {
		usual = 143
	}
	return mode, cmp.Or(uint16(g.Port), usual)
}

// alone refuses a flag beside --generate: it exits 0, and a service that has it by
// mistake must not be green.
func alone(line argv.Line) error {
	for _, flag := range slices.Sorted(maps.Keys(line.Given)) {
		if flag != "generate" {
			return usage("--generate stands alone", "leave out --"+flag)
		}
	}
	return nil
}

// build fills in a request from the parsed flags and checks what needs more than
// one of them.
func build(g *grammar, line argv.Line, env Env, req *Request) error {
	req.given = line.Given
	req.Timeout, req.Brief, req.Verbosity = time.Duration(g.Timeout), g.Brief, min(g.Verbose, 3)
	req.Remarks, req.PerfdataUnknown, req.Transcript = line.Remarks, g.PerfdataUnknown, g.Transcript
	if g.Demo.Given {
		req.Demo = cmp.Or(g.Demo.Value, "healthy")
	}
	if req.Explain = g.Explain; g.Explain && g.Demo.Given {
		return usage("--explain and --demo exclude each other", "leave out --demo: nobody is contacted")
	}
	c := &req.Session
	c.Timeout = req.Timeout
	c.Demo = req.Demo
	c.Transcript = req.Verbosity >= 3 || req.Transcript != ""
	c.Content = g.TranscriptContent
	for _, fill := range []func(*grammar, *Request) error{server, tlsMode, sessionFlags, thresholds, clientCertificate, ownCredentials} {
		if err := fill(g, req); err != nil {
			return err
		}
	}
	req.files.caFile, req.files.match = g.CAFile, g.ExpectCertificate
	c.Files = session.Files{CA: g.CAFile, ClientCert: req.files.clientCert, ClientKey: req.files.clientKey}
	req.files.stdin, req.files.credentials = env.Stdin, env.Getenv(envCredentials)
	if err := login(g, req, env); err != nil {
		return err
	}
	if err := stdinOnce(req.files, line.Stdin); err != nil {
		return err
	}
	for _, fill := range []func(*grammar, *Request) error{expectations, states, measurable, plan} {
		if err := fill(g, req); err != nil {
			return err
		}
	}
	return nil
}

// UsageError says what is wrong with the command line or an ini file.
type UsageError = argv.UsageError

func usage(msg, hint string) *UsageError { return &UsageError{Msg: msg, Hint: hint} }

// server fills in where to connect.
func server(g *grammar, req *Request) error {
	d := &req.Session.Dial
	if g.Hostname == "" && req.Demo == "" {
		return usage("no host given", "write -H imap.example.com; --demo shows a check without a server")
	}
	if err := checkHost("-H", g.Hostname); err != nil {
		return err
	}
	d.Host, d.Port = strings.Trim(g.Hostname, "[]"), uint16(g.Port)
	if g.Address != "" {
		if err := checkHost("--address", g.Address); err != nil {
			return err
		}
		if a, err := parseAddr(g.Address); err == nil {
			d.Address = a
		} else {
			d.Name = g.Address // host objects often have a name for an address
		}
	}
	if g.Source != "" {
		a, err := parseAddr(g.Source)
		if err != nil {
			return usage("--source="+argv.Quote(g.Source)+" is not an IP address", "")
		}
		d.Source = a.Unmap()
	}
	d.Proxy = dial.ProxyMode(g.ProxyProtocol)
	if req.AllAddresses = g.AllAddresses; req.AllAddresses != "" && d.Address.IsValid() {
		// Generated definitions give the address of the host object always.
		req.Notes = append(req.Notes, "--address="+d.Address.String()+" is ignored: --all-addresses checks every address of "+argv.Quote(d.Host))
		d.Address = netip.Addr{}
	}
	switch {
	case g.IPv4 && g.IPv6:
		return usage("-4 and -6 exclude each other", "")
	case g.IPv4:
		d.Family = dial.IPv4
	case g.IPv6:
		d.Family = dial.IPv6
	}
	if a, literal := d.Literal(); literal && (g.IPv4 && !a.Is4() || g.IPv6 && !a.Is6()) {
		return usage("the address "+a.String()+" is of the other family", "leave out -4 or -6")
	}
	if a, literal := d.Literal(); literal && d.Source.IsValid() && a.Is4() != d.Source.Is4() {
		return usage("--source="+d.Source.String()+" is of another family than "+a.String(), "")
	}
	return nil
}

// tlsMode settles the mode and the port.
func tlsMode(g *grammar, req *Request) error {
	c := &req.Session
	c.TLS, c.Dial.Port = g.modeAndPort()
	if g.SSL && c.TLS != session.TLSImplicit {
		return usage("-S and --tls="+g.TLS+" exclude each other", "-S means --tls=implicit")
	}
	c.Cert.ServerName = cmp.Or(g.ServerName, c.Dial.Host)
	c.Cert.Insecure = g.Insecure
	c.Cert.MinVersion = tlsVersions[g.TLSMin]
	c.Cert.SmallHello, c.Cert.Key = g.TLSSmallHello, dial.KeyType(g.CertificateKey)
	if c.Cert.Key != dial.AnyKey && c.Cert.MinVersion == tls.VersionTLS13 {
		return usage("--certificate-key and --tls-min=1.3 exclude each other", "the kind of key can be asked for in TLS 1.2 only")
	}
	if g.ExpectCertificate != "" && c.TLS == session.TLSNone {
		return usage("--expect-certificate can never be judged: --tls=none has no certificate", "")
	}
	return nil
}

// tlsVersions are the values of --tls-min.
var tlsVersions = map[string]uint16{
	"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13,
}

// plan makes the plan, and refuses a combination that no session can have.
func plan(_ *grammar, req *Request) error {
	steps, err := session.Plan(req.Session)
	if err != nil {
		return usage(err.Error(), "")
	}
	if by := session.Removed(req.Session, report.StepAppend); by != "" && req.Session.Append != "" {
		return usage("--append has no effect with "+by, "leave out one of them")
	}
	req.Plan = steps
	return nil
}

// openRegular opens a regular file. Opening a FIFO waits for somebody to write.
func openRegular(name string) (fs.File, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, errors.New("not a regular file")
	}
	return os.Open(name)
}

// EnvVar is an environment variable from which the program takes a secret.
type EnvVar struct {
	Name     string
	Variable string // of Icinga, whose command definition fills it
	Doc      string
}

// Environment returns the variables that hold secrets.
func Environment() []EnvVar {
	return []EnvVar{
		{envPassword, "imap_session_password", "the password, when no option names another source; empty means unset"},
		{envClientSecret, "imap_session_oauth_client_secret", "the secret of the OAuth client, when no option names another source; empty means unset"},
	}
}
