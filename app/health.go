package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/relay"
)

// health is how the planned streams are. It is safe for concurrent use.
type health struct {
	mu  sync.Mutex
	all map[string]func() error // by stream
}

var (
	errNotReached = errors.New("not reached yet")
	errNotRunning = errors.New("not running")
)

// plan says which streams there are from now on.
func (h *health) plan(streams []relay.Plan) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[string]func() error)
	for i := range streams {
		name := streams[i].Name
		if all[name] = h.all[name]; all[name] == nil {
			all[name] = func() error { return errNotReached }
		}
	}
	h.all = all
}

// note says where to ask how a stream is. One that is not planned any more may say it while it ends.
func (h *health) note(stream string, state func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, planned := h.all[stream]; planned {
		h.all[stream] = state
	}
}

func (h *health) forget(stream string) { h.note(stream, func() error { return errNotRunning }) }

// Err is nil while one stream at least does its work: of many vCenters one may be away for days, which is no reason to take a
// replica out. Ill says so.
func (h *health) Err() error {
	well, ill := h.look()
	switch {
	case well:
		return nil
	case ill == nil:
		return errors.New("no stream runs yet")
	default:
		return ill
	}
}

// Ill is what each stream says that does not do its work, nil where all do.
func (h *health) Ill() error {
	_, ill := h.look()
	return ill
}

// look asks all streams, and tells whether one is well.
func (h *health) look() (well bool, ill error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(h.all)) {
		err := h.all[name]()
		if err != nil && len(h.all) > 1 {
			err = fmt.Errorf("%s: %w", name, err)
		}
		faults = append(faults, err)
		well = well || err == nil
	}
	return well, errors.Join(faults...)
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
