package local_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local"
)

// withRedis replaces the stage's component by one of Redis at that address, and gives the source tree a fake of it.
func withRedis(t *testing.T, address string, more ...func(*local.Options)) func(*local.Options) {
	return func(o *local.Options) {
		o.Root = o.RunFile.Dir()
		script(t, o.Root, "redis.sh")
		resources := filepath.Join(o.Root, "redis")
		write(t, filepath.Join(resources, "redis.yaml"), "kind: Component\nspec:\n  type: pubsub.redis\n  metadata:\n    - name: redisHost\n      value: "+address+"\n")
		for i := range o.RunFile.Apps {
			o.RunFile.Apps[i].ResourcesPaths = []string{resources}
		}
		for _, change := range more {
			change(o)
		}
	}
}

func script(t *testing.T, root, name string) {
	t.Helper()
	brokers := filepath.Join(root, "test", "backends", "brokers")
	if err := os.MkdirAll(brokers, 0o700); err != nil {
		t.Fatal(err)
	}
	fake(t, brokers, name)
}

// nobody is an address on this machine at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestABrokerIsStartedByItsScriptAndComesBackOnItsPort(t *testing.T) {
	t.Parallel()
	s := set(t, withRedis(t, nobody(t)), "one: wait")
	s.runReady(t)
	if got := s.stack.Brokers(); !slices.Equal(got, []string{"redis"}) {
		t.Fatalf("brokers: %q", got)
	}
	copied, err := os.ReadFile(filepath.Join(s.dir, "data", "run", "0", "redis.yaml"))
	if address := s.stack.BrokerAddress("redis"); err != nil || !strings.Contains(string(copied), "value: "+address+"\n") || !answers(address) {
		t.Errorf("the component does not point at the broker on %s: %v\n%s", address, err, copied)
	}
	before := s.pid(t, "redis")
	kill(t, before)
	eventually(t, "redis again", func() bool {
		pid, runs := s.stack.Process("redis")
		return runs && pid != before && answers(s.stack.BrokerAddress("redis"))
	})
}

func TestAFolderMayNeedTwoBrokers(t *testing.T) {
	t.Parallel()
	s := set(t, func(o *local.Options) {
		o.Root = o.RunFile.Dir()
		script(t, o.Root, "postgresql.sh")
		write(t, filepath.Join(o.Root, "res", "state.yaml"), component("state.postgresql", "connectionString", "host=localhost user=u"))
	}, "one: wait")
	s.runReady(t)
	if got := s.stack.Brokers(); !slices.Equal(got, []string{"broker", "postgresql"}) {
		t.Fatalf("brokers: %q", got)
	}
	for name, file := range map[string]string{"broker": "events.yaml", "postgresql": "state.yaml"} {
		copied, err := os.ReadFile(filepath.Join(s.dir, "data", "run", "0", file))
		_, port, _ := net.SplitHostPort(s.stack.BrokerAddress(name))
		if err != nil || !strings.Contains(string(copied), port) {
			t.Errorf("%s does not point at %s: %v\n%s", file, name, err, copied)
		}
	}
}

func TestABrokerThatAnswersIsUsed(t *testing.T) {
	t.Parallel()
	running, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	address := running.Addr().String()
	s := set(t, withRedis(t, address), "one: wait")
	s.runReady(t)
	if got := s.stack.Brokers(); len(got) > 0 {
		t.Errorf("started beside it: %q", got)
	}
	if said := "up        | Redis at " + address + " answers: it is used, and no other is started\n"; !strings.Contains(s.output.String(), said) {
		t.Errorf("not said: %s\n%s", said, s.output)
	}
}

func TestWhatIsNotInstalledIsSaidInOneLineBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, want string }{
		"no program": {"#!/bin/sh\necho 'redis: no redis-server: install it with x --install' >&2\nexit 3\n", "not installed: redis: no redis-server: install it with x --install, or start one on port 6379 yourself"},
		"no script":  {"", "not installed: Redis: run from the source tree, which has test/backends/brokers/redis.sh, or start one on port 6379 yourself"},
	} {
		s := set(t, withRedis(t, nobody(t), func(o *local.Options) {
			path := filepath.Join(o.Root, "test", "backends", "brokers", "redis.sh")
			_ = os.Remove(path)
			if test.script != "" {
				write(t, path, test.script)
				_ = os.Chmod(path, 0o700) //nolint:gosec // a program
			}
		}), "one: wait")
		s.run(t)
		if err := s.end(t); !errors.Is(err, local.ErrMissing) || err.Error() != test.want {
			t.Errorf("%s: %v\nwant %s", name, err, test.want)
		}
		if s.stack.Restarts("one/daprd") > 0 || strings.Contains(s.output.String(), "arguments") {
			t.Errorf("%s: something was started:\n%s", name, s.output)
		}
	}
}

func TestAppsThatAreCalledStartFirstAndTheOthersWaitForTheirSubscriptions(t *testing.T) {
	t.Parallel()
	var mark string
	s := set(t, func(o *local.Options) {
		o.RunFile.Apps[1].Port = 1
		resources := filepath.Join(o.RunFile.Dir(), "called")
		mark = filepath.Join(resources, "unsubscribed")
		write(t, mark, "")
		o.RunFile.Apps[1].ResourcesPaths = []string{resources}
	}, "publisher: env APP_ID", "called: env APP_ID")
	s.run(t)
	eventually(t, "the app that is called", func() bool { return strings.Contains(s.output.String(), "APP_ID=called") })
	eventually(t, "its sidecar is asked", func() bool { return strings.Contains(s.output.String(), "asked for subscriptions") })
	if _, runs := s.stack.Process("publisher"); runs {
		t.Error("an app that publishes runs before the other has subscribed")
	}
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the app that publishes", func() bool { return strings.Contains(s.output.String(), "APP_ID=publisher") })
}

func TestAnAppThatEndsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := set(t, func(o *local.Options) {
		o.RunFile.Apps[0].Port = 1
		resources := filepath.Join(o.RunFile.Dir(), "called")
		write(t, filepath.Join(resources, "unsubscribed"), "")
		o.RunFile.Apps[0].ResourcesPaths = []string{resources}
	}, "called: done", "publisher: env APP_ID")
	s.run(t)
	eventually(t, "the app that publishes", func() bool { return strings.Contains(s.output.String(), "APP_ID=publisher") })
}
