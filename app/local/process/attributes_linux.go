package process

import (
	"os/exec"
	"syscall"
)

// setAttributes gives the child a process group of its own, so that Ctrl-C reaches only us, and has the kernel kill it
// when we are killed.
func setAttributes(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
