package filter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"

	"github.com/vcrelay/vcrelay/app/event"
)

// sight is what an expression sees of one event. Nothing is made before it is looked at.
type sight struct {
	event  *event.Event
	wanted map[string]bool // members of data that the expression selects; nil for all
	data   any             // parsed, or the error
	doubt  error           // the first that is no missing member
}

// errMissing is the error of an attribute that the event does not have. Like that of a missing member of data, it makes the
// expression not match, unless the rest decides without it.
var errMissing = errors.New("no such attribute")

// ResolveName implements cel.Activation.
func (s *sight) ResolveName(name string) (any, bool) {
	name = strings.TrimPrefix(name, "event.")
	switch name {
	case "data":
		return s.json(), true
	case "event":
		return s.present(), true
	case "time":
		return types.Timestamp{Time: s.event.Created.UTC()}, true
	case "late", "truncated":
		return types.Bool(s.event.Attribute(name) != ""), true
	}
	if value := s.event.Attribute(name); value != "" {
		return types.String(value), true
	}
	return types.WrapErr(fmt.Errorf("%w: %s", errMissing, name)), true
}

// Parent implements cel.Activation.
func (s *sight) Parent() cel.Activation { return nil }

func (s *sight) json() any {
	if s.data == nil {
		data, err := parse(s.event.Data, s.wanted)
		if err != nil {
			s.note(err)
			data = types.WrapErr(err)
		}
		s.data = data
	}
	return s.data
}

// present is what has() asks of event: the attributes that there are.
func (s *sight) present() map[string]any {
	present := map[string]any{"data": true}
	for _, name := range event.AttributeNames() {
		if s.event.Attribute(name) != "" {
			present[name] = true
		}
	}
	return present
}

func (s *sight) note(err error) {
	if s.doubt == nil {
		s.doubt = err
	}
}
