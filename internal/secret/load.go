package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// maxSource is how much of a file or of a command's output is looked at, in bytes.
// Access tokens reach a few KiB.
const maxSource = 64 << 10

var (
	// ErrEmpty says that the first line of a source has nothing in it.
	ErrEmpty = errors.New("first line is empty")
	// ErrNUL says that there is a NUL byte in the first line.
	ErrNUL = errors.New("has a NUL byte in its first line, save it as UTF-8 text")
	// ErrTooLong says that no line end was found in the first 64 KiB.
	ErrTooLong = errors.New("first line is longer than 64 KiB")
)

// Error is what every loader of this package fails with. It names the source and
// never its content. The caller knows the flag and puts it in front:
// `fmt.Errorf("--password-file: %w", err)`.
type Error struct {
	// Source is "file PATH", "standard input", "credential NAME" or "command
	// PROGRAM"; of a command line only the first word, since secrets may follow it.
	Source string
	// Err is the cause: one of the Err values of this package, an *exec.ExitError,
	// an fs or exec sentinel, or the context's error. It does not repeat Source.
	Err error
}

func (e *Error) Error() string { return e.Source + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FromFile reads a secret from the first line of a file, or of stdin when path is
// "-" (a file of that name is "./-").
//
// The line end, LF or CRLF, is not part of the secret; blanks are. A UTF-8 byte
// order mark at the start is dropped, because editors on Windows write one. Nothing
// behind the first line is read from a pipe, so the writer may keep it open.
//
// The remarks are for the user and not a failure: a regular file that all users may
// read or write. There are none on Windows, whose permissions Go does not show.
//
// The read takes as long as the system call does (a FIFO without a writer, a dead
// mount): the caller has to leave it behind when its time is up. Errors are of
// type *Error: ErrEmpty, ErrNUL, ErrTooLong, or that of the operating system.
func FromFile(path string, stdin io.Reader) (Secret, []string, error) {
	if path != "-" {
		s, remarks, err := readFile(path)
		return s, remarks, from("file "+path, err)
	}
	if stdin == nil {
		return Secret{}, nil, from("standard input", errors.New("is not open"))
	}
	s, err := readFirstLine(stdin)
	return s, nil, from("standard input", err)
}

// FromPlainFile is FromFile for a regular file, which it opens as OpenPlain does and
// describes.
func FromPlainFile(path string) (Secret, fs.FileInfo, error) {
	f, st, err := OpenPlain(path, os.O_RDONLY)
	if err != nil {
		return Secret{}, nil, from("file "+path, err)
	}
	defer f.Close()
	s, err := readFirstLine(f)
	return s, st, from("file "+path, err)
}

// FromCredential reads a secret that systemd passed on (LoadCredential= and
// SetCredential=) as the file name in dir, the value of CREDENTIALS_DIRECTORY. The
// content is treated as by FromFile.
//
// Errors are of type *Error; beside those of FromFile: dir is empty, or name is not
// a plain file name. See systemd.exec(5), section CREDENTIALS.
func FromCredential(name, dir string) (Secret, error) {
	source := "credential " + name
	if !isFileName(name) {
		return Secret{}, &Error{source, errors.New("is not the name of a credential")}
	}
	if dir == "" {
		return Secret{}, &Error{source, errors.New("CREDENTIALS_DIRECTORY is not set")}
	}
	s, _, err := readFile(filepath.Join(dir, name))
	return s, from(source, err)
}

// HasCredential says whether systemd passed on a credential of that name: dir, the
// value of CREDENTIALS_DIRECTORY, holds such a file. A name with a slash is none.
func HasCredential(name, dir string) bool {
	if dir == "" || !isFileName(name) {
		return false
	}
	st, err := os.Stat(filepath.Join(dir, name))
	return err == nil && !st.IsDir()
}

// isFileName says whether a name can only be that of a file in a folder.
func isFileName(name string) bool {
	return name == filepath.Base(name) && filepath.IsLocal(name) && name != "."
}

// Remarks says what is doubtful about a file that holds a secret, as FromFile does.
func Remarks(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	return remarks(f, path)
}

// from names the source of an error, nil of none.
func from(source string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{source, cause(err)}
}

// cause drops what os and exec put around an error, as the path is named already.
func cause(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

func readFile(path string) (Secret, []string, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() && !st.IsDir() && !isDescriptor(path) {
		return Secret{}, nil, errors.New("is not a regular file; a pipe is named /dev/fd/N or -")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return Secret{}, nil, denied(path)
	}
	if err != nil {
		return Secret{}, nil, err
	}
	defer f.Close()
	s, err := readFirstLine(f)
	if err != nil {
		return Secret{}, nil, err
	}
	return s, remarks(f, path), nil
}

// isDescriptor says whether a path names a file that the process has open.
func isDescriptor(path string) bool {
	return strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/") || path == "/dev/stdin"
}

// denied says who may not read a file, and whose it is.
func denied(path string) error {
	who := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(who); err == nil {
		who = u.Username
	}
	st, err := os.Stat(path)
	if err != nil { // not even this may be asked
		return fmt.Errorf("%w for user %s: a folder above it cannot be entered by this user", fs.ErrPermission, who)
	}
	return fmt.Errorf("%w for user %s (%smode %04o)", fs.ErrPermission, who, ownerWords(st), st.Mode().Perm())
}

// ownerWords returns "owner root, ", or "" where that is not known.
func ownerWords(st fs.FileInfo) string {
	u, err := user.LookupId(strconv.Itoa(owner(st)))
	if err != nil {
		return ""
	}
	return "owner " + u.Username + ", "
}

// remarks says what is doubtful about the file f.
func remarks(f *os.File, path string) []string {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || runtime.GOOS == "windows" {
		return nil
	}
	can := ""
	switch info.Mode().Perm() & 0o006 {
	case 0o004:
		can = "readable"
	case 0o002:
		can = "writable"
	case 0o006:
		can = "readable and writable"
	default:
		return nil
	}
	return []string{fmt.Sprintf("file %s is %s by all users (mode %04o), chmod o-rw is advised", path, can, info.Mode().Perm())}
}

// readFirstLine reads r up to its first line end, and not further than that, at
// most maxSource bytes.
func readFirstLine(r io.Reader) (Secret, error) {
	var text []byte
	buf := make([]byte, 4096)
	for !bytes.ContainsRune(text, '\n') && len(text) <= maxSource {
		n, err := r.Read(buf)
		text = append(text, buf[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Secret{}, err
		}
	}
	return firstLine(text)
}

// firstLine returns the secret that text begins with.
func firstLine(text []byte) (Secret, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	line, _, ended := bytes.Cut(text, []byte("\n"))
	if ended {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	switch {
	case len(line) > maxSource || !ended && len(text) > maxSource:
		return Secret{}, ErrTooLong
	case bytes.IndexByte(line, 0) >= 0:
		return Secret{}, ErrNUL
	case len(line) == 0:
		return Secret{}, ErrEmpty
	}
	return New(string(line)), nil
}
