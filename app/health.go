package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// health is how the streams are. It is safe for concurrent use.
type health struct {
	mu  sync.Mutex
	all map[string]func() error // by stream
}

func (h *health) note(stream string, state func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = make(map[string]func() error)
	}
	h.all[stream] = state
}

func (h *health) forget(stream string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, stream)
}

// Err is nil while one stream at least does its work: of many vCenters one may be away for days, which is no reason to take a
// replica out. Its metric vcrelay_source_up says so.
func (h *health) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(h.all)) {
		err := h.all[name]()
		if err == nil {
			return nil
		}
		if len(h.all) > 1 {
			err = fmt.Errorf("%s: %w", name, err)
		}
		faults = append(faults, err)
	}
	if len(faults) == 0 {
		return errors.New("no stream runs yet")
	}
	return errors.Join(faults...)
}

// identities knows which vCenter is read under which name. It is safe for concurrent use.
type identities struct {
	mu   sync.Mutex
	uses map[string]*use // by instance uuid
}

type use struct {
	name    string
	streams int
}

// claim fails where the same vCenter is read under another name: each of its events would go out twice.
func (i *identities) claim(instanceUUID, name string) (renounce func(), err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.uses == nil {
		i.uses = make(map[string]*use)
	}
	used, there := i.uses[instanceUUID]
	if there && used.name != name {
		return nil, fmt.Errorf("%s and %s are the same vCenter, with instance uuid %s; remove one of them from the fleet file", name, used.name, instanceUUID)
	}
	if !there {
		used = &use{name: name}
		i.uses[instanceUUID] = used
	}
	used.streams++
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		if used.streams--; used.streams == 0 {
			delete(i.uses, instanceUUID)
		}
	}, nil
}

// healPause is the least time between two restarts of the sidecar, which all streams share.
const healPause = 10 * time.Minute

// healTimeout bounds the request: a sidecar that hangs does not answer it.
const healTimeout = 10 * time.Second

// healer restarts the sidecar.
type healer struct {
	restart func(context.Context) error

	mu   sync.Mutex
	last time.Time
}

func (h *healer) heal(ctx context.Context) error {
	h.mu.Lock()
	due := h.last.IsZero() || time.Since(h.last) >= healPause
	if due {
		h.last = time.Now()
	}
	h.mu.Unlock()
	if !due {
		return nil // another stream had it restarted
	}
	ctx, cancel := context.WithTimeout(ctx, healTimeout)
	defer cancel()
	return h.restart(ctx)
}
