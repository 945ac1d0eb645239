package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/relay"
)

// lookInterval is how often the fleet file is looked at. Looking works on every file system, and where Kubernetes swaps the
// folder of a ConfigMap.
const lookInterval = 2 * time.Second

// reloads reads the fleet file again when it has changed, or on SIGHUP.
type reloads struct {
	fleet   *fleet
	plans   chan<- []relay.Plan
	seen    []byte // sum of the file as it was read last
	results *prometheus.CounterVec
}

func newReloads(f *fleet, plans chan<- []relay.Plan) *reloads {
	r := &reloads{fleet: f, plans: plans, results: promauto.With(f.registry).NewCounterVec(prometheus.CounterOpts{
		Name: "vcrelay_config_reloads_total", Help: "Readings of a fleet file that had changed, by result; the running configuration stays where one failed.",
	}, []string{"result"})}
	r.results.WithLabelValues("ok")
	r.results.WithLabelValues("error")
	return r
}

// run looks until ctx ends. Where there is no fleet file it has nothing to do.
func (r *reloads) run(ctx context.Context) {
	file := r.fleet.settings.FleetFile
	if file == "" {
		return
	}
	defer signal.Stop(r.fleet.hangups)
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	r.seen = r.fleet.read
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-r.fleet.hangups:
			asked = true
		case <-ticker.C:
		}
		if sum := sumOf(file); asked || sum != nil && !bytes.Equal(sum, r.seen) {
			r.seen = sum
			if r.reload(ctx, file) {
				r.seen = nil
			}
		}
	}
}

// sumOf is nil while there is no file, as when it is being replaced.
func sumOf(file string) []byte {
	content, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil
	}
	return config.Sum(content)
}

// reload has the streams of the file run. A faulty one changes nothing. It is tried again where it is not the file that is faulty:
// a sidecar may be about to start.
func (r *reloads) reload(ctx context.Context, file string) (again bool) {
	log := r.fleet.log
	next, err := config.ReadFleet(file, r.fleet.settings.Defaults, fleetChecks())
	var plans []relay.Plan
	if err == nil {
		plans, err = r.fleet.prepare(ctx, next)
	}
	if err != nil {
		r.results.WithLabelValues("error").Inc()
		for line := range strings.Lines(err.Error()) {
			log.Error().Err(errors.New(strings.TrimSpace(line))).Str("file", file).Msg("the fleet file is not taken, the running configuration stays")
		}
		var faults config.Faults
		return !errors.As(err, &faults) && !needsPerson(err)
	}
	warn(log, next)
	r.results.WithLabelValues("ok").Inc()
	log.Info().Str("file", file).Int("streams", len(plans)).Msg("fleet file taken")
	r.fleet.health.plan(plans)
	select {
	case r.plans <- plans:
	case <-ctx.Done():
	}
	return false
}
