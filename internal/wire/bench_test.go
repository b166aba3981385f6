package wire_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"check_imap_session/internal/wire"
)

func BenchmarkResponse(b *testing.B) {
	benchmarks := []struct {
		name string
		sent string
		want int // responses
	}{
		{"FETCH of a header", "* 42 FETCH (FLAGS (\\Seen) INTERNALDATE \"22-Nov-2026 23:31:38 +0000\" RFC822.SIZE 312 BODY[HEADER]<0> {252}\r\n" +
			strings.Repeat("X-Field: 0123456789\r\n", 12) + ")\r\n", 1},
		{"LIST of 100,000 rows", strings.Repeat("* LIST (\\HasNoChildren) \"/\" \"Archives/2024/folder\"\r\n", 100_000), 100_000},
		{"ENVELOPE of 400 KiB", envelope(9000), 1},
		{"literals, 10,000 of 1 byte", "* X" + strings.Repeat(" {1}\r\na", 10_000) + "\r\n", 1},
	}
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.sent)))
			b.ReportAllocs()
			for b.Loop() {
				c := wire.New(&feed{pieces: []string{bb.sent}}, wire.Limits{}, wire.NewTranscript(time.Time{}, false))
				n := 0
				for ; ; n++ {
					r, err := c.Response()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					for s := r.Scan(); s.Next().Kind != wire.TokenEnd; {
					}
				}
				if n != bb.want {
					b.Fatalf("got %d responses, want %d", n, bb.want)
				}
			}
		})
	}
}
