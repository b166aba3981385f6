package dial

import (
	"errors"
	"io"
	"os"
	"strings"
)

// maxFile is how large a file of certificates or keys may be, in bytes. The bundle
// of a system has some 230 KB.
const maxFile = 4 << 20

var (
	errNotRegular = errors.New("is not a regular file")
	errTooLarge   = errors.New("is larger than 4 MiB")
)

// ReadFile reads a file of certificates or keys: a regular one, or what a shell
// hands over as /dev/fd/N or /dev/stdin, of at most 4 MiB. A FIFO or a device
// might never end. Its error does not repeat the name.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	handedOver := path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
	if !info.Mode().IsRegular() && !(handedOver && info.Mode()&os.ModeNamedPipe != 0) {
		return nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errTooLarge
	}
	return text, err
}
