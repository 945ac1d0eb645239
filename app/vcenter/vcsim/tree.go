package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// inventoryTree answers questions about the simulator's inventory.
type inventoryTree struct{ registry *simulator.Registry }

// entity returns the object, nil if ref is nil or the object is gone.
func (t inventoryTree) entity(ref *types.ManagedObjectReference) mo.Entity {
	if ref == nil {
		return nil
	}
	entity, ok := t.registry.Get(*ref).(mo.Entity)
	if !ok {
		return nil
	}
	return entity
}

// ancestor returns the nearest one of that kind, nil if there is none.
func (t inventoryTree) ancestor(ref types.ManagedObjectReference, kind string) mo.Entity {
	for entity := t.entity(&ref); entity != nil; entity = t.entity(entity.Entity().Parent) {
		if entity.Reference().Type == kind {
			return entity
		}
	}
	return nil
}

// below tells whether ref lies below the ancestor, itself not included.
func (t inventoryTree) below(ref, ancestor types.ManagedObjectReference) bool {
	entity := t.entity(&ref)
	for entity != nil && entity.Entity().Parent != nil {
		parent := entity.Entity().Parent
		if *parent == ancestor {
			return true
		}
		entity = t.entity(parent)
	}
	return false
}

func (t inventoryTree) isRoot(ref types.ManagedObjectReference) bool {
	entity := t.entity(&ref)
	return entity != nil && entity.Entity().Parent == nil
}

// name returns the entity's name. Networks and switches keep it in a field of their own.
func (t inventoryTree) name(entity mo.Entity) string {
	switch e := entity.(type) {
	case nil:
		return ""
	case *simulator.DistributedVirtualPortgroup:
		return e.Name
	case *simulator.DistributedVirtualSwitch:
		return e.Name
	case *mo.Network:
		return e.Name
	}
	return entity.Entity().Name
}
