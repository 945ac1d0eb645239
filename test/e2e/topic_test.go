//go:build e2e

package e2e_test

import (
	"os/exec"
	"strings"
	"time"

	"github.com/vcrelay/vcrelay/app/local/toolbox"
	"github.com/vcrelay/vcrelay/app/tally"
)

// arrival is a message in a JetStream stream.
type arrival struct {
	message
	text   string
	stored time.Time
}

// arrivals reads a stream with the broker's own reader.
func (f *fleet) arrivals(stream string) []arrival {
	f.t.Helper()
	broker, err := (&toolbox.Toolbox{Root: "../.."}).Broker(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	out, err := exec.CommandContext(f.t.Context(), broker, "read", "-times", "-url", f.BrokerURL(), "-stream", stream).Output()
	if err != nil {
		f.t.Fatalf("read stream %s: %v", stream, err)
	}
	var all []arrival
	for line := range strings.Lines(string(out)) {
		at, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		stored, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, arrival{parse(f.t, text), text, stored})
	}
	return all
}

// count compares what is in a stream now with what the vCenters have.
func (f *fleet) count(stream string, vcenters ...*simulated) ([]arrival, tally.Result) {
	f.t.Helper()
	var log []string
	for _, v := range vcenters {
		log = append(log, v.ids()...)
	}
	all := f.arrivals(stream)
	deliveries := make(map[string]int)
	for i := range all {
		if !strings.HasPrefix(all[i].Type, "com.vcrelay.") {
			deliveries[all[i].ID]++
		}
	}
	return all, tally.Compare(log, deliveries)
}

// await counts until no event is missing, or until nothing has come for a while.
func (f *fleet) await(stream string, vcenters ...*simulated) ([]arrival, tally.Result) {
	f.t.Helper()
	latest, news := 0, time.Now()
	for {
		all, result := f.count(stream, vcenters...)
		if result.Delivered > latest {
			latest, news = result.Delivered, time.Now()
		}
		if len(result.Missing) == 0 || time.Since(news) > patience {
			return all, result
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-f.t.Context().Done():
			f.t.Fatal("interrupted")
		}
	}
}

// awaitWhole is await for a test that wants all events.
func (f *fleet) awaitWhole(stream string, vcenters ...*simulated) []arrival {
	f.t.Helper()
	all, result := f.await(stream, vcenters...)
	if len(result.Missing) > 0 {
		f.t.Fatalf("%s; the first that is missing is %s", result, result.Missing[0])
	}
	return all
}

// announcements are the announcements of a kind.
func announcements(all []arrival, kind string) (texts []string) {
	for i := range all {
		if all[i].Type == "com.vcrelay."+kind+".v1" {
			texts = append(texts, all[i].text)
		}
	}
	return texts
}
