package secret

import "syscall"

// endWithUs has the system kill a command when the thread that starts it ends. See
// PR_SET_PDEATHSIG(2const).
func endWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
