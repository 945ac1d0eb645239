package checkpoint

import "time"

// sighting is when a record was first seen as it is.
type sighting struct {
	etag   string
	since  time.Time
	record record
}

// free tells whether a stream may be taken: it was given back, or its owner has not written for the time of its lease, by
// our own monotonic clock and counted from when the record was first seen as it is. Clocks are never compared.
func (s *Store) free(stream string, r record, etag string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, before := s.seen[stream]
	if !before || seen.etag != etag {
		seen = sighting{etag, time.Now(), r}
		s.seen[stream] = seen
	}
	return r.Owner == "" || r.Owner == s.owner || time.Since(seen.since) >= time.Duration(r.LeaseSeconds*float64(time.Second))
}

// recall returns what this process knows of a record that is gone from the store. A store that was wiped is none in which a
// stream has never begun: to begin anew at VCRELAY_START would leave out what lies between.
func (s *Store) recall(stream string) (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine, owned := s.owned[stream]; owned {
		return mine.record, true
	}
	seen, known := s.seen[stream]
	return seen.record, known && seen.record.Version != 0
}
