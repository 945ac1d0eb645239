package vim

import (
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

// Filter is what vCenter itself selects, before anything is sent: events of any of these names and any of these
// severities. An empty list selects all.
type Filter struct {
	Events     []string // classes such as VmPoweredOnEvent, and EventTypeIds
	Severities []string // info, warning, error, user
}

func (f Filter) isZero() bool { return len(f.Events) == 0 && len(f.Severities) == 0 }

// spec names no entity: that would leave out the events of folders and resource pools. delayedInit spares vCenter the
// latestPage of a collector that is read by pages; vCenter knows it from 8.0.3 on.
func (f Filter) spec(span vcenter.Span, delayedInit bool) types.EventFilterSpec {
	spec := types.EventFilterSpec{
		DisableFullMessage: types.NewBool(false), // unset means: without message
		EventTypeId:        f.Events,
		Category:           f.Severities,
	}
	if delayedInit {
		spec.DelayedInit = types.NewBool(true)
	}
	if !span.Begin.IsZero() || !span.End.IsZero() {
		spec.Time = &types.EventFilterSpecByTime{}
		if !span.Begin.IsZero() {
			spec.Time.BeginTime = &span.Begin
		}
		if !span.End.IsZero() {
			spec.Time.EndTime = &span.End
		}
	}
	return spec
}

// versionAtLeast compares a version such as 8.0.3.0 number by number; one that cannot be read is the oldest.
func versionAtLeast(version string, wanted []int) bool {
	parts := strings.Split(version, ".")
	for i, want := range wanted {
		have := 0
		if i < len(parts) {
			have, _ = strconv.Atoi(parts[i]) // 0 for what is no number
		}
		if have != want {
			return have > want
		}
	}
	return true
}
