package filter

import (
	"maps"
	"slices"
)

// names are the event names that something can be true of: all there are, or those of a closed set. The zero value is all.
type names struct {
	closed bool
	set    map[string]bool
}

func only(list ...string) names {
	set := make(map[string]bool, len(list))
	for _, name := range list {
		set[name] = true
	}
	return names{closed: true, set: set}
}

// has never leaves out an event without a name: such a one cannot be asked for by name, so none is compared.
func (n names) has(name string) bool { return !n.closed || name == "" || n.set[name] }

// and is what is in both.
func (n names) and(other names) names {
	switch {
	case !n.closed:
		return other
	case !other.closed:
		return n
	}
	both := maps.Clone(n.set)
	maps.DeleteFunc(both, func(name string, _ bool) bool { return !other.set[name] })
	return names{closed: true, set: both}
}

// or is what is in one of the two.
func (n names) or(other names) names {
	if !n.closed || !other.closed {
		return names{}
	}
	either := maps.Clone(n.set)
	maps.Copy(either, other.set)
	return names{closed: true, set: either}
}

func (n names) list() (list []string, closed bool) {
	if !n.closed {
		return nil, false
	}
	return slices.Sorted(maps.Keys(n.set)), true
}
