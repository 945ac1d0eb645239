package relay

import (
	"slices"
	"sync"
)

// Shares spreads streams over the replicas of a relay. Each may have so many that all are had: it takes streams below its share
// and gives back above. It is safe for concurrent use; a nil Shares lets every stream run.
type Shares struct {
	mu    sync.Mutex
	able  int   // streams that this replica can relay
	all   []int // of each replica that lives, this one among them
	seats []*seat
}

// NewShares returns the shares of a replica that knows of no other.
func NewShares() *Shares { return new(Shares) }

// seat is the right to have one stream.
type seat struct {
	shares   *Shares
	spare    bool   // beyond the share: nobody else took the stream
	giveBack func() // nil while the stream is not had yet
	told     bool
}

// join counts a stream that this replica can relay, until leave.
func (s *Shares) join() (leave func()) {
	if s == nil {
		return func() {}
	}
	s.enable(1)
	return func() { s.enable(-1) }
}

func (s *Shares) enable(streams int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.able += streams
	s.level()
}

// Able is how many streams this replica can relay.
func (s *Shares) Able() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.able
}

// Meet says how many streams each living replica can relay, this one among them. Where that has changed, no seat is spare any
// more.
func (s *Shares) Meet(all []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all = slices.Sorted(slices.Values(all))
	if slices.Equal(all, s.all) {
		return
	}
	s.all = all
	for _, seat := range s.seats {
		seat.spare = false
	}
	s.level()
}

// share is the least number of streams a replica with which all of them, each up to what it can relay, have all.
func (s *Shares) share() int {
	if len(s.all) < 2 {
		return s.able
	}
	wanted := max(s.able, s.all[len(s.all)-1])
	for share := 1; ; share++ {
		have := 0
		for _, able := range s.all {
			have += min(able, share)
		}
		if have >= wanted || share > wanted {
			return share
		}
	}
}

// take returns a seat, or nil when this replica has its share. One that is spare is beyond it.
func (s *Shares) take(spare bool) *seat {
	if s == nil {
		return &seat{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !spare && s.taken() >= s.share() {
		return nil
	}
	taken := &seat{shares: s, spare: spare}
	s.seats = append(s.seats, taken)
	return taken
}

// taken counts the seats that are not spare.
func (s *Shares) taken() int {
	n := 0
	for _, seat := range s.seats {
		if !seat.spare && !seat.told {
			n++
		}
	}
	return n
}

// level has streams given back that are above the share, the last ones first.
func (s *Shares) level() {
	above := s.taken() - s.share()
	for i := len(s.seats) - 1; i >= 0 && above > 0; i-- {
		if seat := s.seats[i]; !seat.spare && !seat.told && seat.giveBack != nil {
			seat.told = true
			seat.giveBack()
			above--
		}
	}
}

// use says that the stream is had, and how it is given back.
func (s *seat) use(giveBack func()) {
	if s.shares == nil {
		return
	}
	s.shares.mu.Lock()
	defer s.shares.mu.Unlock()
	s.giveBack = giveBack
	s.shares.level()
}

// free gives the seat back; a nil seat is none.
func (s *seat) free() {
	if s == nil || s.shares == nil {
		return
	}
	s.shares.mu.Lock()
	defer s.shares.mu.Unlock()
	s.shares.seats = slices.DeleteFunc(s.shares.seats, func(other *seat) bool { return other == s })
}
