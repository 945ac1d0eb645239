package vim_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"
	"weak"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// serve runs a simulated vCenter over TLS until the test ends.
func serve(t *testing.T, change func(*vcsim.Config)) *vcsim.Server {
	t.Helper()
	var config vcsim.Config
	if change != nil {
		change(&config)
	}
	return vcsimtest.Start(t, config)
}

func dial(t *testing.T, server *vcsim.Server, filter vim.Filter) vcenter.Session {
	t.Helper()
	return dialAt(t, server.URL(), server.Thumbprint(), filter)
}

func dialAt(t *testing.T, address *url.URL, thumbprint string, filter vim.Filter) vcenter.Session {
	t.Helper()
	return dialWith(t, address, thumbprint, filter, zerolog.Nop())
}

func dialWith(t *testing.T, address *url.URL, thumbprint string, filter vim.Filter, log zerolog.Logger) vcenter.Session {
	t.Helper()
	session, err := vim.NewDialer(vim.Config{
		URL: address, Name: "lab", Thumbprint: thumbprint, Filter: filter,
		Credentials: vcsimtest.Credentials,
	}, log).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(context.Background()) })
	return session
}

// keysOf reads until there is no more.
func keysOf(t *testing.T, cursor vcenter.Cursor) []int32 {
	t.Helper()
	defer cursor.Close(t.Context())
	var keys []int32
	for {
		items, err := cursor.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			return keys
		}
		for i := range items {
			keys = append(keys, items[i].Key)
		}
	}
}

func TestVCenter9IsReadByKey(t *testing.T) {
	server := serve(t, func(c *vcsim.Config) { c.Version, c.History = "9.0.0", 2500 })
	session := dial(t, server, vim.Filter{})
	if !session.CanOpenAfter() {
		t.Fatal("version 9 cannot be read by key")
	}
	keys := keysOf(t, session.OpenAfter(1234))
	if len(keys) < 2500-1234 || keys[0] != 1235 {
		t.Fatalf("%d keys, the first is %d", len(keys), keys[0])
	}
	for i, key := range keys {
		if key != int32(1235+i) { //nolint:gosec // small
			t.Fatalf("after key %d comes %d", keys[i-1], key)
		}
	}
}

func TestEarlierVersionsAreNotReadByKey(t *testing.T) {
	for _, version := range []string{"7.0.3", "8.0.3"} {
		server := serve(t, func(c *vcsim.Config) { c.Version, c.History = version, 10 })
		session := dial(t, server, vim.Filter{})
		if session.CanOpenAfter() {
			t.Errorf("version %s can be read by key", version)
		}
		if _, err := session.OpenAfter(0).Next(t.Context()); err == nil {
			t.Errorf("version %s has answered", version)
		}
	}
}

func TestAVCenterThatRefusesToBeReadByKeyIsNotAskedAgain(t *testing.T) {
	server := serve(t, func(c *vcsim.Config) { c.Version, c.History = "9.0.0", 10 })
	session := dial(t, server, vim.Filter{})
	if _, err := server.Fault("kind=fault,method=QueryEvents,count=1"); err != nil {
		t.Fatal(err)
	}
	if _, err := session.OpenAfter(0).Next(t.Context()); err == nil {
		t.Fatal("the fault did not strike")
	}
	if session.CanOpenAfter() {
		t.Error("it would be asked again")
	}
}

func TestVCenterSelectsWhatIsAskedFor(t *testing.T) {
	server := serve(t, func(c *vcsim.Config) { c.Version, c.History = "9.0.0", 1000 })
	const name = "VmPoweredOnEvent"
	wanted := make(map[int32]bool)
	for _, e := range server.Events(0) {
		if _, is := e.(*types.VmPoweredOnEvent); is {
			wanted[e.GetEvent().Key] = true
		}
	}
	session := dial(t, server, vim.Filter{Events: []string{name}})
	span, err := session.OpenSpan(t.Context(), vcenter.Span{})
	if err != nil {
		t.Fatal(err)
	}
	for how, cursor := range map[string]vcenter.Cursor{"by time": span, "by key": session.OpenAfter(0)} {
		keys := keysOf(t, cursor)
		if len(keys) != len(wanted) {
			t.Errorf("%s: %d events, want %d", how, len(keys), len(wanted))
		}
		for _, key := range keys {
			if !wanted[key] {
				t.Errorf("%s: event %d was not asked for", how, key)
			}
		}
	}
	whole, err := session.OpenSpan(t.Context(), vcenter.Span{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if keys := keysOf(t, whole); len(keys) < 1000 { // and logins
		t.Errorf("%d events of all, want 1000 at least", len(keys))
	}
	last := server.Post(&types.VmPoweredOnEvent{}).GetEvent()
	server.Post(&types.VmPoweredOffEvent{})
	newest, found, err := session.Latest(t.Context())
	if err != nil || !found || newest.Key != last.Key {
		t.Errorf("the newest is %d, want %d (%v)", newest.Key, last.Key, err)
	}
	if n := server.Collectors(); n != 0 {
		t.Errorf("%d collectors are left", n)
	}
}

func TestAWatchTellsOfNewEventsAndLeavesNothingBehind(t *testing.T) {
	for name, filter := range map[string]vim.Filter{"all": {}, "some": {Events: []string{"VmPoweredOnEvent"}}} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, nil)
			session := dial(t, server, filter)
			told := make(chan vcenter.Mark, 100)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- session.Watch(ctx, func(m vcenter.Mark) { told <- m }) }()
			for range 3 {
				want := server.Post(&types.VmPoweredOnEvent{}).GetEvent().Key
				for got := int32(0); got != want; {
					select {
					case m := <-told:
						got = m.Key
					case <-time.After(10 * time.Second):
						t.Fatalf("event %d was not told", want)
					}
				}
			}
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the watch ended with %v", err)
			}
			if n := server.Collectors(); n != 0 {
				t.Errorf("%d collectors are left", n)
			}
		})
	}
}

func TestAnEndedSessionIsNamed(t *testing.T) {
	server := serve(t, func(c *vcsim.Config) { c.Version, c.History = "9.0.0", 10 })
	session := dial(t, server, vim.Filter{})
	cursor, err := session.OpenSpan(t.Context(), vcenter.Span{})
	if err != nil {
		t.Fatal(err)
	}
	server.TerminateSessions()
	for name, call := range map[string]func() error{
		"now":     func() error { _, err := session.Now(t.Context()); return err },
		"latest":  func() error { _, _, err := session.Latest(t.Context()); return err },
		"open":    func() error { _, err := session.OpenSpan(t.Context(), vcenter.Span{}); return err },
		"by time": func() error { _, err := cursor.Next(t.Context()); return err },
		"by key":  func() error { _, err := session.OpenAfter(0).Next(t.Context()); return err },
		"watch":   func() error { return session.Watch(t.Context(), func(vcenter.Mark) {}) },
	} {
		if name == "now" {
			continue // CurrentTime needs no session
		}
		if err := call(); !errors.Is(err, vcenter.ErrSessionEnded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !session.CanOpenAfter() {
		t.Error("the end of a session was taken for a refusal to be read by key")
	}
}

// The memory of a page is used again two pages later, and not before.
func TestAPageIsValidUntilTheNextButOne(t *testing.T) {
	server := serve(t, func(c *vcsim.Config) { c.History = 5000 })
	session := dial(t, server, vim.Filter{})
	cursor, err := session.OpenSpan(t.Context(), vcenter.Span{})
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close(t.Context())
	var before []vcenter.Item
	var copied []string
	for range 5 {
		items, err := cursor.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range before {
			if string(before[i].Data) != copied[i] {
				t.Fatalf("event %d was overwritten by the page after it", before[i].Key)
			}
		}
		before, copied = items, nil
		for i := range items {
			copied = append(copied, string(items[i].Data))
		}
	}
}

// A large event is given back with its page, although the pages after it are shorter and the heap has not doubled.
func TestALargeEventIsNotKept(t *testing.T) {
	server := serve(t, func(c *vcsim.Config) { c.History = 100 })
	cursor, err := dial(t, server, vim.Filter{}).OpenSpan(t.Context(), vcenter.Span{})
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close(t.Context())
	if _, err := server.Fault("kind=huge,size=5"); err != nil {
		t.Fatal(err)
	}
	var large weak.Pointer[byte]
	for page := range 3 { // the buffers of a page are used again two pages later
		items, err := cursor.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if page == 0 {
			large = weak.Make(&items[len(items)-1].Data[5<<20])
		}
	}
	if large.Value() != nil {
		t.Error("it is still there")
	}
}
