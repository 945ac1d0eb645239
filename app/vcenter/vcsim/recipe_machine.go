package vcsim

import (
	"github.com/vmware/govmomi/vim25/types"
)

const info = types.EventEventSeverityInfo

var machineRecipes = []recipe{
	{
		id: "VmPoweredOnEvent", class: "VmPoweredOnEvent", severity: info, weight: 10,
		about: "VM powered on", power: types.VirtualMachinePowerStatePoweredOn,
		body: func(m scene) types.BaseEvent {
			event := m.onMachine("%s on %s in %s is powered on", m.Name, m.host.Name, m.datacenter.Name)
			return &types.VmPoweredOnEvent{VmEvent: types.VmEvent{Event: event}}
		},
	},
	{
		id: "VmPoweredOffEvent", class: "VmPoweredOffEvent", severity: info, weight: 10,
		about: "VM powered off", power: types.VirtualMachinePowerStatePoweredOff,
		body: func(m scene) types.BaseEvent {
			event := m.onMachine("%s on %s in %s is powered off", m.Name, m.host.Name, m.datacenter.Name)
			return &types.VmPoweredOffEvent{VmEvent: types.VmEvent{Event: event}}
		},
	},
	{
		id: "VmMigratedEvent", class: "VmMigratedEvent", severity: info, weight: 6, about: "VM migrated",
		body: func(m scene) types.BaseEvent {
			event := migrated(m, "Virtual machine %s was migrated from %s to %s in %s")
			return &event
		},
	},
	{
		id: "DrsVmMigratedEvent", class: "DrsVmMigratedEvent", severity: info, weight: 6, about: "DRS VM migrated",
		body: func(m scene) types.BaseEvent {
			event := migrated(m, "DRS migrated %s from %s to %s in %s")
			event.UserName = "" // the system did it
			return &types.DrsVmMigratedEvent{VmMigratedEvent: event}
		},
	},
	{
		id: "VmReconfiguredEvent", class: "VmReconfiguredEvent", severity: info, weight: 8, about: "VM reconfigured",
		body: func(m scene) types.BaseEvent {
			event := m.onMachine("Reconfigured %s on %s in %s", m.Name, m.host.Name, m.datacenter.Name)
			return &types.VmReconfiguredEvent{
				VmEvent: types.VmEvent{Event: event}, ConfigSpec: configSpec(m), ConfigChanges: configChanges(m),
			}
		},
	},
	{
		id: "VmCreatedEvent", class: "VmCreatedEvent", severity: info, weight: 3, about: "VM created",
		body: func(m scene) types.BaseEvent {
			event := m.onMachine("Created virtual machine %s on %s in %s", m.Name, m.host.Name, m.datacenter.Name)
			return &types.VmCreatedEvent{VmEvent: types.VmEvent{Event: event}}
		},
	},
	{
		id: "VmRenamedEvent", class: "VmRenamedEvent", severity: info, weight: 2, about: "VM renamed",
		body: func(m scene) types.BaseEvent {
			old := m.Name + "-template"
			event := m.onMachine("Renamed %s from %s to %s in %s", m.Name, old, m.Name, m.datacenter.Name)
			return &types.VmRenamedEvent{VmEvent: types.VmEvent{Event: event}, OldName: old, NewName: m.Name}
		},
	},
	{
		id: "TaskEvent", class: "TaskEvent", severity: info, weight: 12, about: "Task event",
		body: func(m scene) types.BaseEvent {
			return &types.TaskEvent{Event: m.onMachine("Task: Power On virtual machine"), Info: taskInfo(m)}
		},
	},
	{
		id: "AlarmStatusChangedEvent", class: "AlarmStatusChangedEvent", severity: info, weight: 6,
		about: "Alarm status changed",
		body:  func(m scene) types.BaseEvent { return alarmStatusChanged(m) },
	},
}

func migrated(m scene, format string) types.VmMigratedEvent {
	source := m.other()
	event := m.onMachine(format, m.Name, source.Name, m.host.Name, m.datacenter.Name)
	event.Ds = &m.store
	return types.VmMigratedEvent{
		VmEvent:          types.VmEvent{Event: event},
		SourceHost:       source,
		SourceDatacenter: &m.datacenter,
		SourceDatastore:  &m.store,
	}
}

func alarmStatusChanged(m scene) *types.AlarmStatusChangedEvent {
	states := []string{"green", "yellow", "red", "green"}
	event := &types.AlarmStatusChangedEvent{From: states[m.variant], To: states[m.variant+1]}
	event.Event = m.onMachine("Alarm 'Virtual machine CPU usage' on %s changed from %s to %s",
		m.Name, event.From, event.To)
	event.UserName = ""
	event.Alarm.Name = "Virtual machine CPU usage"
	event.Alarm.Alarm = types.ManagedObjectReference{Type: "Alarm", Value: "alarm-6"}
	event.Source.Name, event.Source.Entity = m.Name, m.Vm
	event.Entity.Name, event.Entity.Entity = m.Name, m.Vm
	return event
}

// taskInfo leaves the event chain and the times open: they differ from event to event (see record.stampTask).
func taskInfo(m scene) types.TaskInfo {
	states := []types.TaskInfoState{types.TaskInfoStateQueued, types.TaskInfoStateRunning, types.TaskInfoStateSuccess}
	task := types.ManagedObjectReference{Type: "Task", Value: "task-" + m.Vm.Value}
	return types.TaskInfo{
		Key:           task.Value,
		Task:          task,
		Name:          "PowerOnVM_Task",
		DescriptionId: "VirtualMachine.powerOn",
		Description:   &types.LocalizableMessage{Key: "task.powerOn", Message: "Power On virtual machine"},
		Entity:        &m.Vm,
		EntityName:    m.Name,
		Locked:        []types.ManagedObjectReference{m.Vm},
		State:         states[m.variant],
		Cancelable:    true,
		Reason:        &types.TaskReasonUser{UserName: administrator},
	}
}
