package functions_test

import (
	"io"
	"testing"

	"github.com/vcrelay/vcrelay/functions"
)

func TestEveryFunctionIsFoundByNameAndStartsWithoutSettings(t *testing.T) {
	for _, f := range functions.All() {
		found, ok := functions.Find(f.Name)
		if !ok || found.Name != f.Name || f.Summary == "" {
			t.Errorf("%q: found %v, summary %q", f.Name, ok, f.Summary)
			continue
		}
		handler, closer, err := found.New(func(string) string { return "" }, io.Discard)
		if err != nil || handler == nil || closer == nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, ok := functions.Find("no-such-function"); ok {
		t.Error("found a function that is not there")
	}
}
