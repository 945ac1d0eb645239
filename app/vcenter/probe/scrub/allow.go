package scrub

import (
	"regexp"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// form tells whether a text is of a kind that says nothing about whose vCenter it is.
type form func(text string) bool

// ofEvent is what is kept of the elements of an event itself.
var ofEvent = map[string]form{
	"key":         integer.MatchString,
	"chainId":     integer.MatchString,
	"createdTime": moment.MatchString,
	"loginTime":   moment.MatchString,
	"callCount":   integer.MatchString,
	"eventTypeId": isEventType,
	"severity":    oneOf("info", "warning", "error", "user", "null"),
	"from":        oneOf("green", "yellow", "red", "gray"), // AlarmStatusChangedEvent
	"to":          oneOf("green", "yellow", "red", "gray"),
	"objectType":  isManagedType,
}

// anywhere is what is kept of an element however deep it lies: those of TaskInfo, of a reconfigured machine.
var anywhere = map[string]form{
	"queueTime":         moment.MatchString,
	"startTime":         moment.MatchString,
	"completeTime":      moment.MatchString,
	"eventChainId":      integer.MatchString,
	"progress":          integer.MatchString,
	"state":             oneOf("queued", "running", "success", "error", "poweredOn", "poweredOff", "suspended"),
	"descriptionId":     isMethod,
	"operation":         oneOf("add", "edit", "remove"),
	"fileOperation":     oneOf("create", "destroy", "replace"),
	"numCPUs":           integer.MatchString,
	"numCoresPerSocket": integer.MatchString,
	"memoryMB":          integer.MatchString,
	"unitNumber":        integer.MatchString,
	"controllerKey":     integer.MatchString,
	"capacityInKB":      integer.MatchString,
	"capacityInBytes":   integer.MatchString,
}

// arguments is what is kept of the value of an EventEx's argument, by its key in lower case: what the burst filter says
// of itself. The other keys of its events are kept as well, with their values replaced.
var arguments = map[string]form{
	"count":          integer.MatchString,
	"burststarttime": moment.MatchString,
	"eventtype":      isEventType,
	"objectid":       never,
	"username":       never,
}

// namespaces are those of the SOAP and vSphere schemas.
var namespaces = regexp.MustCompile(`^(urn:(vim25|internalvim25|vim2|internalvim2)(/[0-9.]{1,20})?` +
	`|http://www\.w3\.org/2001/XMLSchema(-instance)?|http://schemas\.xmlsoap\.org/(soap/(envelope|encoding)|wsdl)/?)$`)

const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"

var (
	integer = regexp.MustCompile(`^-?[0-9]{1,19}$`)
	decimal = regexp.MustCompile(`^-?[0-9]{1,15}\.[0-9]{1,15}$`)
	moment  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?$`)

	// vendorEvent is an EventTypeId of VMware's own: one of another vendor, or of the company's own tools, may say who
	// that is. A part between dots has a letter in it, as no part of an address does.
	vendorEvent = regexp.MustCompile(`^(com\.vmware|com\.broadcom|esx|vim|hbr|vprob|vsan|ad\.event)(\.[0-9]{0,4}[A-Za-z][A-Za-z0-9_]{0,63}){1,8}$`)
	className   = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]{0,30}:)?[A-Za-z][A-Za-z0-9_]{0,80}$`)
	methodName  = regexp.MustCompile(`^([A-Za-z]+)\.[A-Za-z]{1,60}$`)
)

func never(string) bool { return false }

func truth(text string) bool { return text == "true" || text == "false" }

func oneOf(words ...string) form {
	known := map[string]bool{}
	for _, word := range words {
		known[word] = true
	}
	return func(text string) bool { return known[text] }
}

var typeByName = types.TypeFunc()

// isEventType accepts an EventTypeId of VMware's, or a class that govmomi knows, also as vim.event.<class>.
func isEventType(text string) bool {
	_, isClass := typeByName(text)
	return isClass || vendorEvent.MatchString(text)
}

// isMethod accepts the id of a task's method, such as VirtualMachine.powerOn.
func isMethod(text string) bool {
	parts := methodName.FindStringSubmatch(text)
	return parts != nil && (isManagedType(parts[1]) || parts[1] == "Drm") || vendorEvent.MatchString(text)
}

// isClass accepts the name of any class: it comes from vCenter's own schema, and one that govmomi does not know yet is
// what a page is looked at for.
func isClass(text string) bool { return className.MatchString(text) }

var managedTypes = oneOf(strings.Fields(`Alarm AlarmManager AuthorizationManager ClusterComputeResource ClusterProfile
	ComputeResource ContentLibrary ContentLibraryItem Datacenter Datastore DistributedVirtualPortgroup DistributedVirtualSwitch
	EventManager ExtensionManager Folder HostProfile HostSystem LicenseManager Network OpaqueNetwork OptionManager
	ResourcePool ScheduledTask ScheduledTaskManager ServiceInstance SessionManager StoragePod Tag Task VirtualApp
	VirtualMachine VmwareDistributedVirtualSwitch`)...)

// isManagedType accepts the type of a managed object.
func isManagedType(text string) bool { return managedTypes(text) }
