package vcsim

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// placeMachines spreads the machines of each cluster over its hosts in turn. The simulator puts them anywhere, and the same
// configuration should give the same events. It is called before anybody else knows the inventory.
func placeMachines(registry *simulator.Registry) {
	tree := inventoryTree{registry}
	placed := make(map[types.ManagedObjectReference]int) // by cluster
	for _, vm := range machinesByName(registry) {
		current, _ := tree.entity(vm.Runtime.Host).(*simulator.HostSystem)
		if current == nil || current.Parent == nil {
			continue
		}
		cluster, ok := tree.entity(current.Parent).(*simulator.ClusterComputeResource)
		if !ok {
			continue // a host of its own
		}
		next, ok := registry.Get(cluster.Host[placed[cluster.Self]%len(cluster.Host)]).(*simulator.HostSystem)
		if !ok {
			continue
		}
		placed[cluster.Self]++
		simulator.RemoveReference(&current.Vm, vm.Self)
		next.Vm = append(next.Vm, vm.Self)
		vm.Runtime.Host = &next.Self
	}
}

func machinesByName(registry *simulator.Registry) []*simulator.VirtualMachine {
	var machines []*simulator.VirtualMachine
	for _, entity := range registry.All("VirtualMachine") {
		if vm, ok := entity.(*simulator.VirtualMachine); ok {
			machines = append(machines, vm)
		}
	}
	slices.SortFunc(machines, func(a, b *simulator.VirtualMachine) int { return cmp.Compare(a.Name, b.Name) })
	return machines
}
