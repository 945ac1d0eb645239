package config

import (
	"time"

	"github.com/kelseyhightower/envconfig"
)

// Vcsim is the configuration of `vcrelay vcsim`, from VCRELAY_VCSIM_<NAME>; the flags of the command come after it.
type Vcsim struct {
	Listen       string        `default:"127.0.0.1:8989"`
	Username     string        `default:"administrator@vsphere.local"`
	Password     Secret        `default:"vcsim"`
	InstanceUUID string        `envconfig:"INSTANCE_UUID"`
	CertFile     string        `split_words:"true"`
	VMs          int           `default:"50"`
	History      int           `default:"0"`
	HistorySpan  time.Duration `split_words:"true" default:"1h"`
	Rate         float64       `default:"10"`
	Seed         uint64        `default:"1"`
}

// ReadVcsim reads the environment of the process.
func ReadVcsim() (Vcsim, error) {
	var settings Vcsim
	if err := envconfig.Process(prefix+"_VCSIM", &settings); err != nil {
		return Vcsim{}, Faults{err.Error()}
	}
	return settings, nil
}
