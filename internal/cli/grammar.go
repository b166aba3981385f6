// Package cli holds the grammar of the command line, the checks that need more
// than one flag, and what becomes of it all, a Request of plain configurations. Nothing here contacts a server;
// Request.Load reads the files and runs the commands that the user named.
//
// Every error is a *UsageError, or a *ConfigError from Load.
package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"check_imap_session/internal/argv"
	"check_imap_session/internal/session"
)

// grammar is the command line. Groups are the headings of the help, in order. In each
// tag the group, everyday and help stand last: they are for the help alone, and package
// argv cuts them off before kong reads the tag for a command line.
type grammar struct {
	Hostname      string   `short:"H" placeholder:"HOST" emptyerror:"no host name: set imap_session_hostname, or give -H a name" group:"Server" everyday:"the name that mail clients use" help:"Name that clients use: resolved, sent as SNI, verified. A bare address works too and is then verified as an address. Required."`
	Address       string   `placeholder:"IP" group:"Server" help:"Connect to this address, or to this name, instead of HOST."`
	Port          port     `short:"p" placeholder:"PORT" group:"Server" everyday:"default 993 for implicit TLS, else 143" help:"Port. Default 993 for implicit TLS, else 143."`
	IPv4          bool     `name:"ipv4" short:"4" aliases:"use-ipv4" group:"Server" help:"Use IPv4 only."`
	IPv6          bool     `name:"ipv6" short:"6" aliases:"use-ipv6" group:"Server" help:"Use IPv6 only."`
	AllAddresses  string   `enum:"worst,any," default:"" placeholder:"WHICH" group:"Server" help:"worst or any: a session with every address of HOST, four at a time; the worst, or the best, decides. Default: one session, with the first address that answers. --address=IP does not count then, --address=NAME gives the addresses of NAME."`
	Source        string   `placeholder:"IP" group:"Server" help:"Connect from this local address."`
	ProxyProtocol string   `enum:"v1,v2," default:"" placeholder:"VERSION" group:"Server" help:"v1 or v2: begin with a PROXY protocol header."`
	Timeout       duration `short:"t" default:"8s" placeholder:"DURATION" group:"Server" everyday:"time for the whole run, default 8s" help:"Time for the whole run, DNS to LOGOUT: 8, 500ms, 1m. Default ${default}, below the 10 s of check_nrpe."`

	TLS               string `name:"tls" enum:"implicit,starttls,none," default:"" placeholder:"MODE" group:"TLS" everyday:"implicit, starttls or none; starttls with -p 143" help:"implicit, starttls or none. Default implicit, or starttls with -p 143."`
	SSL               bool   `name:"ssl" short:"S" group:"TLS" help:"The same as --tls=implicit, as check_imap has it."`
	ServerName        string `aliases:"sni" placeholder:"NAME" group:"TLS" help:"Name for SNI and verification. Default HOST."`
	CAFile            string `name:"ca-file" placeholder:"PEM" group:"TLS" help:"Trust these certificates instead of the system's."`
	ClientCert        string `placeholder:"PEM" group:"TLS" help:"Client certificate with its chain, for servers that ask for one and for --auth=external."`
	ClientKey         string `placeholder:"PEM" group:"TLS" help:"Its private key, not encrypted. Default: in the file of --client-cert."`
	TLSMin            string `name:"tls-min" enum:"1.0,1.1,1.2,1.3" default:"1.2" placeholder:"VERSION" group:"TLS" help:"Oldest TLS version to accept: 1.0, 1.1, 1.2 or 1.3. Below 1.2 old cipher suites are accepted too. Default ${default}."`
	TLSSmallHello     bool   `name:"tls-small-hello" group:"TLS" help:"Keep the first TLS message below one packet, without the post-quantum key share, for networks that drop a bigger one."`
	CertificateKey    string `enum:"rsa,ecdsa," default:"" placeholder:"KIND" group:"TLS" help:"rsa or ecdsa: ask a server that has several certificates for the one with this kind of key. Uses TLS 1.2."`
	Certificate       string `short:"D" placeholder:"WARN[,CRIT]" group:"TLS" everyday:"days that the certificate must be valid: 21,7" help:"Days that the certificate must still be valid; CRIT is 0 when not given. The same as -w certificate_days=WARN: -c certificate_days=CRIT: Default: WARNING below 14 days, or below a tenth of its validity where that is less. 0: no limits."`
	ExpectCertificate string `placeholder:"FILE" group:"TLS" help:"The server must show this certificate: a PEM file, or sha256:HEX. Another one is WARNING; with --insecure it is CRITICAL, and a match is trusted."`
	Insecure          bool   `nosuggest:"" group:"TLS" help:"Do not verify the certificate; the report still says what verification would have said."`

	Username           string      `short:"U" placeholder:"USER" group:"Login" everyday:"user name" help:"User name: user, user@domain, NTDOMAIN\\account\\alias."`
	Authzid            string      `placeholder:"USER" group:"Login" help:"Log in as the user of -U and act as this one (authorization identity). For PLAIN, SCRAM and OAUTHBEARER."`
	PasswordFile       string      `placeholder:"FILE" group:"Login" everyday:"its first line is the password" help:"Read the password from the first line of FILE; - is standard input, the name of a systemd credential is looked up first."`
	PasswordCommand    string      `placeholder:"CMD" guarded:"" verbatim:"" group:"Login" help:"Read the password from the first line of what CMD prints. Split into words, run without a shell."`
	Password           string      `short:"P" placeholder:"SECRET" secret:"" group:"Login" help:"The password itself. Everybody on the machine can see it: use --password-file, or the environment variable CHECK_IMAP_SESSION_PASSWORD."`
	Auth               string      `enum:"auto,login,plain,cram-md5,scram-sha-1,scram-sha-256,scram-sha-256-plus,xoauth2,oauthbearer,external,none" default:"auto" placeholder:"MECHANISM" group:"Login" everyday:"none checks up to the login, without an account" help:"auto, login, plain, cram-md5, scram-sha-1, scram-sha-256, scram-sha-256-plus, xoauth2, oauthbearer, external or none. auto is LOGIN, or AUTHENTICATE PLAIN where the server forbids LOGIN; with a token OAUTHBEARER or XOAUTH2; with a client certificate and no secret EXTERNAL. none checks without an account, up to CAPABILITY."`
	AllowPlaintextAuth bool        `nosuggest:"" group:"Login" help:"Permit to send the password or token over an unencrypted connection."`
	LockoutGuard       string      `placeholder:"FILE" guarded:"" group:"Login" help:"Keep the account from being locked: after a login was rejected do not log in again, and stay CRITICAL, until --lockout-wait is over or the file of the password has changed. Kept in FILE (mode 0600), without secrets; several checks may share it."`
	LockoutWait        lockoutWait `default:"30m" placeholder:"DURATION" group:"Login" help:"How long --lockout-guard waits for the next try. Default ${default}."`

	OAuthTokenFile           string `name:"oauth-token-file" placeholder:"FILE" group:"OAuth" help:"Read an access token from the first line of FILE, as --password-file does."`
	OAuthTokenCommand        string `name:"oauth-token-command" placeholder:"CMD" guarded:"" verbatim:"" group:"OAuth" help:"Read an access token from the first line of what CMD prints."`
	OAuthTokenURL            string `name:"oauth-token-url" placeholder:"URL" group:"OAuth" help:"Fetch an access token from this token endpoint: with a refresh token where there is one, else by client credentials."`
	OAuthClientID            string `name:"oauth-client-id" placeholder:"ID" group:"OAuth" help:"The client that asks for the token."`
	OAuthClientSecretFile    string `name:"oauth-client-secret-file" placeholder:"FILE" group:"OAuth" help:"Read the client's secret from the first line of FILE. Or set CHECK_IMAP_SESSION_OAUTH_CLIENT_SECRET."`
	OAuthClientCert          string `name:"oauth-client-cert" placeholder:"PEM" group:"OAuth" help:"Certificate with whose key the client signs who it is, in place of a secret (RFC 7523)."`
	OAuthClientKey           string `name:"oauth-client-key" placeholder:"PEM" group:"OAuth" help:"Its private key, not encrypted. Default: in the file of --oauth-client-cert."`
	OAuthServiceAccount      string `name:"oauth-service-account" placeholder:"FILE" group:"OAuth" help:"Key file of a service account of Google, which acts for the user of -U. Without --oauth-token-url and --oauth-scope those of Gmail hold."`
	OAuthClientSecretExpires string `name:"oauth-client-secret-expires" placeholder:"DATE" group:"OAuth" help:"Date on which the client's secret ends (2027-03-31), for the metric client_secret_days: the provider tells nobody."`
	OAuthScope               string `name:"oauth-scope" placeholder:"SCOPE" group:"OAuth" help:"Scope to ask for. Exchange Online: https://outlook.office365.com/.default"`
	OAuthRefreshTokenFile    string `name:"oauth-refresh-token-file" placeholder:"FILE" guarded:"" group:"OAuth" help:"Read a refresh token from the first line of FILE. A new one that the server gives out is written back."`
	OAuthCache               string `name:"oauth-cache" placeholder:"FILE" guarded:"" group:"OAuth" help:"Keep fetched tokens between runs in FILE (mode 0600)."`
	OAuthProxy               string `name:"oauth-proxy" placeholder:"URL" secret:"" group:"OAuth" help:"Proxy on the way to the token endpoint. The word environment stands for what https_proxy and no_proxy say, none for no proxy, which is the default."`

	Mailbox       []string `short:"m" sep:"none" placeholder:"NAME" verbatim:"" group:"Session" everyday:"mailbox to open, default INBOX" help:"Mailbox to open, in UTF-8. Default INBOX. Repeatable: the mailboxes are opened one after the other in one session, and their metrics are called METRIC@NAME."`
	Mailboxes     string   `placeholder:"PATTERN" verbatim:"" group:"Session" help:"In place of -m: the mailboxes that LIST finds for PATTERN, 100 at most. STATUS counts their messages; they are opened only for what is inside of them, as search_oldest_age is."`
	List          string   `default:"*" placeholder:"PATTERN" group:"Session" help:"Pattern for LIST. Default ${default}."`
	ListReference string   `placeholder:"REF" group:"Session" help:"Reference for LIST. Default empty."`
	Message       string   `default:"newest" placeholder:"WHICH" group:"Session" help:"Message to fetch: newest, oldest, a sequence number, uid:N, or header:NAME=VALUE for the newest one found by SEARCH HEADER; one that is missing is looked for in the mailbox for spam. Default ${default}."`
	Fetch         string   `enum:"headers,envelope,body" default:"headers" placeholder:"WHAT" group:"Session" help:"What to fetch of it: headers, envelope or body. Default ${default}. Nothing is marked as read."`
	FetchLimit    string   `placeholder:"SIZE" group:"Session" help:"With --fetch=body: fetch the first SIZE bytes only (10MB). Default all, up to 256 MiB."`
	Search        string   `placeholder:"CRITERIA" verbatim:"" group:"Session" help:"Search keys of IMAP (RFC 9051 6.4.4), for example UNSEEN SINCE 1-Feb-2026; what they find is counted (search_found). {-7d} stands for the date seven days ago. Adds the step search."`
	ReadWrite     bool     `group:"Session" help:"SELECT the mailbox instead of EXAMINE. May clear Recent flags."`
	Append        string   `placeholder:"MAILBOX" verbatim:"" group:"Session" help:"Write probe: add a small message to this mailbox, fetch it back and remove it, and nothing else. Needs UIDPLUS. Use a mailbox of its own: what an interrupted run leaves is removed by a later one after 10 minutes."`
	Until         string   `placeholder:"STEP" group:"Session" help:"Last step before LOGOUT, by its name."`
	Skip          []string `placeholder:"STEP,..." group:"Session" help:"Leave out list, select or fetch."`
	With          []string `placeholder:"STEP,..." group:"Session" help:"Run these steps too: ${optional}; or measure how long the message was on its way: delivery (delivery_time, delivery_hops). A threshold on one of the metrics does the same."`

	ExpectGreeting   string   `short:"e" placeholder:"REGEXP" verbatim:"" group:"Expectations" help:"The greeting matches."`
	ExpectCapability []string `placeholder:"CAP,..." group:"Expectations" help:"Offered before login (under TLS, where there is TLS) or after it."`
	ForbidCapability []string `placeholder:"CAP,..." group:"Expectations" help:"Offered neither before nor after login."`
	ExpectMailbox    []string `sep:"none" placeholder:"NAME" verbatim:"" group:"Expectations" help:"LIST names this mailbox, or one for this use: \\Trash, \\Sent. Repeatable."`

	ExpectUIDValidity string   `name:"expect-uidvalidity" placeholder:"N" group:"Expectations" help:"UIDVALIDITY of the mailbox is N. After a change mail clients load everything again."`
	ExpectWritable    bool     `group:"Expectations" help:"The mailbox can be written to. Needs --read-write."`
	ExpectRights      string   `placeholder:"RIGHTS" group:"Expectations" help:"The user has at least these rights on the mailbox (RFC 4314): lrs to read, i to insert mail, te to delete it. Adds the step rights."`
	ExpectHeader      []string `sep:"none" placeholder:"NAME=REGEXP" verbatim:"" group:"Expectations" help:"The fetched message has this header field and it matches. Repeatable."`

	ExpectID string `name:"expect-id" placeholder:"REGEXP" verbatim:"" group:"Expectations" help:"The server's answer to ID, written name=NAME, version=VERSION and so on, matches. Adds the step id."`

	Warning  []string `short:"w" sep:"none" placeholder:"[METRIC=]RANGE" group:"Thresholds" everyday:"WARNING outside the range, of time without METRIC=" help:"WARNING when the metric is outside the range; a bare range is for time. Repeatable, comma-separated: -w 2 -w time_login=500ms,messages=1: For one of several mailboxes: -w messages@NAME=1:"`
	Critical []string `short:"c" sep:"none" placeholder:"[METRIC=]RANGE" group:"Thresholds" everyday:"CRITICAL outside the range" help:"CRITICAL, in the same way."`

	State []string `placeholder:"KIND=STATE,..." group:"Thresholds" help:"State of a kind of failure, in place of its default: timeout=unknown,auth_failed=warning."`

	Output            string   `short:"o" enum:"nagios,json,openmetrics" default:"nagios" placeholder:"FORMAT" group:"Output" help:"nagios, json or openmetrics. The exit code is the same."`
	Brief             bool     `group:"Output" help:"Print the first line only."`
	Verbose           int      `short:"v" group:"Output" everyday:"more below the first line, up to -vvv" help:"More below the first line, up to -vvv, which adds the redacted transcript."`
	PerfdataUnknown   bool     `group:"Output" help:"Print U for planned metrics without a value, for PNP and RRD."`
	Write             string   `placeholder:"FILE" guarded:"" group:"Output" help:"Replace FILE by the output (mode 0644), whole or not at all, in place of printing it: for node_exporter's textfile collector, with -o openmetrics. Only a file that a check has written is replaced."`
	Label             []string `sep:"none" placeholder:"NAME=VALUE" group:"Output" help:"A label of every OpenMetrics series, beside host, port, username and mailbox. Repeatable. An empty value leaves the label out: --label=username="`
	Transcript        string   `placeholder:"FILE" guarded:"" group:"Output" help:"Write the redacted dialogue to FILE (mode 0600); - puts it below the steps."`
	TranscriptContent bool     `group:"Output" help:"Let the transcript show what mails and folder lists say."`

	Explain bool `group:"Other" help:"Contact nobody: print the plan, step by step, and the telnet, openssl and curl lines that do the same by hand."`

	Demo argv.Optional `placeholder:"SCENARIO" group:"Other" help:"Check an IMAP server started in this process: a first look, and a fire drill for alerting. list prints the scenarios."`

	Generate string `enum:"icinga2,director,nagios,nrpe,man,bash,zsh,fish," default:"" placeholder:"KIND" group:"Other" help:"Print a definition made from this list of options and exit 0: icinga2, director, nagios, nrpe, man, bash, zsh or fish. Stands alone."`

	ExtraOpts argv.ExtraOpts `placeholder:"[SECTION][@FILE]" group:"Other" help:"Read options from an ini file, as the monitoring plugins do."`
	Version   argv.Ask       `short:"V" group:"Other" help:"Print the version."`
	Usage     argv.Ask       `short:"h" group:"Other" help:"Print a short help, with the flags of every day."`
	Help      argv.Ask       `group:"Other" help:"Print this help."`
}

// port is a TCP port, also by its name; 0 when it was not given.
type port uint16

// UnmarshalText implements encoding.TextUnmarshaler. The text is not repeated: it
// may be a password that was meant for -P.
func (p *port) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 16)
	switch strings.ToLower(string(text)) {
	case "imap":
		n, err = 143, nil
	case "imaps":
		n, err = 993, nil
	}
	if err != nil || n == 0 {
		return errors.New("must be a number from 1 to 65535")
	}
	*p = port(n)
	return nil
}

// duration is a time span: 2, 2.5, 500ms, 1m30s. A bare number is seconds.
type duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	s, v, err := span(text)
	switch {
	case err != nil:
		return fmt.Errorf("%s is not a duration: write 8, 500ms or 1m30s", argv.Quote(s))
	case v > time.Hour && strings.Trim(s, "0123456789") == "":
		return fmt.Errorf("%s is %v, more than 1h: write %[1]sms, if those are milliseconds", s, v)
	case v < 10*time.Millisecond || v > time.Hour:
		return fmt.Errorf("%s is not between 10ms and 1h", argv.Quote(s))
	}
	*d = duration(v)
	return nil
}

// span reads a time span.
func span(text []byte) (s string, v time.Duration, err error) {
	s = strings.TrimSpace(string(text))
	v, err = time.ParseDuration(s)
	if n, nerr := strconv.ParseFloat(s, 64); nerr == nil && strings.Trim(s, "0123456789.") == "" {
		v, err = time.Duration(n*float64(time.Second)), nil
	}
	return s, v, err
}

// lockoutWait is a time span from a minute to a week.
type lockoutWait time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *lockoutWait) UnmarshalText(text []byte) error {
	s, v, err := span(text)
	if err != nil || v < time.Minute || v > 7*24*time.Hour {
		return fmt.Errorf("%s is not a duration from 1m to 168h", argv.Quote(s))
	}
	*w = lockoutWait(v)
	return nil
}

// kongOptions are those of the whole grammar.
func kongOptions() []kong.Option {
	return []kong.Option{
		kong.Name(Program), kong.Vars{"optional": strings.Join(session.Optional(), ", ")},
		kong.Description("Run a whole IMAP session against a server and judge every step."),
	}
}

// Model returns the grammar for those who write it down in another form.
// Nothing in it may be changed.
func Model() *kong.Application { return argv.Model(&grammar{}, kongOptions()...) }

// Program is the name of the plugin.
const Program = "check_imap_session"
