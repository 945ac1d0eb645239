package vcsim

import (
	"cmp"
	"errors"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// inventory is what the workload's events speak of: the machines of the simulator with their surroundings as event
// arguments, taken once.
type inventory struct {
	service  *simulator.Service
	machines []*machine // by name
	hosts    []types.HostEventArgument
}

// machine is a virtual machine with everything around it, as the arguments that vCenter puts into its events.
type machine struct {
	types.VmEventArgument
	host       types.HostEventArgument
	compute    types.ComputeResourceEventArgument
	datacenter types.DatacenterEventArgument
	store      types.DatastoreEventArgument
	network    types.NetworkEventArgument
	dvs        types.DvsEventArgument
	others     []types.HostEventArgument // of the inventory, without its own
}

func newInventory(service *simulator.Service) (*inventory, error) {
	stock := &inventory{service: service}
	registry := service.Context.Map
	placeMachines(registry)
	for _, entity := range registry.All("HostSystem") {
		stock.hosts = append(stock.hosts, hostArgument(entity))
	}
	slices.SortFunc(stock.hosts, func(a, b types.HostEventArgument) int { return cmp.Compare(a.Name, b.Name) })
	for _, vm := range machinesByName(registry) {
		stock.machines = append(stock.machines, stock.describe(vm))
	}
	if len(stock.machines) == 0 {
		return nil, errors.New("read inventory: it has no virtual machine")
	}
	return stock, nil
}

func (s *inventory) describe(vm *simulator.VirtualMachine) *machine {
	tree := inventoryTree{s.service.Context.Map}
	m := &machine{}
	m.Name, m.Vm = vm.Name, vm.Self
	if host := tree.entity(vm.Runtime.Host); host != nil {
		m.host = hostArgument(host)
		if compute := tree.entity(host.Entity().Parent); compute != nil {
			m.compute.Name, m.compute.ComputeResource = tree.name(compute), compute.Reference()
		}
	}
	if datacenter := tree.ancestor(vm.Self, "Datacenter"); datacenter != nil {
		m.datacenter.Name, m.datacenter.Datacenter = tree.name(datacenter), datacenter.Reference()
	}
	if len(vm.Datastore) > 0 {
		m.store.Name, m.store.Datastore = tree.name(tree.entity(&vm.Datastore[0])), vm.Datastore[0]
	}
	s.describeNetwork(m, vm, tree)
	m.others = slices.DeleteFunc(slices.Clone(s.hosts), func(h types.HostEventArgument) bool { return h == m.host })
	return m
}

func (s *inventory) describeNetwork(m *machine, vm *simulator.VirtualMachine, tree inventoryTree) {
	if len(vm.Network) == 0 {
		return
	}
	network := tree.entity(&vm.Network[0])
	m.network.Name, m.network.Network = tree.name(network), vm.Network[0]
	if group, ok := network.(*simulator.DistributedVirtualPortgroup); ok {
		if ref := group.Config.DistributedVirtualSwitch; ref != nil {
			m.dvs.Name, m.dvs.Dvs = tree.name(tree.entity(ref)), *ref
		}
	}
}

func hostArgument(host mo.Entity) types.HostEventArgument {
	var argument types.HostEventArgument
	argument.Name, argument.Host = host.Entity().Name, host.Reference()
	return argument
}

// find returns the machine of that name, nil if there is none.
func (s *inventory) find(name string) *machine {
	for _, m := range s.machines {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// isOn tells whether the simulated machine is powered on; one that was deleted is not.
func (s *inventory) isOn(m *machine) bool {
	vm, ok := s.service.Context.Map.Get(m.Vm).(*simulator.VirtualMachine)
	if !ok {
		return false
	}
	on := false
	s.service.Context.Map.WithLock(newContext(s.service), vm, func() {
		on = vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	})
	return on
}

// setPower flips the simulated machine without the simulator's own task and event.
func (s *inventory) setPower(m *machine, state types.VirtualMachinePowerState) {
	vm, ok := s.service.Context.Map.Get(m.Vm).(*simulator.VirtualMachine)
	if !ok {
		return // deleted by a client
	}
	s.service.Context.Map.AtomicUpdate(newContext(s.service), vm, []types.PropertyChange{
		{Name: "runtime.powerState", Val: state},
		{Name: "summary.runtime.powerState", Val: state},
	})
}
