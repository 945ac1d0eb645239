package event

import "fmt"

// Profile is how the events of vCenter are laid out as CloudEvents. The same event has the same id, source, time and
// extensions in each. Announcements look alike in all.
type Profile int

// The profiles of a route.
const (
	ProfileDefault     Profile = iota // our own, with VI/JSON
	ProfileEventRouter                // that of the VMware Event Router 0.8
	ProfileKnative                    // that of VSphereSource (sources-for-knative), with JSON
	ProfileKnativeXML                 // the same with XML, which was what VSphereSource did by default
)

// Layout is the form of an event's data.
type Layout int

// The layouts that a source can bring.
const (
	LayoutVIJSON     Layout = iota // vCenter's own JSON
	LayoutPascalCase               // JSON with the names of govmomi's fields, as govmomi wrote it up to v0.30
	LayoutXML                      // XML of govmomi's structs
)

var profiles = map[Profile]struct {
	name   string
	layout Layout
}{
	ProfileDefault:     {"default", LayoutVIJSON},
	ProfileEventRouter: {"event-router", LayoutPascalCase},
	ProfileKnative:     {"knative", LayoutPascalCase},
	ProfileKnativeXML:  {"knative-xml", LayoutXML},
}

// ParseProfile reads `default`, `event-router`, `knative` or `knative-xml`.
func ParseProfile(text string) (Profile, error) {
	for p := range profiles {
		if profiles[p].name == text {
			return p, nil
		}
	}
	return 0, fmt.Errorf("%q is no profile; use default, event-router, knative or knative-xml", text)
}

// String is the text that ParseProfile reads.
func (p Profile) String() string { return profiles[p].name }

// Layout is the form of data that events of the profile have: the source is opened with it. Profiles that share one can share
// a source.
func (p Profile) Layout() Layout { return profiles[p].layout }
