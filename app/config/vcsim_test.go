package config_test

import (
	"slices"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
)

func TestSeveralFaultsOfTheSimulatorAreSeparatedBySemicolons(t *testing.T) {
	environ(t, map[string]string{
		"VCRELAY_VCSIM_FAULT":           "kind=late,share=0.1; kind=reset,count=1;",
		"VCRELAY_VCSIM_VCENTER_VERSION": "9.0.0", "VCRELAY_VCSIM_FIRST_KEY": "-5",
	})
	settings, err := config.ReadVcsim()
	want := []string{"kind=late,share=0.1", "kind=reset,count=1"}
	if err != nil || !slices.Equal(settings.Fault, want) || settings.Version != "9.0.0" || settings.FirstKey != -5 {
		t.Errorf("%+v, %v", settings, err)
	}
	environ(t, map[string]string{"VCRELAY_VCSIM_FIRST_KEY": "3000000000"})
	if _, err := config.ReadVcsim(); err == nil || err.Error() != `VCRELAY_VCSIM_FIRST_KEY: "3000000000" cannot be read as a whole number of 32 bits` {
		t.Errorf("%v", err)
	}
}
