package probe

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25"
)

// Login logs in to a vCenter; vim.Dialer.Client is one.
type Login func(ctx context.Context) (*vim25.Client, error)

// loginGrace is how long a login that is under way is waited for after the context has ended. A request that is broken off
// may have made a session all the same, which nobody could log out.
const loginGrace = 3 * time.Second

// login logs in, within a timeout if that is not 0. When ctx ends meanwhile, the session is logged out again.
func login(ctx context.Context, dial Login, timeout time.Duration) (*session, error) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if timeout > 0 {
		detached, cancel = context.WithTimeout(detached, timeout)
		defer cancel()
	}
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(loginGrace, cancel) })
	defer stop()
	client, err := dial(detached)
	if err == nil {
		s := &session{client: client}
		if ctx.Err() == nil {
			return s, nil
		}
		_ = s.logout(ctx) // the session ends by itself after a while
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, err
}
