package cli_test

import (
	"slices"
	"testing"
)

func TestFaultsOnTheCommandLineReplaceThoseOfTheEnvironment(t *testing.T) {
	t.Setenv("VCRELAY_VCSIM_FAULT", "kind=drop;kind=html")
	got, _, err := run(t, "vcsim", "--assume", "order=key")
	if err != nil || !slices.Equal(got.vcsim.Fault, []string{"kind=drop", "kind=html"}) || got.vcsim.Assume != "order=key" {
		t.Errorf("%+v %v", got.vcsim, err)
	}
	got, _, err = run(t, "vcsim", "--fault", "kind=late,share=0.1", "--fault", "kind=burst", "--vcenter-version", "9.0.0")
	if err != nil || !slices.Equal(got.vcsim.Fault, []string{"kind=late,share=0.1", "kind=burst"}) || got.vcsim.Version != "9.0.0" {
		t.Errorf("%+v %v", got.vcsim, err)
	}
}
