package session

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	oracle "github.com/xdg-go/scram"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/report"
)

// TestSCRAMWeakServer: a server whose parameters make the password cheap to guess gets
// no proof in clear, unless the user accepts that. Else it is a remark.
func TestSCRAMWeakServer(t *testing.T) {
	for _, tt := range []struct {
		name       string
		iterations int
		allow      bool
		want       error
		remarks    int
	}{
		{"enough", 4096, false, nil, 0},
		{"too few", 1, false, report.ErrPlaintextRefused, 0},
		{"too few, accepted", 1, true, nil, 1},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			b.cfg.Auth, b.cfg.AllowPlaintext, b.cfg.Until = auth.SCRAMSHA256, tt.allow, report.StepLogin
			b.cfg.Dial.Address = netip.MustParseAddr("192.0.2.7")
			b.cfg.Dial.Dial = func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				go serveSCRAM(there, b.cfg.Username, b.cfg.Password.Reveal(), tt.iterations)
				return here, nil
			}
			plan := mustPlan(t, b.cfg)
			r := Run(t.Context(), b.cfg, plan)
			e := r.Failure()
			if (e != nil) != (tt.want != nil) || e != nil && (!errors.Is(e.Err, tt.want) || errors.Is(e.Err, report.ErrProtocol)) || len(r.Remarks) != tt.remarks {
				t.Errorf("failure %v, remarks %v, want %v and %d", e, r.Remarks, tt.want, tt.remarks)
			}
		})
	}
}

// serveSCRAM is a server that logs one user in by SCRAM-SHA-256.
func serveSCRAM(nc net.Conn, user, password string, iterations int) {
	defer nc.Close()
	known, _ := oracle.SHA256.NewClientUnprepped(user, password, "")
	stored, _ := known.GetStoredCredentialsWithError(oracle.KeyFactors{Salt: "a long salt", Iters: iterations})
	srv, _ := oracle.SHA256.NewServer(func(string) (oracle.StoredCredentials, error) { return stored, nil })
	exchange := srv.NewConversation()
	fmt.Fprint(nc, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256] ready\r\n")
	tag := ""
	for lines := bufio.NewScanner(nc); lines.Scan(); {
		words := strings.Fields(lines.Text())
		last := ""
		if len(words) > 0 {
			last = words[len(words)-1]
		}
		if len(words) > 1 {
			tag = words[0]
		}
		switch {
		case strings.EqualFold(last, "LOGOUT"):
			fmt.Fprintf(nc, "* BYE\r\n%s OK out\r\n", tag)
		case last == "*":
			fmt.Fprintf(nc, "%s BAD cancelled\r\n", tag)
		case exchange.Done():
			fmt.Fprintf(nc, "%s OK in\r\n", tag)
		default:
			message, _ := base64.StdEncoding.DecodeString(last)
			answer, _ := exchange.Step(string(message))
			fmt.Fprintf(nc, "+ %s\r\n", base64.StdEncoding.EncodeToString([]byte(answer)))
		}
	}
}
