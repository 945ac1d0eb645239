package relay

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/vcrelay/vcrelay/app/event"
)

// Observer counts what one stream does and knows whether it is healthy. It is safe for concurrent use.
type Observer struct {
	eventsRead      prometheus.Counter
	eventsLate      prometheus.Counter
	announcements   *prometheus.CounterVec
	lastKey         prometheus.Gauge
	eventsPublished prometheus.Counter
	publishFailed   prometheus.Counter
	eventsSetAside  prometheus.Counter
	publishSeconds  prometheus.Observer
	lagSeconds      prometheus.Gauge
	sourceUp        prometheus.Gauge
	checkpointOK    prometheus.Counter
	checkpointBad   prometheus.Counter

	owner    prometheus.Gauge
	keeps    prometheus.Gauge
	restarts prometheus.Counter
	unwanted prometheus.Counter
	doubtful prometheus.Counter

	ledger *ledger

	mu      sync.Mutex
	standby bool
	parts   map[string]error // the last result of each part that was tried
	saved   time.Time        // when the position was stored last
}

// ledger is a registry that knows what was registered through it.
type ledger struct {
	prometheus.Registerer
	all []prometheus.Collector
}

// MustRegister is prometheus.Registerer.
func (l *ledger) MustRegister(collectors ...prometheus.Collector) {
	l.Registerer.MustRegister(collectors...)
	l.all = append(l.all, collectors...)
}

// Register is prometheus.Registerer. It is how a registerer around this one registers.
func (l *ledger) Register(c prometheus.Collector) error {
	err := l.Registerer.Register(c)
	if err == nil {
		l.all = append(l.all, c)
	}
	return err
}

// Close takes the metrics of the stream out of the registry.
func (o *Observer) Close() {
	for _, c := range o.ledger.all {
		o.ledger.Unregister(c)
	}
}

// NewObserver registers the metrics of one stream, labelled with the vCenter's configured name, the route and the target. Two
// streams with the same labels are a mistake in the wiring, on which it panics.
func NewObserver(registry prometheus.Registerer, vcenter, route, target string) *Observer {
	all := &ledger{Registerer: prometheus.WrapRegistererWith(prometheus.Labels{"vcenter": vcenter, "route": route}, registry)}
	source := promauto.With(all)
	sink := promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"target": target}, all))
	published := sink.NewCounterVec(prometheus.CounterOpts{
		Name: "vcrelay_publish_events_total",
		Help: "Events by what the target said of them; an event that failed is published again.",
	}, []string{"result"})
	writes := sink.NewCounterVec(prometheus.CounterOpts{
		Name: "vcrelay_checkpoint_writes_total", Help: "Writes of the position by result.",
	}, []string{"result"})
	o := &Observer{
		parts:           make(map[string]error),
		ledger:          all,
		eventsPublished: published.WithLabelValues("ok"),
		publishFailed:   published.WithLabelValues("error"),
		eventsSetAside:  published.WithLabelValues("deadletter"),
		checkpointOK:    writes.WithLabelValues("ok"),
		checkpointBad:   writes.WithLabelValues("error"),
		eventsRead: source.NewCounter(prometheus.CounterOpts{
			Name: "vcrelay_source_events_read_total", Help: "Events read from vCenter that were not done yet.",
		}),
		eventsLate: source.NewCounter(prometheus.CounterOpts{
			Name: "vcrelay_source_late_events_total", Help: "Events that vCenter made visible after later ones had been read.",
		}),
		announcements: source.NewCounterVec(prometheus.CounterOpts{
			Name: "vcrelay_source_announcements_total", Help: "Announcements about the history by kind: started, gap, rewound, stalled, compressed.",
		}, []string{"kind"}),
		lastKey: source.NewGauge(prometheus.GaugeOpts{
			Name: "vcrelay_source_last_key", Help: "Key of the last event read; vCenter's counter ends at 2147483647 or before.",
		}),
		owner: sink.NewGauge(prometheus.GaugeOpts{
			Name: "vcrelay_stream_owner", Help: "1 while this relay has the stream, 0 while it stands by.",
		}),
		keeps: sink.NewGauge(prometheus.GaugeOpts{
			Name: "vcrelay_stream_checkpoints", Help: "0 where the route stores no position, so that what happens while no relay runs is lost; else 1.",
		}),
		unwanted: sink.NewCounter(prometheus.CounterOpts{
			Name: "vcrelay_filter_passed_events_total", Help: "Events that the filter of the route did not want.",
		}),
		doubtful: sink.NewCounter(prometheus.CounterOpts{
			Name: "vcrelay_filter_errors_total", Help: "Events that the filter of the route could not judge; they are relayed.",
		}),
		restarts: sink.NewCounter(prometheus.CounterOpts{
			Name: "vcrelay_sidecar_restarts_total", Help: "Restarts of the sidecar that were asked for because the target was out for minutes.",
		}),
		sourceUp: source.NewGauge(prometheus.GaugeOpts{
			Name: "vcrelay_source_up", Help: "1 while vCenter can be read.",
		}),
		lagSeconds: source.NewGauge(prometheus.GaugeOpts{
			Name: "vcrelay_source_lag_seconds", Help: "Age of the last acknowledged event when it was acknowledged.",
		}),
		publishSeconds: sink.NewHistogram(prometheus.HistogramOpts{
			Name: "vcrelay_publish_duration_seconds", Help: "Time until the target acknowledged a request.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 16), // 1 ms to 33 s
		}),
	}
	o.keeps.Set(1)
	sink.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "vcrelay_checkpoint_age_seconds", Help: "Time since the position was stored; 0 before the first time.",
	}, o.checkpointAge)
	return o
}

// owns is told whether this relay has the stream, or stands by.
func (o *Observer) owns(yes bool) {
	value := 0.0
	if yes {
		value = 1
	}
	o.owner.Set(value)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.standby = !yes
}

// KeepsNothing is told that the stream stores no position.
func (o *Observer) KeepsNothing() { o.keeps.Set(0) }

// Err is nil while the stream does its work, or stands by, and otherwise says which part does not.
func (o *Observer) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.standby {
		return o.parts[partStore]
	}
	for _, part := range []string{partStore, partSource} {
		if _, tried := o.parts[part]; !tried {
			return fmt.Errorf("%s: not reached yet", part)
		}
	}
	var faults []error
	for part, err := range o.parts {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", part, err))
		}
	}
	return errors.Join(faults...)
}

func (o *Observer) failed(part string, err error) {
	o.report(part, err)
	if part == partSource {
		o.sourceUp.Set(0)
	}
}

func (o *Observer) succeeded(part string) {
	o.report(part, nil)
	if part == partSource {
		o.sourceUp.Set(1)
	}
}

func (o *Observer) report(part string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.parts[part] = err
}

func (o *Observer) read(page []event.Event) {
	for i := range page {
		e := &page[i]
		switch {
		case e.IsAnnouncement():
			o.announcements.WithLabelValues(string(e.Kind())).Inc()
			continue
		case e.Late:
			o.eventsLate.Inc()
		default:
			o.lastKey.Set(float64(e.Key))
		}
		o.eventsRead.Inc()
	}
}

func (o *Observer) published(entries []*entry, took time.Duration) {
	o.eventsPublished.Add(float64(len(entries)))
	o.publishSeconds.Observe(took.Seconds())
	o.lagSeconds.Set(time.Since(entries[len(entries)-1].event.Created).Seconds())
}

func (o *Observer) refused(entries []*entry) { o.publishFailed.Add(float64(len(entries))) }

func (o *Observer) passed() { o.unwanted.Inc() }

func (o *Observer) inDoubt() { o.doubtful.Inc() }

func (o *Observer) setAside() { o.eventsSetAside.Inc() }

func (o *Observer) stored(err error) {
	if err != nil {
		o.checkpointBad.Inc()
		return
	}
	o.checkpointOK.Inc()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.saved = time.Now()
}

func (o *Observer) checkpointAge() float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.saved.IsZero() {
		return 0
	}
	return time.Since(o.saved).Seconds()
}
