package vcsim

import (
	"fmt"
	"slices"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

const administrator = `VSPHERE.LOCAL\Administrator`

// variants is how many different bodies there are of one kind for one machine. Bodies are shared, so their number
// bounds the memory of a history of any length.
const variants = 3

// recipe makes one kind of event.
type recipe struct {
	id       string                         // event class, or the id of an EventEx or ExtendedEvent
	class    string                         // EventEx, ExtendedEvent, or the same as id
	severity types.EventEventSeverity       // the category in the event catalogue
	about    string                         // the description in the event catalogue
	weight   int                            // share of the workload
	power    types.VirtualMachinePowerState // set on the machine, if not empty
	body     func(m scene) types.BaseEvent  // everything but key, chain and time
}

// scene is what an event is made from.
type scene struct {
	*machine
	variant int
}

// recipes is every kind of event that the workload knows, in the order of the files that hold them.
var recipes = slices.Concat(machineRecipes, hostRecipes, sessionRecipes, extendedRecipes)

// find returns the recipe of a class or event type id, nil if there is none. A class of many, EventEx and
// ExtendedEvent, is that of its first recipe.
func findRecipe(id string) *recipe {
	for i := range recipes {
		if recipes[i].id == id || recipes[i].class == id {
			return &recipes[i]
		}
	}
	return nil
}

// recipeNames lists what findRecipe knows best.
func recipeNames() []string {
	var names []string
	for _, r := range recipes {
		names = append(names, r.id)
	}
	return names
}

// categoryOf is an event's severity: its own, or that of its kind.
func categoryOf(event types.BaseEvent) string {
	if ex, ok := event.(*types.EventEx); ok && ex.Severity != "" {
		return ex.Severity
	}
	if r := findRecipe(eventTypeID(event)); r != nil {
		return string(r.severity)
	}
	return string(types.EventEventSeverityInfo)
}

// eventDescription is the catalogue, EventManager.description.
var eventDescription = sync.OnceValue(func() types.EventDescription {
	var catalogue types.EventDescription
	for _, severity := range types.EventEventSeverity("").Strings() {
		catalogue.Category = append(catalogue.Category, &types.ElementDescription{
			Description: types.Description{Label: severity, Summary: severity}, Key: severity,
		})
	}
	for _, r := range recipes {
		catalogue.EventInfo = append(catalogue.EventInfo, r.detail())
	}
	return catalogue
})

// detail is the catalogue's row; for an EventEx or ExtendedEvent the id stands in fullFormat before a bar.
func (r recipe) detail() types.EventDescriptionEventDetail {
	format := r.about
	if r.class != r.id {
		format = r.id + "|" + r.about
	}
	return types.EventDescriptionEventDetail{
		Key: r.class, Description: r.about, Category: string(r.severity), FullFormat: format,
	}
}

// base is the part of every event of the workload.
func base(format string, args ...any) types.Event {
	return types.Event{UserName: administrator, FullFormattedMessage: fmt.Sprintf(format, args...)}
}

// onMachine fills the arguments that vCenter gives an event on a virtual machine.
func (m scene) onMachine(format string, args ...any) types.Event {
	event := m.onHost(format, args...)
	event.Vm = &m.VmEventArgument
	return event
}

// onHost fills the arguments that vCenter gives an event on a host.
func (m scene) onHost(format string, args ...any) types.Event {
	event := base(format, args...)
	event.Datacenter, event.ComputeResource, event.Host = &m.datacenter, &m.compute, &m.host
	return event
}

// other is a host where the machine is not.
func (m scene) other() types.HostEventArgument { return m.others[m.variant%len(m.others)] }
