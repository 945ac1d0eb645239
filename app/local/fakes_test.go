package local_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain turns the test binary into a fake when it is started under another name: the stack then supervises real
// processes with nothing installed.
func TestMain(m *testing.M) {
	fakes := map[string]func([]string) int{
		"daprd": fakeDaprd, "broker": fakeBroker, "app": fakeApp, "parent": fakeParent,
	}
	if fake := fakes[filepath.Base(os.Args[0])]; fake != nil {
		os.Exit(fake(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fake makes the test binary available under a name in dir.
func fake(t *testing.T, dir, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// untilAsked blocks until SIGTERM and says so.
func untilAsked() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	fmt.Println("stopped")
	return 0
}

// fakeDaprd answers for its health. A file `broken` in its resources makes it end as daprd does.
func fakeDaprd(args []string) int {
	values := map[string]string{}
	for i := range args {
		if i+1 < len(args) {
			values[args[i]] = args[i+1]
		}
	}
	fmt.Println("arguments", strings.Join(args, " "))
	if _, err := os.Stat(filepath.Join(values["--resources-path"], "broken")); err == nil {
		fmt.Println(`time="2026-01-01T00:00:00Z" level=error msg="something before" scope=x`)
		fmt.Println(`time="2026-01-01T00:00:00Z" level=fatal msg="init error for \"events\":  no such host" app_id=x scope=x`)
		return 1
	}
	healthy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	listener, err := net.Listen("tcp", "127.0.0.1:"+values["--dapr-http-port"])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	go func() { _ = http.Serve(listener, healthy) }()
	return untilAsked()
}

func fakeBroker(args []string) int {
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	listen, _ := flags.String("listen", "", ""), flags.String("dir", "", "")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("ready nats://%s\n", listener.Addr())
	return untilAsked()
}

// fakeApp does what its first argument says.
func fakeApp(args []string) int {
	switch args[0] {
	case "wait":
		return untilAsked()
	case "env":
		for _, name := range args[1:] {
			value, ok := os.LookupEnv(name)
			fmt.Printf("%s=%s %v\n", name, value, ok)
		}
		return untilAsked()
	case "crash":
		fmt.Print("no newline at the end")
		return 7
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ignores SIGTERM")
		<-time.After(time.Hour)
	}
	return 0
}

func exitCode(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
