//go:build unix

package lockfile

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock of a file without waiting; false means that another process has it. The lock ends with the
// process, however that ends.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // #nosec G115 -- a descriptor fits
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
