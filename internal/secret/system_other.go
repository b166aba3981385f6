//go:build !unix

package secret

import (
	"io/fs"
	"os"
	"os/exec"
)

// NoFollow is empty: OpenPlain looks before it opens.
const NoFollow = 0

// owner returns -1: there are no user IDs as on Unix.
func owner(fs.FileInfo) int { return -1 }

// Inode returns 0: files have no number here.
func Inode(fs.FileInfo) uint64 { return 0 }

// giveTo does nothing: there are no owners as on Unix.
func giveTo(*os.File, fs.FileInfo) error { return nil }

// ownGroup does nothing: there are no process groups.
func ownGroup(*exec.Cmd) {}

// killGroup kills cmd. Its children go on, but FromCommand does not wait for them.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
