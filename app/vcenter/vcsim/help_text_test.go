package vcsim_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestTheBadDayOfTheHelpIsUnderstood(t *testing.T) {
	help, err := os.ReadFile(filepath.Join("..", "..", "cli", "testdata", "vcrelay-vcsim.txt"))
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(t, vcsim.Config{})
	faults := regexp.MustCompile(`--fault (kind=\S+)`).FindAllStringSubmatch(string(help), -1)
	for _, fault := range faults {
		mustFault(t, server, fault[1])
	}
	readings := regexp.MustCompile(`--assume (\w+=\S+)`).FindAllStringSubmatch(string(help), -1)
	for _, reading := range readings {
		if _, err := vcsim.ParseReadings(reading[1]); err != nil {
			t.Error(err)
		}
	}
	if len(faults) < 3 || len(readings) == 0 {
		t.Errorf("the help rehearses %d faults and %d readings", len(faults), len(readings))
	}
	for _, kind := range vcsim.FaultKinds() {
		if !strings.Contains(string(help), " "+kind+" ") && !strings.Contains(string(help), " "+kind+"\n") {
			t.Errorf("the help does not name %s", kind)
		}
	}
}
