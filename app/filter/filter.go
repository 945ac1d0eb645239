package filter

import (
	"errors"

	"github.com/vcrelay/vcrelay/app/event"
)

// Filter says which events a route takes. It keeps memory from one event to the next, so only one goroutine may use it at
// a time; whoever needs it in two makes two. A nil Filter takes every event.
type Filter struct {
	judges []judge
	names  names
}

// judge is one expression or pattern. It knows nothing of announcements; a match that it is not sure of comes with an error.
type judge interface {
	match(e *event.Event) (bool, error)
}

// All takes what every one of the filters takes. Nil filters take all; of nothing else it makes nil. They are not to be used
// any more by themselves: their memory is shared.
func All(filters ...*Filter) *Filter {
	var all *Filter
	for _, f := range filters {
		if f == nil {
			continue
		}
		if all == nil {
			all = &Filter{}
		}
		all.judges = append(all.judges, f.judges...)
		all.names = all.names.and(f.names)
	}
	return all
}

// Match tells whether the route takes the event. With an error it is true: the event could not be judged and is to be
// delivered; the caller counts and logs the error. Announcements always match.
//
// e is neither kept nor changed.
func (f *Filter) Match(e *event.Event) (bool, error) {
	if f == nil || e.IsAnnouncement() {
		return true, nil
	}
	if !f.names.has(e.Name()) {
		return false, nil
	}
	return f.judge(e)
}

// judge asks all of them, since one that is sure that the event does not match outweighs doubts of the others.
func (f *Filter) judge(e *event.Event) (bool, error) {
	var doubts []error
	for _, j := range f.judges {
		matches, err := j.match(e)
		if !matches {
			return false, nil
		}
		if err != nil {
			doubts = append(doubts, err)
		}
	}
	return true, errors.Join(doubts...)
}

// Names are the event names (class, or EventTypeId of an EventEx or ExtendedEvent) that can match, sorted, if closed: no
// event of another name does. They are what vCenter's EventFilterSpec.eventTypeId takes, which compares whole names as well.
// Closed without a name means that nothing can match; an empty list for vCenter would mean everything.
func (f *Filter) Names() (names []string, closed bool) {
	if f == nil {
		return nil, false
	}
	return f.names.list()
}
