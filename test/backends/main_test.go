package backends_test

import (
	"fmt"
	"os"
	"testing"
)

// children are the programs that the tests play themselves: the test binary starts again with E2E_CHILD.
var children = map[string]func() error{}

// atEnd is called after all tests.
var atEnd = func() {}

func TestMain(m *testing.M) {
	if child := children[os.Getenv("E2E_CHILD")]; child != nil {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	atEnd()
	os.Exit(code)
}
