package checkpoint

import "time"

// sighting is when a record was first seen as it is.
type sighting struct {
	etag  string
	since time.Time
}

// free tells whether a stream may be taken: it was given back, or its owner has not written for the time of its lease, by
// our own monotonic clock and counted from when the record was first seen as it is. Clocks are never compared.
func (s *Store) free(stream string, r record, etag string) bool {
	if r.Owner == "" || r.Owner == s.owner {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen := s.seen[stream]; seen.etag == etag {
		return time.Since(seen.since) >= time.Duration(r.LeaseSeconds*float64(time.Second))
	}
	s.seen[stream] = sighting{etag, time.Now()}
	return r.LeaseSeconds == 0
}
