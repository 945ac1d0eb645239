//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// terminateGroup asks the process and what it started to end: a wrapper such as `go run` or `npm` may not pass it on.
func terminateGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// killGroup ends the process and what it started in its group.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
