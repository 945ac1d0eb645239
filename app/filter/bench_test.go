package filter_test

import (
	"testing"

	"github.com/vcrelay/vcrelay/app/filter"
)

// Each operation is one of the golden events, in turn.
func BenchmarkMatch(b *testing.B) {
	events := golden(b)
	for _, bench := range []struct {
		name string
		make func(testing.TB, string) *filter.Filter
		text string
	}{
		{"CELOfNames", celFilter, `subject in ["VmPoweredOnEvent", "VmPoweredOffEvent"]`},
		{"CELOfAttributes", celFilter, `severity == "error" || entity.startsWith("HostSystem:")`},
		{"CELOfType", celFilter, `type.endsWith("OnEvent.v0") && eventclass == "event"`},
		{"CELOfData", celFilter, `data.vm.name.startsWith("prod-")`},
		{"CELOfListsInData", celFilter, `has(data.arguments) && data.arguments.exists(a, a.key == "paths")`},
		{"PatternOfNames", patternFilter, `{"subject":["VmPoweredOnEvent","VmPoweredOffEvent"]}`},
		{"PatternOfAttributes", patternFilter, `{"severity":["error"],"entity":[{"prefix":"HostSystem:"}]}`},
		{"PatternOfData", patternFilter, `{"data":{"vm":{"name":[{"prefix":"prod-"}]}}}`},
		{"PatternOfBoth", patternFilter, `{"subject":[{"prefix":"Vm"}],"data":{"vm":{"name":[{"prefix":"prod-"}]}}}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			f := bench.make(b, bench.text)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := f.Match(events[i%len(events)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
