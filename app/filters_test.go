package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
)

// Who asks vCenter for some events only would not hear of those that its burst filter left out.
func TestVcenterIsAskedForWhatTheRouteCanWantAndForItsBursts(t *testing.T) {
	for name, c := range map[string]struct {
		route config.Route
		want  []string
	}{
		"everything":           {config.Route{}, nil},
		"an open filter":       {config.Route{Filter: `data.vm.name == "x"`}, nil},
		"a filter by name":     {config.Route{Filter: `subject == "VmPoweredOnEvent"`}, []string{"VmPoweredOnEvent", vcenter.BurstCompressed}},
		"events":               {config.Route{Events: []string{"TaskEvent"}}, []string{"TaskEvent", vcenter.BurstCompressed}},
		"both":                 {config.Route{Events: []string{"TaskEvent", "VmPoweredOnEvent"}, Filter: `subject in ["TaskEvent", "Other"]`}, []string{"TaskEvent", vcenter.BurstCompressed}},
		"a pattern":            {config.Route{Pattern: []byte(`{"subject":["TaskEvent"]}`)}, []string{"TaskEvent", vcenter.BurstCompressed}},
		"bursts by themselves": {config.Route{Events: []string{vcenter.BurstCompressed}}, []string{vcenter.BurstCompressed}},
	} {
		if got, err := selection(c.route); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
	if _, err := selection(config.Route{Name: "none", Events: []string{"TaskEvent"}, Filter: `subject == "VmPoweredOnEvent"`}); err == nil || exitCode(err) != 2 {
		t.Errorf("a route that nothing can match: %v", err)
	}
}

func TestTheEventOfABurstGoesOnlyWhereItIsWanted(t *testing.T) {
	burst := event.Event{Origin: &event.Origin{}, Class: event.ClassEventEx, TypeID: vcenter.BurstCompressed}
	for name, c := range map[string]struct {
		route  config.Route
		wanted bool
	}{
		"other events":       {config.Route{Events: []string{"TaskEvent"}}, false},
		"this one":           {config.Route{Events: []string{"TaskEvent", vcenter.BurstCompressed}}, true},
		"a filter of others": {config.Route{Filter: `subject == "TaskEvent"`}, false},
		"all":                {config.Route{}, true},
	} {
		judge, err := newFilter(c.route)
		if err != nil {
			t.Fatal(err)
		}
		if wanted, err := wants(c.route, judge)(&burst); err != nil || wanted != c.wanted {
			t.Errorf("%s: %v, %v", name, wanted, err)
		}
	}
}

func TestAFilterThatNoEventOfItsProfileCanMatchIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		route config.Route
		fault string
	}{
		"subject in knative":          {config.Route{Profile: "knative", Filter: `subject == "TaskEvent"`}, "ask for the type"},
		"subject in a pattern":        {config.Route{Profile: "knative-xml", Pattern: []byte(`{"subject":["TaskEvent"]}`)}, "ask for the type"},
		"our type in event-router":    {config.Route{Profile: "event-router", Filter: `type == "com.vmware.vsphere.TaskEvent.v0"`}, "ask for the subject"},
		"a member of data of knative": {config.Route{Profile: "knative", Filter: `data.subject == "x"`}, ""},
		"subject in event-router":     {config.Route{Profile: "event-router", Filter: `subject == "TaskEvent"`}, ""},
		"the default":                 {config.Route{Profile: "default", Filter: `subject == "TaskEvent" || type == "com.vmware.vsphere.TaskEvent.v0"`}, ""},
	} {
		err := checkProfile(c.route)
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, want %q", name, err, c.fault)
		}
	}
}
