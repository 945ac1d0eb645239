package vcsim

import (
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

const (
	defaultVersion     = "8.0.3"
	defaultMachines    = 50
	defaultHosts       = 3
	defaultHistorySpan = time.Hour
	maxRate            = 100_000
)

// Config describes a simulated vCenter. The zero value of a field takes the default stated with it; Username and
// Password have none.
type Config struct {
	Listen       string           // host:port, port 0 = a free port; default 127.0.0.1:0
	Username     string           // the only user that can log in
	Password     string           // and its password
	InstanceUUID string           // about.instanceUuid; default: random
	Version      string           // about.version; default 8.0.3 (about.apiVersion is then 8.0.3.0); 9.0 has QueryEvents by id
	VMs          int              // machines in the inventory, rounded up to even; default 50
	Hosts        int              // hosts of the cluster; default 3
	History      int              // events that are there before the first client
	HistorySpan  time.Duration    // those are spread evenly over this time before now; default 1h
	FirstKey     int32            // key of the oldest event; default 1
	Readings     Readings         // of what is documented badly
	Faults       []string         // that begin with the server, or later; see Server.Fault
	Rate         float64          // events per second of the live workload; 0 = none
	Mix          Mix              // what the events are about
	Seed         uint64           // the same seed gives the same sequence of event kinds
	CertFile     string           // if set, Listen writes the certificate (PEM) here before it binds
	Clock        func() time.Time // the vCenter's clock; default time.Now
	Logger       zerolog.Logger
}

// withDefaults returns a complete copy, or an error that gathers every fault.
func (c Config) withDefaults() (Config, error) {
	c.Listen = either(c.Listen, "127.0.0.1:0")
	c.InstanceUUID = either(c.InstanceUUID, uuid.NewString())
	c.Version = either(c.Version, defaultVersion)
	c.VMs = either(c.VMs, defaultMachines)
	c.Hosts = either(c.Hosts, defaultHosts)
	c.HistorySpan = either(c.HistorySpan, defaultHistorySpan)
	c.FirstKey = either(c.FirstKey, 1)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c, c.validate()
}

func (c Config) validate() error {
	var faults []error
	if c.Username == "" || c.Password == "" {
		faults = append(faults, errors.New("set a user name and a password: no login would be possible"))
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		faults = append(faults, fmt.Errorf("read listen address: %w", err))
	}
	if c.VMs < 0 || c.Hosts < 0 || c.History < 0 || c.HistorySpan < 0 {
		faults = append(faults, errors.New("machines, history and history span must not be negative"))
	}
	faults = append(faults, checkRate(c.Rate), checkVersion(c.Version), c.Mix.validate())
	return errors.Join(faults...)
}

func checkRate(rate float64) error {
	if math.IsNaN(rate) || rate < 0 || rate > maxRate {
		return fmt.Errorf("rate %v is not within 0 and %d events per second", rate, maxRate)
	}
	return nil
}

func either[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
