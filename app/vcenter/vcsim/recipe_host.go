package vcsim

import (
	"github.com/vmware/govmomi/vim25/types"
)

var hostRecipes = []recipe{
	{
		id: "EnteredMaintenanceModeEvent", class: "EnteredMaintenanceModeEvent", severity: info, weight: 2,
		about: "Entered maintenance mode",
		body: func(m scene) types.BaseEvent {
			event := m.onHost("Host %s in %s has entered maintenance mode", m.host.Name, m.datacenter.Name)
			return &types.EnteredMaintenanceModeEvent{HostEvent: types.HostEvent{Event: event}}
		},
	},
	{
		id: "ExitMaintenanceModeEvent", class: "ExitMaintenanceModeEvent", severity: info, weight: 2,
		about: "Exit maintenance mode",
		body: func(m scene) types.BaseEvent {
			event := m.onHost("Host %s in %s has exited maintenance mode", m.host.Name, m.datacenter.Name)
			return &types.ExitMaintenanceModeEvent{HostEvent: types.HostEvent{Event: event}}
		},
	},
	{
		id: "HostConnectionLostEvent", class: "HostConnectionLostEvent", severity: types.EventEventSeverityError,
		weight: 1, about: "Host connection lost",
		body: func(m scene) types.BaseEvent {
			event := m.onHost("Host %s in %s is not responding", m.host.Name, m.datacenter.Name)
			event.UserName = ""
			return &types.HostConnectionLostEvent{HostEvent: types.HostEvent{Event: event}}
		},
	},
	{
		id: "DatastoreDiscoveredEvent", class: "DatastoreDiscoveredEvent", severity: info, weight: 2,
		about: "Datastore discovered",
		body: func(m scene) types.BaseEvent {
			event := m.onHost("Discovered datastore %s on %s in %s", m.store.Name, m.host.Name, m.datacenter.Name)
			event.Ds = &m.store
			return &types.DatastoreDiscoveredEvent{HostEvent: types.HostEvent{Event: event}, Datastore: m.store}
		},
	},
	{
		id: "DvsPortConnectedEvent", class: "DvsPortConnectedEvent", severity: info, weight: 3,
		about: "DVS port connected",
		body: func(m scene) types.BaseEvent {
			event := base("The port 4%d was connected in the vSphere Distributed Switch %s in %s",
				m.variant, m.dvs.Name, m.datacenter.Name)
			event.Datacenter, event.Dvs = &m.datacenter, &m.dvs
			return &types.DvsPortConnectedEvent{
				DvsEvent: types.DvsEvent{Event: event},
				PortKey:  "4",
				Connectee: &types.DistributedVirtualSwitchPortConnectee{
					ConnectedEntity: &m.Vm, NicKey: "4000", Type: "vmVnic",
				},
			}
		},
	},
	{
		id: "DVPortgroupReconfiguredEvent", class: "DVPortgroupReconfiguredEvent", severity: info, weight: 1,
		about: "dvPort group reconfigured",
		body: func(m scene) types.BaseEvent {
			event := base("dvPort group %s in %s was reconfigured", m.network.Name, m.datacenter.Name)
			event.Datacenter, event.Net = &m.datacenter, &m.network
			return &types.DVPortgroupReconfiguredEvent{
				DVPortgroupEvent: types.DVPortgroupEvent{Event: event},
				ConfigSpec: types.DVPortgroupConfigSpec{
					ConfigVersion: "7", Name: m.network.Name, NumPorts: 128, Type: "earlyBinding",
					DefaultPortConfig: &types.VMwareDVSPortSetting{
						Vlan: &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: 42},
					},
					Scope: []types.ManagedObjectReference{m.datacenter.Datacenter},
				},
				ConfigChanges: &types.ChangesInfoEventArgument{Modified: "config.numPorts: 1 -> 128;\n"},
			}
		},
	},
}
