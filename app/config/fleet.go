package config

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// Fleet is which vCenters are read, and what of them is published where. Every vCenter has a route.
type Fleet struct {
	Vcenters []Vcenter // names and addresses are unique
	Routes   []Route   // names are unique

	// Sum is that of the file, as it was read; nil where there is none.
	Sum []byte

	// Warnings are what works and should not be so, one line each.
	Warnings []string
}

// Checks are what others know about parts of a fleet file; nil is not asked.
type Checks struct {
	CEL     func(expression string) error
	Pattern func(object []byte) error // JSON
	Profile func(name string) error

	// Offline opens none of the files that hold secrets: for a look at the file on another machine.
	Offline bool
}

// mostFleetBytes is far above any fleet file, and keeps a wrong file from being read.
const mostFleetBytes = 1 << 20

// ReadFleet reads a fleet file. It looks at nothing but the file and those that hold its secrets, so it may be called
// again while the process works. Its error is a Faults: everything that is wrong with the file.
func ReadFleet(file string, defaults Defaults, checks Checks) (Fleet, error) {
	content, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err == nil && len(content) > mostFleetBytes {
		err = fmt.Errorf("%s has more than %d bytes", file, mostFleetBytes)
	}
	if err != nil {
		return Fleet{}, Faults{fmt.Sprintf("VCRELAY_CONFIG: %s; name the fleet file", err)}
	}
	reader := &fleetReader{checks: checks}
	var written fleetSection
	if top := reader.parse(file, content); top != nil {
		reader.section(top, place{file: file, line: top.Line}, &written)
	}
	fleet := written.read(&reader.report, defaults, checks)
	if faults := reader.faults(); len(faults) > 0 {
		return Fleet{}, faults
	}
	fleet.Sum = Sum(content)
	return fleet, nil
}

// Sum tells the contents of two fleet files apart.
func Sum(content []byte) []byte {
	sum := sha256.Sum256(content)
	return sum[:]
}

func (s *fleetSection) read(r *report, defaults Defaults, checks Checks) Fleet {
	var fleet Fleet
	for i := range s.Vcenters.items {
		section := &s.Vcenters.items[i]
		fleet.Vcenters = append(fleet.Vcenters, section.read(r, defaults.Start, checks.Offline))
		if password := section.Password; password.value != "" && !strings.HasPrefix(password.value, referenceScheme) {
			fleet.Warnings = append(fleet.Warnings, password.at.String()+": a password in this file; better in a file of its own (passwordFile) or in a secret store (secret://<store>/<name>#<key>)")
		}
	}
	for i := range s.Routes.items {
		fleet.Routes = append(fleet.Routes, s.Routes.items[i].read(r, defaults, checks))
	}
	s.findTwins(r, fleet)
	s.assign(r, &fleet)
	return fleet
}

// findTwins finds what has to be unique and is not.
func (s *fleetSection) findTwins(r *report, fleet Fleet) {
	names, addresses, routes := map[string]place{}, map[string]place{}, map[string]place{}
	once := func(seen map[string]place, key string, at place, what, remedy string) {
		if first, twice := seen[key]; twice && key != "" {
			r.add(at, "%s as %s in line %d; %s", what, first.key, first.line, remedy)
			return
		}
		seen[key] = at
	}
	for i := range s.Vcenters.items {
		section := &s.Vcenters.items[i]
		once(names, section.Name.value, section.Name.at, fmt.Sprintf("the same name %q", section.Name.value), "give each vCenter its own")
		if address := fleet.Vcenters[i].URL; address != nil {
			once(addresses, sameAddress(address), section.URL.at, "the same vCenter", "keep one of them, and use routes to publish its events to several targets")
		}
	}
	for i := range s.Routes.items {
		name := s.Routes.items[i].Name
		once(routes, name.value, name.at, fmt.Sprintf("the same name %q", name.value), "give each route its own")
	}
}

// assign gives each route the names of its vCenters, and finds vCenters without a route.
func (s *fleetSection) assign(r *report, fleet *Fleet) {
	var names []string
	for _, vcenter := range fleet.Vcenters {
		names = append(names, vcenter.Name)
	}
	used := make(map[string]bool)
	whole := s.Vcenters.whole && !slices.Contains(names, "") // a faulty name would bring more faults along
	for i := range s.Routes.items {
		wanted := &s.Routes.items[i].Vcenters
		chosen := names
		if wanted.set {
			found := false
			chosen, found = wanted.choose(r, names, whole)
			whole = whole && found
		}
		fleet.Routes[i].Vcenters = slices.Clone(chosen)
		for _, name := range chosen {
			used[name] = true
		}
	}
	for i := range s.Vcenters.items {
		if section := &s.Vcenters.items[i]; whole && s.Routes.whole && !used[section.Name.value] {
			r.add(section.at, "no route uses %q; name it in the vcenters of a route, or remove it", section.Name.value)
		}
	}
}

// choose returns those of names that are meant, in their order, and whether each item means one. What is not found is a
// fault only when the names are whole.
func (t *texts) choose(r *report, names []string, whole bool) (chosen []string, found bool) {
	meant := make(map[string]bool)
	found = len(t.items) > 0
	for _, item := range t.items {
		matches := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			fits, _ := path.Match(item.value, name)
			return !fits
		})
		for _, name := range matches {
			meant[name] = true
		}
		_, err := path.Match(item.value, "")
		switch {
		case err != nil:
			r.add(item.at, "%q is no pattern; use e.g. prod-*, or the name of a vCenter", item.value)
		case len(matches) == 0 && whole:
			r.add(item.at, "%s", noVcenter(item.value, names))
		}
		found = found && len(matches) > 0
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !meant[name] }), found
}

func noVcenter(wanted string, names []string) string {
	if near := nearest(wanted, names); near != "" {
		return fmt.Sprintf("there is no vCenter %q; did you mean %s?", wanted, near)
	}
	return fmt.Sprintf("there is no vCenter %q; use %s", wanted, choice(slices.Compact(slices.Sorted(slices.Values(names)))))
}
