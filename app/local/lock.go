package local

import (
	"context"
	"fmt"
	"os"
	"time"
)

const lockEvery = 100 * time.Millisecond

// lockNow takes the lock of a file, or reports with ok false that another process has it. The file stays: removing it
// would let a third process lock a new file of that name while the second still holds the old one.
func lockNow(path string) (unlock func(), ok bool, err error) {
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

// lock waits for the lock until ctx ends; waiting is called once when there is need to wait.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	ticker := time.NewTicker(lockEvery)
	defer ticker.Stop()
	for first := true; ; first = false {
		unlock, ok, err := lockNow(path)
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
