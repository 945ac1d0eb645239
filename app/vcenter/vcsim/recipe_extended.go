package vcsim

import (
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

var extendedRecipes = []recipe{
	{
		id: "esx.problem.storage.connectivity.lost", class: "EventEx", severity: types.EventEventSeverityError,
		weight: 3, about: "Lost storage connectivity",
		body: func(m scene) types.BaseEvent { return storageLost(m) },
	},
	{
		id: "com.vmware.cis.tagging.attach", class: "EventEx", severity: info, weight: 4, about: "Attach tag to object",
		body: func(m scene) types.BaseEvent {
			event := m.onMachine("User %s attached tag backup-daily to object %s", administrator, m.Name)
			return m.extend(event, "com.vmware.cis.tagging.attach", info,
				argument("User", administrator), argument("Tag", "backup-daily"), argument("Object", m.Name))
		},
	},
	{
		id: "com.vmware.vc.vm.VmStateFailedToRevertToSnapshot", class: "EventEx",
		severity: types.EventEventSeverityWarning, weight: 1, about: "Failed to revert to snapshot",
		body: func(m scene) types.BaseEvent {
			event := m.onMachine("Failed to revert the execution state of %s on %s", m.Name, m.host.Name)
			ex := m.extend(event, "com.vmware.vc.vm.VmStateFailedToRevertToSnapshot",
				types.EventEventSeverityWarning, argument("snapshot", "before-update"))
			ex.Fault = &types.LocalizedMethodFault{
				Fault:            &types.FileNotFound{FileFault: types.FileFault{File: m.file("vmsn")}},
				LocalizedMessage: "File " + m.file("vmsn") + " was not found",
			}
			return ex
		},
	},
	{
		id: "com.vmware.vcIntegrity.VMToolsNotRunning", class: "ExtendedEvent", severity: info, weight: 4,
		about: "VMware Tools is not running",
		body: func(m scene) types.BaseEvent {
			event := m.onMachine("VMware Tools is not running on %s", m.Name)
			return &types.ExtendedEvent{
				GeneralEvent:  types.GeneralEvent{Event: event, Message: event.FullFormattedMessage},
				EventTypeId:   "com.vmware.vcIntegrity.VMToolsNotRunning",
				ManagedObject: m.Vm,
				Data: []types.ExtendedEventPair{
					{Key: "vmName", Value: m.Name}, {Key: "hostName", Value: m.host.Name},
				},
			}
		},
	},
}

// storageLost carries an argument of each kind of anyType that vCenter is known to send.
func storageLost(m scene) *types.EventEx {
	event := m.onHost("Lost connectivity to storage device naa.60a9800041764b6c. Path vmhba33:C0:T1:L0 is down.")
	event.UserName = ""
	event.Ds = &m.store
	ex := m.extend(event, "esx.problem.storage.connectivity.lost", types.EventEventSeverityError,
		argument("1", "naa.60a9800041764b6c"),
		argument("paths", int32(4)),
		argument("bytes", int64(1)<<40),
		argument("latency", 12.5),
		argument("redundant", false),
		argument("since", time.Date(2026, time.November, 20, 10, m.variant, 0, 1000, time.UTC)),
		argument("device", m.store.Datastore),
		argument("volumes", types.ArrayOfString{String: []string{m.store.Name, "swap & <scratch>"}}),
	)
	ex.ObjectId, ex.ObjectType, ex.ObjectName = m.host.Host.Value, m.host.Host.Type, m.host.Name
	return ex
}

// extend makes an EventEx about the machine.
func (m scene) extend(
	event types.Event, id string, severity types.EventEventSeverity, arguments ...types.KeyAnyValue,
) *types.EventEx {
	return &types.EventEx{
		Event: event, EventTypeId: id, Severity: string(severity), Message: event.FullFormattedMessage,
		Arguments: arguments, ObjectId: m.Vm.Value, ObjectType: m.Vm.Type, ObjectName: m.Name,
	}
}

func argument(key string, value types.AnyType) types.KeyAnyValue {
	return types.KeyAnyValue{Key: key, Value: value}
}
