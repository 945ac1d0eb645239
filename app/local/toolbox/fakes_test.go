package toolbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestMain turns the test binary into a fake when it is started under another name.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "daprd":
		fmt.Println(os.Getenv("FAKE_DAPRD_VERSION"))
	case "go":
		os.Exit(fakeGo(os.Args[1:]))
	default:
		os.Exit(m.Run())
	}
}

// fakeGo stands for the Go toolchain: it counts its builds in a file beside itself and "builds" a fake daprd. It knows the
// module example.org/x/library, and leaves beside itself what the compiler would see of it.
func fakeGo(args []string) int {
	if args[0] == "list" {
		fmt.Println("example.org/x/library", os.Getenv("FAKE_GO_LIBRARY"))
		return 0
	}
	self, _ := os.Executable()
	target := ""
	for i, arg := range args {
		switch arg {
		case "-o":
			target = args[i+1]
		case "-overlay":
			if err := keepOverlay(args[i+1]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
	}
	log, err := os.OpenFile(os.Getenv("FAKE_GO_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(log, strings.Join(args, " "), os.Getenv("CGO_ENABLED"))
	}
	if err != nil || os.Getenv("FAKE_GO_FAILS") != "" {
		fmt.Fprintln(os.Stderr, "main.go:1: does not compile", err)
		return 1
	}
	if err := copyFile(self, target); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// keepOverlay writes the files of an overlay as the compiler would see them, below the folder $FAKE_GO_SEEN.
func keepOverlay(path string) error {
	var overlay struct{ Replace map[string]string }
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &overlay)
	}
	for seen, actual := range overlay.Replace {
		target := filepath.Join(os.Getenv("FAKE_GO_SEEN"), seen)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(target), 0o700), copyFile(actual, target))
	}
	return err
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, source.Close(), target.Close())
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

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// notices are what a Toolbox tells a person.
type notices struct {
	mu   sync.Mutex
	text string
}

func (n *notices) add(format string, arguments ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text += fmt.Sprintf(format+"\n", arguments...)
}

func (n *notices) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text
}
