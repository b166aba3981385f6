// Bare is the smallest Go program that runs the session of the plugin:
// crypto/tls with verification against a CA file, and bufio. It sends the
// commands that the plugin sends by default, one after the other, and reads each
// answer only to find its end.
//
//	bare HOST PORT CA-FILE USER PASSWORD-FILE
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
)

func main() {
	if err := session(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(2)
	}
	os.Stdout.WriteString("OK\n")
}

func session(host, port, caFile, user, passwordFile string) error {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	password, err := os.ReadFile(passwordFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := tls.Dial("tcp", net.JoinHostPort(host, port), &tls.Config{RootCAs: roots})
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	if _, err := answer(r, "* OK "); err != nil { // the greeting
		return err
	}
	exists := "1"
	for i, command := range []string{
		`LOGIN "` + user + `" "` + strings.TrimSpace(string(password)) + `"`,
		`LIST "" "*"`,
		`EXAMINE INBOX`,
		`FETCH `,
		`LOGOUT`,
	} {
		if command == "FETCH " {
			command += exists + " (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]<0.2048>)"
		}
		tag := string(rune('a' + i))
		if _, err := c.Write([]byte(tag + " " + command + "\r\n")); err != nil {
			return err
		}
		lines, err := answer(r, tag+" OK ")
		if err != nil {
			return err
		}
		for _, line := range lines {
			if n, ok := strings.CutSuffix(line, " EXISTS\r\n"); ok {
				exists = strings.TrimPrefix(n, "* ")
			}
		}
	}
	return nil
}

// answer reads up to the line that starts with end. It does not parse literals:
// the message of bench's server has no such line in its header.
func answer(r *bufio.Reader, end string) ([]string, error) {
	var lines []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(line, end) {
			return lines, nil
		}
		if strings.HasPrefix(line, end[:2]) && end[0] != '*' {
			return nil, errors.New(line)
		}
		lines = append(lines, line)
	}
}
