//go:build !unix

package secret

import "os/exec"

// ownGroup does nothing: there are no process groups.
func ownGroup(*exec.Cmd) {}

// killGroup kills cmd. Its children go on, but FromCommand does not wait for them.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
