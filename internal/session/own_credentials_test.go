package session

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"check_imap_session/internal/auth"
	"check_imap_session/internal/certtest"
	"check_imap_session/internal/render"
	"check_imap_session/internal/report"
)

// TestOwnCredentials: how long our own certificate and secret are good for is
// measured, also where nothing else could be.
func TestOwnCredentials(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name         string
		cert, secret time.Duration // until it ends; 0 for none
		script       string
		certificate  float64 // days; -99 for no metric
		secretDays   float64
		remark       string
	}{
		{name: "none", script: "greet\nserve", certificate: -99, secretDays: -99},
		{name: "good", cert: 9*day + time.Hour, secret: 30 * day, script: "greet\nserve", certificate: 9, secretDays: 30},
		{name: "the secret ended", secret: -time.Hour, script: "greet\nserve", certificate: -99, secretDays: -1, remark: "expired 1999-12-31"},
		{name: "the session fails", cert: day, secret: day, script: "S: * BYE no", certificate: 1, secretDays: 1},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			b := newRig(t, TLSNone)
			if tt.cert != 0 {
				own := certtest.Must(t, "Clients").Leaf(t, certtest.Leaf{CommonName: "probe", ClientAuth: true, NotAfter: time.Now().Add(tt.cert)})
				b.cfg.Cert.Certificate = &own
			}
			if tt.secret != 0 {
				b.cfg.ClientSecretExpires = time.Now().Add(tt.secret)
			}
			r := b.run(t, tt.script)
			for name, want := range map[string]float64{report.ClientCertificateDays: tt.certificate, report.ClientSecretDays: tt.secretDays} {
				got := -99.0
				if m, ok := r.Metric(name); ok {
					got = m.Value
				}
				if got != want {
					t.Errorf("%s %v, want %v", name, got, want)
				}
			}
			said := ""
			for _, remark := range r.Remarks {
				said += remark.Text
			}
			if !strings.Contains(said, tt.remark) || strings.Contains(said, "secret") != (tt.remark != "") {
				t.Errorf("remarks %q, want %q", said, tt.remark)
			}
		})
	}
}

// TestFirstOwnCertificate: of two certificates of ours the one that ends first counts.
func TestFirstOwnCertificate(t *testing.T) {
	at := func(days int) *tls.Certificate {
		return &tls.Certificate{Leaf: &x509.Certificate{NotAfter: time.Unix(0, 0).AddDate(0, 0, days)}}
	}
	for _, tt := range []struct{ tls, oauth, want int }{{3, 5, 3}, {5, 3, 3}, {0, 4, 4}, {4, 0, 4}, {0, 0, 0}} {
		c := Config{OAuth: &auth.TokenSource{}}
		if tt.tls > 0 {
			c.Cert.Certificate = at(tt.tls)
		}
		if tt.oauth > 0 {
			c.OAuth.Certificate = at(tt.oauth)
		}
		got := 0
		if own := c.ownCertificate(); own != nil {
			got = own.NotAfter.UTC().YearDay() - 1
		}
		if got != tt.want {
			t.Errorf("TLS %d, OAuth %d days: got %d, want %d", tt.tls, tt.oauth, got, tt.want)
		}
	}
}

// TestOwnCredentialsOnce: of several sessions it is measured once and said once.
func TestOwnCredentialsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFarm(t, node{"192.0.2.7", well, 0}, node{"192.0.2.8", well, 0})
		f.cfg.ClientSecretExpires = time.Now().Add(5 * 24 * time.Hour)
		r := f.run(t, "worst")
		v, out := judged(r, policy(t, "client_secret_days 14: -"), render.Options{})
		if v.State != report.Warning || len(v.Findings) != 1 {
			t.Errorf("state %s, want WARNING by one finding:\n%s", v.State, out)
		}
		if got := read(t, out, v).Get(report.ClientSecretDays).Item; got != "5;14:" {
			t.Errorf("%s=%s, want 5;14:", report.ClientSecretDays, got)
		}
		series := string(render.OpenMetrics(r, v, render.Options{}))
		if strings.Count(series, "\nimap_session_client_secret_expiry_timestamp_seconds{") != 1 {
			t.Errorf("want one series:\n%s", series)
		}
	})
}
