package filter_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/filter"
)

var update = flag.Bool("update", false, "write the golden files")

func TestANilFilterTakesEverything(t *testing.T) {
	var none *filter.Filter
	if matches, err := none.Match(made(`{`)); !matches || err != nil {
		t.Errorf("matches %v, error %v", matches, err)
	}
	if names, closed := none.Names(); closed || len(names) > 0 {
		t.Errorf("bounds the names to %v", names)
	}
	if filter.All(nil, nil) != nil || filter.All() != nil {
		t.Error("all of nothing is something")
	}
}

func TestAnnouncementsAlwaysMatch(t *testing.T) {
	gap, err := event.Gap{Reason: "purged"}.Announce(origin)
	if err != nil {
		t.Fatal(err)
	}
	aside := made(`{}`).SetAside("refused")
	for _, f := range []*filter.Filter{celFilter(t, `subject == "VmPoweredOnEvent"`), celFilter(t, `false`), patternFilter(t, `{"subject":["VmPoweredOnEvent"]}`)} {
		for _, announcement := range []*event.Event{&gap, &aside} {
			if matches, err := f.Match(announcement); !matches || err != nil {
				t.Errorf("%s: matches %v, error %v", announcement.Type(), matches, err)
			}
		}
	}
}

func TestAllOfSeveralFiltersHaveToMatch(t *testing.T) {
	events := golden(t)
	f := filter.All(celFilter(t, `subject in ["VmPoweredOnEvent", "VmPoweredOffEvent"]`), nil, patternFilter(t, `{"subject":["VmPoweredOnEvent","TaskEvent"]}`))
	if got := matched(t, f, events); got != "VmPoweredOnEvent" {
		t.Errorf("took %s", got)
	}
	if names, closed := f.Names(); !closed || strings.Join(names, " ") != "VmPoweredOnEvent" {
		t.Errorf("names are %v, %v", names, closed)
	}
	severe := filter.All(celFilter(t, `severity == "error"`), patternFilter(t, `{"data":{"host":{"name":[{"exists":true}]}}}`))
	if got := matched(t, severe, events); got != "HostConnectionLostEvent esx.problem.storage.connectivity.lost" {
		t.Errorf("took %s", got)
	}
}

func TestACertainNoOutweighsTheDoubtOfAnotherFilter(t *testing.T) {
	doubtful, no := `data.count > "b"`, patternFilter(t, `{"severity":["error"]}`)
	if matches, err := filter.All(celFilter(t, doubtful), no).Match(made(`{"count":1}`)); matches || err != nil {
		t.Errorf("matches %v, error %v", matches, err)
	}
	yes := patternFilter(t, `{"severity":["info"]}`)
	if matches, err := filter.All(celFilter(t, doubtful), yes).Match(made(`{"count":1}`)); !matches || err == nil {
		t.Errorf("matches %v, error %v", matches, err)
	}
}

func TestFaultsSayWhereAndHowToMendThem(t *testing.T) {
	for _, kind := range []struct {
		file string
		make func(string) (*filter.Filter, error)
	}{
		{"expressions.txt", filter.CEL},
		{"patterns.txt", func(text string) (*filter.Filter, error) { return filter.Pattern([]byte(text)) }},
	} {
		file := filepath.Join("testdata", kind.file)
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for block := range strings.SplitSeq(strings.TrimSpace(string(golden)), "\n\n") {
			input, _, _ := strings.Cut(block, "\n    ")
			_, err := kind.make(input)
			if err == nil {
				t.Errorf("%s has no fault", input)
				continue
			}
			got.WriteString(input + "\n    " + strings.ReplaceAll(err.Error(), "\n", "\n    ") + "\n\n")
		}
		text := strings.TrimSuffix(got.String(), "\n")
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if text != string(golden) {
			t.Errorf("%s has changed; go test ./app/filter -update writes it\n%s", file, text)
		}
	}
}

func TestAnEmptyExpressionIsAFault(t *testing.T) {
	for _, text := range []string{"", " \n"} {
		if _, err := filter.CEL(text); err == nil || !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := filter.Pattern([]byte(text)); err == nil || !strings.Contains(err.Error(), "ends too early") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
