package session

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math"
	"testing"
	"time"
)

// TestDays goes beyond what a time.Duration holds.
func TestDays(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("20060102150405Z", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	from, now, until := at("20000101000000Z"), at("20261125000000Z"), at("99991231235959Z")
	if got := math.Floor(days(now, until)); got != 2912114 {
		t.Errorf("%v days, want 2912114", got)
	}
	if got := 100 * days(now, until) / days(from, until); math.Abs(got-99.6638) > 0.0001 {
		t.Errorf("%v percent, want 99.6638", got)
	}
	if got := days(now, now.Add(-time.Hour)); math.Floor(got) != -1 {
		t.Errorf("%v days, want a negative number", got)
	}
}

func TestMustStaple(t *testing.T) {
	feature := func(values ...int) *x509.Certificate {
		der, err := asn1.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		return &x509.Certificate{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: der}}}
	}
	for _, tt := range []struct {
		c    *x509.Certificate
		want bool
	}{{&x509.Certificate{}, false}, {feature(5), true}, {feature(17), false}, {feature(17, 5), true}} {
		if got := mustStaple(tt.c); got != tt.want {
			t.Errorf("%v: got %t, want %t", tt.c.Extensions, got, tt.want)
		}
	}
}
