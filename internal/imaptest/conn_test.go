package imaptest

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestConnErrors(t *testing.T) {
	b := make([]byte, 10)
	tests := []struct {
		name  string
		do    func(near, far *end) error
		want  error
		after time.Duration
	}{
		{"read deadline", func(near, far *end) error {
			near.SetDeadline(time.Now().Add(time.Second))
			_, err := near.Read(b)
			return err
		}, os.ErrDeadlineExceeded, time.Second},
		{"deadline moved while reading", func(near, far *end) error {
			near.SetReadDeadline(time.Now().Add(time.Hour))
			time.AfterFunc(time.Second, func() { near.SetReadDeadline(time.Now()) })
			_, err := near.Read(b)
			return err
		}, os.ErrDeadlineExceeded, time.Second},
		{"deadline taken back", func(near, far *end) error {
			near.SetReadDeadline(time.Now().Add(time.Second))
			near.SetReadDeadline(time.Time{})
			time.AfterFunc(time.Minute, func() { far.Write([]byte("x")) })
			_, err := near.Read(b)
			return err
		}, nil, time.Minute},
		{"buffer full", func(near, far *end) error {
			near.SetWriteDeadline(time.Now().Add(time.Second))
			n, err := near.Write(make([]byte, bufferSize+1))
			if n != bufferSize {
				return errors.New("not a buffer full")
			}
			return err
		}, os.ErrDeadlineExceeded, time.Second},
		{"buffer read", func(near, far *end) error {
			time.AfterFunc(time.Second, func() { far.Read(b) })
			_, err := near.Write(make([]byte, bufferSize+1))
			return err
		}, nil, time.Second},
		{"own close while reading", func(near, far *end) error {
			time.AfterFunc(time.Second, func() { near.Close() })
			_, err := near.Read(b)
			return err
		}, net.ErrClosed, time.Second},
		{"close twice", func(near, far *end) error { near.Close(); return near.Close() }, net.ErrClosed, 0},
		{"write after own close", func(near, far *end) error {
			near.Close()
			_, err := near.Write(b)
			return err
		}, net.ErrClosed, 0},
		{"write after FIN", func(near, far *end) error {
			far.CloseWrite()
			_, err := near.Write(b)
			return err
		}, nil, 0},
		{"write after close", func(near, far *end) error {
			far.Close()
			_, err := near.Write(b)
			return err
		}, syscall.EPIPE, 0},
		{"data before FIN", func(near, far *end) error {
			far.Write([]byte("x"))
			far.Close()
			_, err := near.Read(b)
			return err
		}, nil, 0},
		{"FIN after data", func(near, far *end) error {
			far.Write([]byte("x"))
			far.Close()
			near.Read(b)
			_, err := near.Read(b)
			return err
		}, io.EOF, 0},
		{"reset before data", func(near, far *end) error {
			far.Write([]byte("x"))
			far.SetLinger(0)
			far.Close()
			_, err := near.Read(b)
			return err
		}, syscall.ECONNRESET, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				near, far := newPipe(143)
				defer near.Close()
				if err := tt.do(near, far); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if d := time.Since(start); d != tt.after {
					t.Errorf("took %v, want %v", d, tt.after)
				}
			})
		})
	}
}
