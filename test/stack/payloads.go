//go:build e2e

package stack

import (
	"context"
	"net/url"
	"testing"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// Simulated is where a simulated vCenter answers, and who may log in.
type Simulated struct{ Address, CertFile, Username, Password string }

// ReadHistory hands the first n events of a history to f, page by page. They seem to be another vCenter's: a broker may drop
// ids that it has seen. An event is valid until f returns.
func ReadHistory(t *testing.T, from Simulated, n int, f func(e *event.Event)) {
	t.Helper()
	dialer := vim.NewDialer(vim.Config{
		URL: &url.URL{Scheme: "https", Host: from.Address, Path: "/sdk"}, Name: "bench", CAFile: from.CertFile,
		Credentials: func(context.Context) (*url.Userinfo, error) {
			return url.UserPassword(from.Username, from.Password), nil
		},
	}, zerolog.Nop())
	source := vcenter.NewSource("bench", dialer.Dial, zerolog.Nop())
	defer source.Close(t.Context())
	reader, err := source.Open(t.Context(), event.Position{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(t.Context())
	for read := 0; read < n; {
		page, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Events {
			e := page.Events[i]
			origin := *e.Origin
			origin.InstanceUUID = "00000000-0000-4000-8000-000000000000"
			e.Origin = &origin
			f(&e)
			if read++; read == n {
				break
			}
		}
	}
}
