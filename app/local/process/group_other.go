//go:build !unix

package process

import "os/exec"

func setAttributes(*exec.Cmd) {}

// terminateGroup ends the process at once: there is no signal to ask with.
func terminateGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
