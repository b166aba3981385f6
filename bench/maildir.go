//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	messages     = 42        // in the INBOX
	largeBox     = "Large"   // made by addLarge
	largeMessage = 100 << 20 // bytes of it, at least
)

// maildir is where the user's mail is, as the server finds it.
type maildir struct {
	dir      string
	uid, gid int
}

// newMaildir makes the INBOX with its messages and a few folders more.
func newMaildir(dir string, owner *user.User) (maildir, error) {
	uid, errUID := strconv.Atoi(owner.Uid)
	gid, errGID := strconv.Atoi(owner.Gid)
	m := maildir{dir, uid, gid}
	if err := errors.Join(errUID, errGID); err != nil {
		return m, err
	}
	for _, box := range []string{"", ".Archive", ".Archive.2025", ".Drafts", ".Sent", ".Spam", ".Trash"} {
		if err := m.addBox(box); err != nil {
			return m, err
		}
	}
	for i := range messages {
		text := fmt.Sprintf("From: a@example.com\nTo: b@example.com\nSubject: message %d\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n"+
			"Message-Id: <%d@example.com>\n\nBody %d\n", i, i, i)
		if err := m.addMessage("", i, text); err != nil {
			return m, err
		}
	}
	return m, nil
}

// addLarge adds a folder with one message of largeMessage.
func (m maildir) addLarge() error {
	const line = "0123456789012345678901234567890123456789012345678901234567890123456789\n"
	text := "From: a@example.com\nSubject: large\n\n" + strings.Repeat(line, largeMessage/len(line)+1)
	return errors.Join(m.addBox("."+largeBox), m.addMessage("."+largeBox, 0, text))
}

func (m maildir) addBox(box string) error {
	for _, sub := range []string{"", "cur", "new", "tmp"} {
		dir := filepath.Join(m.dir, box, sub)
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chown(dir, m.uid, m.gid)); err != nil {
			return err
		}
	}
	return nil
}

func (m maildir) addMessage(box string, i int, text string) error {
	file := filepath.Join(m.dir, box, "cur", fmt.Sprintf("%d.bench:2,S", 1767225600+i))
	return errors.Join(os.WriteFile(file, []byte(text), 0o644), os.Chown(file, m.uid, m.gid))
}
