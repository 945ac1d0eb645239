package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
)

// complete has every key that there is.
const complete = `x-common: &common
  usernameFile: user
  insecure: true
vcenters:
  - name: prod-1
    url: https://vc1.example.com
    username: relay@vsphere.local
    password: secret://kubernetes/vcenter#password
    thumbprint: AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99
    start: 2026-01-02T03:04:05Z
  - name: prod-2
    <<: *common
    url: vc2.example.com
    passwordFile: password
    caFile: ca.pem
    knownHosts: /etc/hosts
    insecure: false
routes:
  - name: all
  - name: some
    vcenters: ["*-2"]
    events: [VmPoweredOnEvent, com.vmware.vc.HA.FailoverEvent]
    severities: [warning, error]
    filter: 'subject.startsWith("Vm")'
    pattern: {subject: [{prefix: Vm}], data: {key: [{numeric: [">", 5]}]}, time: [2026-01-02]}
    profile: event-router
    target: pubsub://events/{vcname}.{dotted}
    deadLetter: pubsub://letters/refused
    order: strict
    window: 1000
    maxEventBytes: 0
    checkpoint: false
    ownStream: true
  - name: same
    pattern: '{"subject": [{"prefix": "Vm"}]}'
`

func defaults(t *testing.T) config.Defaults {
	t.Helper()
	start, err := event.ParseStart("-2h")
	if err != nil {
		t.Fatal(err)
	}
	return config.Defaults{
		Target: config.Target{Kind: config.PubSub, Component: "events", Topic: "vcenter"}, Order: event.OrderEntity, Window: 200, MaxEventBytes: 921600, Start: start,
	}
}

// fleetFile writes a fleet file beside the files that it names.
func fleetFile(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "user"), "relay@vsphere.local\n")
	write(t, filepath.Join(folder, "password"), canary+"\n")
	file := filepath.Join(folder, "fleet.yaml")
	write(t, file, text)
	return file
}

func readFleet(t *testing.T, file string) config.Fleet {
	t.Helper()
	fleet, err := config.ReadFleet(file, defaults(t), checks)
	if err != nil {
		t.Fatal(err)
	}
	return fleet
}

func TestAFleetFileBecomesPlainValues(t *testing.T) {
	file := fleetFile(t, complete)
	fleet := readFleet(t, file)
	folder := filepath.Dir(file)
	first, second := fleet.Vcenters[0], fleet.Vcenters[1]
	for _, c := range []struct{ what, got, want any }{
		{"urls", first.URL.String() + " " + second.URL.String(), "https://vc1.example.com/sdk https://vc2.example.com/sdk"},
		{"names", first.Name + " " + second.Name, "prod-1 prod-2"},
		{"thumbprint", strings.HasSuffix(first.Thumbprint, ":EE:FF:00:11:22:33:44:55:66:77:88:99"), true},
		{"ca file", second.CAFile, filepath.Join(folder, "ca.pem")},
		{"known hosts", second.KnownHosts, "/etc/hosts"},
		{"start", fmt.Sprint(first.Start), fmt.Sprint(parseStart(t, "2026-01-02T03:04:05Z"))},
		{"default start", second.Start, defaults(t).Start},
		{"warnings", len(fleet.Warnings), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	all := config.Route{Name: "all", Vcenters: []string{"prod-1", "prod-2"}, Profile: "default", Window: 200, MaxEventBytes: 921600, Checkpoint: true}
	same := all
	same.Name, same.Pattern = "same", []byte(`{"subject":[{"prefix":"Vm"}]}`)
	for i, want := range []struct {
		target, deadLetter string
		route              config.Route
	}{
		{"pubsub://events/vcenter", "pubsub://events/vcenter-deadletter", all},
		{"pubsub://events/{vcname}.{dotted}", "pubsub://letters/refused", config.Route{
			Name: "some", Vcenters: []string{"prod-2"}, Events: []string{"VmPoweredOnEvent", "com.vmware.vc.HA.FailoverEvent"},
			Severities: []string{"warning", "error"}, Filter: `subject.startsWith("Vm")`, Profile: "event-router",
			Pattern: []byte(`{"data":{"key":[{"numeric":[">",5]}]},"subject":[{"prefix":"Vm"}],"time":["2026-01-02"]}`),
			Order:   event.OrderStrict, Window: 1000, OwnStream: true,
		}},
		{"pubsub://events/vcenter", "pubsub://events/vcenter-deadletter", same},
	} {
		got := fleet.Routes[i]
		if got.Target.String() != want.target || got.DeadLetter.String() != want.deadLetter {
			t.Errorf("route %d: %s and %s, want %s and %s", i, got.Target, got.DeadLetter, want.target, want.deadLetter)
		}
		if got.Target, got.DeadLetter = (config.Target{}), (config.Target{}); !reflect.DeepEqual(got, want.route) {
			t.Errorf("route %d: %+v\nwant %+v", i, got, want.route)
		}
	}
}

func parseStart(t *testing.T, text string) event.Start {
	t.Helper()
	start, err := event.ParseStart(text)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

func TestTheEnvironmentIsAFleetOfOne(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	write(t, password, canary)
	environ(t, map[string]string{
		"VCRELAY_VCENTER_NAME": "prod", "VCRELAY_VCENTER_PASSWORD": "", "VCRELAY_VCENTER_PASSWORD_FILE": password,
		"VCRELAY_VCENTER_USERNAME": "secret://store/account#user",
		"VCRELAY_VCENTER_EVENTS":   "VmPoweredOnEvent, VmPoweredOffEvent", "VCRELAY_VCENTER_SEVERITIES": "error", "VCRELAY_START": "oldest",
		"VCRELAY_TARGET": "pubsub://other/topic", "VCRELAY_ORDER": "none", "VCRELAY_WINDOW": "500", "VCRELAY_MAX_EVENT_BYTES": "5000",
	})
	got := read(t)
	want, err := config.ReadFleet(fleetFile(t, `
vcenters:
  - name: prod
    url: https://vc.example.com
    username: secret://store/account#user
    passwordFile: `+password+`
routes:
  - name: default
    events: [VmPoweredOnEvent, VmPoweredOffEvent]
    severities: [error]
`), got.Defaults, config.Checks{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Routes, want.Routes) {
		t.Errorf("route %+v\nwant  %+v", got.Routes, want.Routes)
	}
	if len(got.Vcenters) != 1 || got.Vcenters[0].Fingerprint() != want.Vcenters[0].Fingerprint() {
		t.Errorf("vCenter %+v\nwant    %+v", got.Vcenters, want.Vcenters)
	}
	if got.FleetFile != "" {
		t.Errorf("fleet file %s", got.FleetFile)
	}
}

// inFile is an environment whose vCenters are in a fleet file.
func inFile(t *testing.T, file string, changes map[string]string) {
	t.Helper()
	environ(t, map[string]string{"VCRELAY_VCENTER_URL": "", "VCRELAY_VCENTER_USERNAME": "", "VCRELAY_VCENTER_PASSWORD": "", "VCRELAY_CONFIG": file})
	for name, value := range changes {
		t.Setenv(name, value)
	}
}

func TestVariablesOfRoutesAreTheDefaultsOfAFleetFileAndThoseOfGovcHaveNoSay(t *testing.T) {
	inFile(t, fleetFile(t, complete), map[string]string{
		"VCRELAY_TARGET": "pubsub://other/topic", "VCRELAY_ORDER": "none", "VCRELAY_WINDOW": "500", "VCRELAY_MAX_EVENT_BYTES": "5000", "VCRELAY_START": "oldest",
		"GOVC_URL": "https://theirs", "GOVC_USERNAME": "theirs", "GOVC_PASSWORD": canary, "GOVC_INSECURE": "true",
	})
	settings := read(t)
	said, silent := settings.Routes[1], settings.Routes[0]
	if silent.Target.String() != "pubsub://other/topic" || silent.DeadLetter.String() != "pubsub://other/topic-deadletter" ||
		silent.Order != event.OrderNone || silent.Window != 500 || silent.MaxEventBytes != 5000 {
		t.Errorf("%+v", silent)
	}
	if said.Target.String() == "pubsub://other/topic" || said.Order != event.OrderStrict || said.Window != 1000 || said.MaxEventBytes != 0 {
		t.Errorf("%+v", said)
	}
	if settings.Vcenters[1].Start != parseStart(t, "oldest") || settings.Vcenters[0].Start == parseStart(t, "oldest") {
		t.Errorf("%+v", settings.Vcenters)
	}
	if len(settings.Vcenters) != 2 || settings.Vcenters[1].Insecure {
		t.Errorf("%+v", settings.Vcenters)
	}
}

func TestVariablesOfOneVCenterContradictAFleetFileEachWithItsPlaceThere(t *testing.T) {
	inFile(t, fleetFile(t, complete), nil)
	count := 0
	for _, name := range config.Names() {
		if strings.HasPrefix(name, "VCRELAY_VCENTER_") {
			t.Setenv(name, canary)
			count++
		}
	}
	got := faults(t)
	if len(got) != count || count != 12 {
		t.Errorf("%d faults for %d variables:\n%s", len(got), count, strings.Join(got, "\n"))
	}
	for name, key := range map[string]string{
		"VCRELAY_VCENTER_URL": "vcenters[].url", "VCRELAY_VCENTER_CA_FILE": "vcenters[].caFile", "VCRELAY_VCENTER_KNOWN_HOSTS": "vcenters[].knownHosts",
		"VCRELAY_VCENTER_EVENTS": "routes[].events",
	} {
		if !slices.Contains(got, name+": contradicts VCRELAY_CONFIG, whose file lists the vCenters; unset it, and write it in the file as "+key) {
			t.Errorf("no line for %s with %s in\n%s", name, key, strings.Join(got, "\n"))
		}
	}
}

func TestFaultsOfTheFileAndOfTheEnvironmentAreReportedTogether(t *testing.T) {
	file := fleetFile(t, strings.Replace(complete, "strict", "strictly", 1))
	inFile(t, file, map[string]string{"VCRELAY_LEASE": "soon", "VCRELAY_TARGET": "kafka://events", "VCRELAY_VCENTER_URL": "https://vc"})
	got := faults(t)
	for _, start := range []string{"VCRELAY_LEASE: ", "VCRELAY_TARGET: ", "VCRELAY_VCENTER_URL: ", file + `:29: routes[1].order: "strictly" is no order; use entity, strict or none`} {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, start) }) {
			t.Errorf("no line %s in\n%s", start, strings.Join(got, "\n"))
		}
	}
	if len(got) != 4 {
		t.Errorf("%d faults, want 4:\n%s", len(got), strings.Join(got, "\n"))
	}
}

func TestAFleetFileThatCannotBeReadIsAFaultOfItsVariable(t *testing.T) {
	large := fleetFile(t, complete+strings.Repeat("# more\n", 1<<18))
	for _, file := range []string{filepath.Join(t.TempDir(), "absent.yaml"), t.TempDir(), large} {
		inFile(t, file, nil)
		if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], "VCRELAY_CONFIG: ") || !strings.Contains(got[0], file) {
			t.Errorf("%s: %q", file, got)
		}
	}
}

func TestAFleetFileIsReadAgainWithoutTheEnvironment(t *testing.T) {
	file := fleetFile(t, complete)
	inFile(t, file, map[string]string{"VCRELAY_ORDER": "none"})
	settings := read(t)
	t.Setenv("VCRELAY_ORDER", "strict")
	t.Setenv("VCRELAY_VCENTER_URL", "https://vc")
	before := os.Environ()
	fleet, err := config.ReadFleet(settings.FleetFile, settings.Defaults, config.Checks{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fleet.Routes, settings.Routes) || fleet.Routes[0].Order != event.OrderNone || !slices.Equal(before, os.Environ()) {
		t.Errorf("%+v\nwant %+v", fleet.Routes, settings.Routes)
	}
}

func TestEachCheckOfOthersIsAskedAndItsWordsAreAFault(t *testing.T) {
	said := errors.New("not like that; write it otherwise")
	asked := config.Checks{
		CEL:     func(text string) error { return expect(text, `subject.startsWith("Vm")`, said) },
		Pattern: func(object []byte) error { return expect(string(object)[:1], "{", said) },
		Profile: func(name string) error { return expect(name, "event-router", said) },
	}
	_, err := config.ReadFleet(fleetFile(t, complete), defaults(t), asked)
	if got := strings.Count(fmt.Sprint(err), said.Error()); got != 4 {
		t.Errorf("%d faults of the checks, want 4: filter, two patterns, profile:\n%v", got, err)
	}
}

func expect(got, want string, said error) error {
	if got != want {
		return fmt.Errorf("asked for %q, not %q", got, want)
	}
	return said
}
