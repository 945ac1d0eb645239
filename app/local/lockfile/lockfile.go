// Package lockfile takes a lock that ends with the process which holds it, however that ends.
package lockfile

import (
	"context"
	"fmt"
	"os"
	"time"
)

const tryEvery = 100 * time.Millisecond

// Try takes the lock of a file, or reports with ok false that another process has it. The file stays: removing it
// would let a third process lock a new file of that name while the second still holds the old one.
func Try(path string) (unlock func(), ok bool, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- in a folder of ours
	if err != nil {
		return nil, false, fmt.Errorf("open lock: %w", err)
	}
	ok, err = tryLock(file)
	if err != nil {
		err = fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		_ = file.Close()
		return nil, false, err
	}
	return func() { _ = file.Close() }, true, nil
}

// Wait waits for the lock until ctx ends; waiting is called once when there is need to wait.
func Wait(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	ticker := time.NewTicker(tryEvery)
	defer ticker.Stop()
	for first := true; ; first = false {
		unlock, ok, err := Try(path)
		if ok || err != nil {
			return unlock, err
		}
		if first {
			waiting()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", path, ctx.Err())
		}
	}
}
