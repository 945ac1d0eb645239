package config

import (
	"errors"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
)

// Vcsim is the configuration of `vcrelay vcsim`, from VCRELAY_VCSIM_<NAME>; the flags of the command come after it.
type Vcsim struct {
	Listen       string        `default:"127.0.0.1:8989"`
	Username     string        `default:"administrator@vsphere.local"`
	Password     Secret        `default:"vcsim"`
	InstanceUUID string        `envconfig:"INSTANCE_UUID"`
	Version      string        `envconfig:"VCENTER_VERSION" default:"8.0.3"`
	CertFile     string        `split_words:"true"`
	VMs          int           `default:"50"`
	Hosts        int           `default:"3"`
	History      int           `default:"0"`
	HistorySpan  time.Duration `split_words:"true" default:"1h"`
	FirstKey     int32         `split_words:"true" default:"1"`
	Rate         float64       `default:"10"`
	Mix          string
	Seed         uint64 `default:"1"`
	Assume       string
	Fault        Semicolons
}

// Semicolons is a list in one variable, separated by semicolons.
type Semicolons []string

// Decode is envconfig's.
func (s *Semicolons) Decode(value string) error {
	*s = nil
	for part := range strings.SplitSeq(value, ";") {
		if part = strings.TrimSpace(part); part != "" {
			*s = append(*s, part)
		}
	}
	return nil
}

// kinds are the types of Vcsim in words.
var kinds = map[string]string{
	"int": "a whole number", "int32": "a whole number of 32 bits", "uint64": "a whole number", "float64": "a number", "time.Duration": "a duration, e.g. 30m",
}

// ReadVcsim reads the environment of the process.
func ReadVcsim() (Vcsim, error) {
	const start = prefix + "_VCSIM"
	var settings Vcsim
	var faults Faults
	faults.checkNames(start, names(start, &settings))
	err := envconfig.Process(start, &settings)
	var unreadable *envconfig.ParseError
	switch {
	case errors.As(err, &unreadable):
		faults.add(unreadable.KeyName, "%q cannot be read as %s", unreadable.Value, kinds[unreadable.TypeName])
	case err != nil:
		faults.add(start, "%s", err)
	}
	if len(faults) > 0 {
		return Vcsim{}, faults
	}
	return settings, nil
}
