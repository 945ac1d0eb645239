package vcsim

import (
	"errors"
	"hash/fnv"
	"math"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// newHole says which rows the account may not see, from exactly one of share, entity, and first and last.
func (s *Server) newHole(a *arguments) func(*history.Row) bool {
	share := a.share("share", 0)
	name := a.text("entity", "")
	first, last := a.key("first", math.MinInt32), a.key("last", math.MaxInt32)
	switch byKey := a.given("first") || a.given("last"); {
	case share > 0 && name == "" && !byKey:
		return func(r *history.Row) bool { return drawn(bodyOf(r), share) }
	case share == 0 && name != "" && !byKey:
		return s.holeAt(name, a)
	case share == 0 && name == "" && byKey:
		return func(r *history.Row) bool { return first <= r.Key && r.Key <= last }
	}
	a.faults = append(a.faults, errors.New("give one of share, entity, and first or last"))
	return nil
}

// drawn tells whether the event's object is among the share that was drawn: always the same objects, as with permissions.
func drawn(event types.BaseEvent, share float64) bool {
	sum := fnv.New32a()
	if refs := entitiesOf(event); len(refs) > 0 {
		_, _ = sum.Write([]byte(refs[0].String())) // never fails
	}
	return float64(sum.Sum32()) < share*math.MaxUint32
}

// holeAt hides an entity of the inventory with all that is below it now.
func (s *Server) holeAt(name string, a *arguments) func(*history.Row) bool {
	tree := inventoryTree{s.model.Map()}
	hidden := map[types.ManagedObjectReference]bool{}
	for _, entity := range s.model.Map().All("") {
		if tree.name(entity) == name {
			hidden[entity.Reference()] = true
		}
	}
	if len(hidden) == 0 {
		a.wrong("entity", "not in the inventory")
		return nil
	}
	for _, entity := range s.model.Map().All("") {
		for parent := entity.Entity().Parent; parent != nil; {
			if hidden[*parent] {
				hidden[entity.Reference()] = true
			}
			above := tree.entity(parent)
			if above == nil {
				break
			}
			parent = above.Entity().Parent
		}
	}
	return func(r *history.Row) bool {
		for _, ref := range entitiesOf(bodyOf(r)) {
			if hidden[ref] {
				return true
			}
		}
		return false
	}
}
