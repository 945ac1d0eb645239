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
	"regexp"
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
		"redis.sh": fakeBroker, "postgresql.sh": fakeBroker, "component": fakeComponent,
	}
	if fake := fakes[filepath.Base(os.Args[0])]; fake != nil {
		os.Exit(fake(os.Args[1:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "component" { // by a stack that was not told what to run: it would run these tests, for ever
		os.Exit(2)
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

// untilAsked blocks until SIGTERM, and says both.
func untilAsked() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	fmt.Println("can be stopped")
	<-ctx.Done()
	fmt.Println("stopped")
	return 0
}

// fakeDaprd answers for its health. A file `broken` in its resources makes it end as daprd does, and a file `unsubscribed`
// says that the app's subscriptions do not stand yet. The Redis that its component names has to answer.
func fakeDaprd(args []string) int {
	values := map[string]string{}
	for i := range args {
		if i+1 < len(args) {
			values[args[i]] = args[i+1]
		}
	}
	fmt.Println("arguments", strings.Join(args, " "))
	if sockets, _ := filepath.Glob(filepath.Join(os.Getenv("DAPR_COMPONENTS_SOCKETS_FOLDER"), "*.sock")); len(sockets) > 0 {
		fmt.Println("sees", sockets[0])
	}
	if _, err := os.Stat(filepath.Join(values["--resources-path"], "broken")); err == nil {
		fmt.Println(`time="2026-01-01T00:00:00Z" level=error msg="something before" scope=x`)
		fmt.Println(`time="2026-01-01T00:00:00Z" level=fatal msg="init error for \"events\":  no such host" app_id=x scope=x`)
		return 1
	}
	component, _ := os.ReadFile(filepath.Join(values["--resources-path"], "redis.yaml"))
	if address := regexp.MustCompile(`value: (127\S+)`).FindSubmatch(component); address != nil && !answers(string(address[1])) {
		fmt.Println("redis does not answer")
		return 1
	}
	healthy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := os.Stat(filepath.Join(values["--resources-path"], "unsubscribed"))
		if err == nil && r.URL.Path == "/v1.0/healthz" {
			fmt.Println("asked for subscriptions")
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
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
	listen, _, version := flags.String("listen", "", ""), flags.String("dir", "", ""), flags.Bool("version", false, "")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *version {
		return 0
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM) // who hears that it is ready may ask it to end
	defer stop()
	fmt.Printf("ready nats://%s\n", listener.Addr())
	<-ctx.Done()
	fmt.Println("stopped")
	return 0
}

// fakeComponent listens on its socket, unless a file `broken` is beside it. It says with what it was started.
func fakeComponent(args []string) int {
	if _, err := os.Stat(filepath.Join(filepath.Dir(os.Args[0]), "broken")); err == nil {
		fmt.Println("it cannot listen")
		return 1
	}
	listener, err := net.Listen("unix", filepath.Join(os.Getenv("DAPR_COMPONENTS_SOCKETS_FOLDER"), "vcrelay.eventbridge.sock"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer listener.Close()
	fmt.Println("asked for", args)
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
