package gen

import "strings"

// caption names a flag in a form. Flags that are words already have none here.
func (f flag) caption() string {
	captions := map[string]string{
		"hostname":             "Server name",
		"address":              "Address to connect to",
		"ipv4":                 "IPv4 only",
		"ipv6":                 "IPv6 only",
		"all-addresses":        "All addresses of the name",
		"source":               "Source address",
		"tls":                  "TLS mode",
		"server-name":          "Name in the certificate",
		"client-cert":          "Client certificate",
		"client-key":           "Client certificate, its key",
		"tls-min":              "Oldest TLS version",
		"tls-small-hello":      "Small first TLS message",
		"certificate-key":      "Kind of certificate key",
		"certificate":          "Certificate, days left",
		"insecure":             "Do not verify the certificate",
		"username":             "User name",
		"auth":                 "Authentication",
		"allow-plaintext-auth": "Allow login without TLS",
		"list":                 "LIST pattern",
		"list-reference":       "LIST reference",
		"message":              "Message to fetch",
		"fetch":                "What to fetch",
		"search":               "Search criteria",
		"read-write":           "Open the mailbox for writing",
		"until":                "Last step",
		"skip":                 "Steps to leave out",
		"with":                 "More steps",
		"warning":              "Warning limits",
		"critical":             "Critical limits",
		"state":                "State by kind of failure",
		"brief":                "First line only",
		"verbose":              "More output (0 to 3)",
		"perfdata-unknown":     "Print U for missing values",
		"transcript-content":   "Content of mails in the transcript",
		"demo":                 "Demonstration server",
	}
	if c := captions[f.name]; c != "" {
		return c
	}
	spelling := map[string]string{
		"ca": "CA", "id": "ID", "imap": "IMAP", "oauth": "OAuth", "proxy": "PROXY", "tls": "TLS",
		"uidvalidity": "UIDVALIDITY", "url": "URL", "expect": "expected", "forbid": "forbidden",
	}
	words := strings.Split(f.name, "-")
	for i, w := range words {
		if s := spelling[w]; s != "" {
			words[i] = s
		}
	}
	text := strings.Join(words, " ")
	return strings.ToUpper(text[:1]) + text[1:]
}
