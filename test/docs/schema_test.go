package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
)

func TestTheSchemaOfTheFleetFileIsThatOfTheCode(t *testing.T) {
	path := filepath.Join(root, "docs", "fleet.schema.json")
	want := string(config.Schema())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, path) != want {
		t.Error("docs/fleet.schema.json is out of date: `make docs` writes it anew")
	}
}
