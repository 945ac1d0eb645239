//go:build unix

package local

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// terminateGroup asks the process and what it started to end: a wrapper such as `go run` or `npm` may not pass it on.
func terminateGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// killGroup ends the process and what it started in its group.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// tryLock takes the lock of a file without waiting; false means that another process has it. The lock ends with the
// process, however that ends.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // #nosec G115 -- a descriptor fits
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
