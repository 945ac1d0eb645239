package config

import (
	"os"
	"strings"
)

// environment is what a person may set, with the prefix VCRELAY_. Every value is text here, so that one faulty value
// does not hide the next; Read looks at each. The table in the README is made from the tags.
type environment struct {
	Config         string `desc:"fleet file (YAML) with vCenters and routes, in place of VCRELAY_VCENTER_*; VCRELAY_TARGET, _MODE, _DEADLETTER, _ORDER, _WINDOW, _MAX_EVENT_BYTES and _START are then its defaults"`
	Vcenter        vcenterEnvironment
	Target         string `default:"pubsub://events/vcenter" desc:"where events go: pubsub://<component>/<topic>, or binding://<component>?operation=<operation>, which takes metadata of each call as further pairs"`
	Mode           string `default:"structured" desc:"how a binding gets an event: structured (one CloudEvent in JSON), binary (attributes as headers, for HTTP and Kafka)"`
	Deadletter     string `desc:"where events go that a binding refuses while it takes others, e.g. pubsub://events/vcenter-deadletter; a topic has <topic>-deadletter"`
	Order          string `default:"entity" desc:"which events must not overtake each other: entity (those of one object), strict (all), none"`
	Window         string `default:"200" desc:"most events ahead of the stored position, 1 to 10000: so many a crash may repeat; with more a backlog drains faster"`
	MaxEventBytes  string `split_words:"true" default:"921600" desc:"an event with more data is trimmed, its largest members first, and marked truncated; 0 trims none"`
	StateStore     string `split_words:"true" default:"checkpoints" desc:"Dapr state store that keeps the position"`
	Lease          string `default:"9s" desc:"after so long without a sign of the relay that has the stream, another one takes it; the same for all of them"`
	Heal           string `default:"off" desc:"restart-sidecar: when the target was out for minutes the sidecar is told to end; only where something starts it again"`
	Canary         string `desc:"topic that takes a message every 15 s, on each pub/sub component that a route uses: shows in /readyz, and heals, a dead connection also while there are no events; none where unset"`
	Start          string `default:"now" desc:"where the very first start begins: now, oldest, -2h, or a time (RFC 3339)"`
	ConnectTimeout string `split_words:"true" default:"1m" desc:"how long the first start waits for vCenter and the sidecar before it exits with 3; 0 waits for ever"`
	Listen         string `default:"127.0.0.1:8080" desc:"address of /healthz, /readyz and /metrics"`
	LogLevel       string `split_words:"true" default:"info" desc:"debug, info, warn or error"`
	LogFormat      string `split_words:"true" default:"auto" desc:"json, text, or auto: text on a terminal"`
}

type vcenterEnvironment struct {
	URL          string `desc:"vCenter, e.g. https://vcenter.example.com; also GOVC_URL"`
	Name         string `desc:"name for people, in metrics and in the extension vcname; the host where unset"`
	Username     string `desc:"account, Read-only on the root suffices, or secret://store/name#key of a Dapr secret store; also GOVC_USERNAME"`
	UsernameFile string `split_words:"true" desc:"file that holds the account"`
	Password     Secret `desc:"password, better in a file, or secret://store/name#key of a Dapr secret store; also GOVC_PASSWORD"`
	PasswordFile string `split_words:"true" desc:"file that holds the password; read at each login"`
	CAFile       string `envconfig:"CA_FILE" desc:"PEM file of the authority that signed vCenter's certificate; read at each login"`
	Thumbprint   string `desc:"SHA-256 thumbprint of vCenter's certificate (AA:BB:...); then no other is accepted"`
	KnownHosts   string `split_words:"true" desc:"file of lines: host, space, thumbprint; also GOVC_TLS_KNOWN_HOSTS"`
	Insecure     string `default:"false" desc:"true accepts any certificate: only for a laboratory; also GOVC_INSECURE"`
	Events       string `desc:"only these events, selected by vCenter: classes and EventTypeIds, separated by commas; all where unset"`
	Severities   string `desc:"only events of these severities, selected by vCenter: info, warning, error, user; all where unset"`
}

// takeAliases lets the variables of govc, which may be set for other reasons, stand in where ours say nothing: they
// neither contradict one of ours nor weaken it, and no account of ours is combined with a password of theirs.
func (raw *vcenterEnvironment) takeAliases(getenv func(string) string) {
	ownAccount := raw.Username != "" || raw.UsernameFile != "" || raw.Password != "" || raw.PasswordFile != "" || strings.Contains(raw.URL, "@")
	ownCheck := getenv("VCRELAY_VCENTER_INSECURE") != "" || raw.CAFile != "" || raw.Thumbprint != "" || raw.KnownHosts != ""
	take := func(alias string, into *string, ours bool) {
		if value := getenv(alias); value != "" && !ours {
			*into = value
		}
	}
	take("GOVC_URL", &raw.URL, raw.URL != "")
	take("GOVC_USERNAME", &raw.Username, ownAccount)
	take("GOVC_PASSWORD", (*string)(&raw.Password), ownAccount)
	take("GOVC_INSECURE", &raw.Insecure, ownCheck)
	take("GOVC_TLS_KNOWN_HOSTS", &raw.KnownHosts, ownCheck)
}

// section is the vCenter of the environment as a fleet file has it.
func (raw *vcenterEnvironment) section(r *report) *vcenterSection {
	from := func(name, value string) text {
		return text{spot{place{key: vcenterPrefix + name}, value != ""}, value}
	}
	section := &vcenterSection{
		Name: from("NAME", raw.Name), URL: from("URL", raw.URL),
		Username: from("USERNAME", raw.Username), UsernameFile: from("USERNAME_FILE", raw.UsernameFile),
		Password: from("PASSWORD", raw.Password.Reveal()), PasswordFile: from("PASSWORD_FILE", raw.PasswordFile),
		Thumbprint: from("THUMBPRINT", raw.Thumbprint), CAFile: from("CA_FILE", raw.CAFile), KnownHosts: from("KNOWN_HOSTS", raw.KnownHosts),
		Insecure: flag{spot: spot{at: place{key: vcenterPrefix + "INSECURE"}}},
	}
	section.Insecure.value = taken[bool](r, section.Insecure.at)(parseBool(raw.Insecure))
	section.Thumbprint.value = taken[string](r, section.Thumbprint.at)(parseThumbprint(raw.Thumbprint))
	if raw.URL == "" {
		r.add(section.URL.at, "not set; give the address of vCenter, e.g. https://vcenter.example.com")
	}
	return section
}

// vcenterPrefix begins the variables that describe the one vCenter of an environment without a fleet file.
const vcenterPrefix = "VCRELAY_VCENTER_"

// fleet is the one vCenter of the environment, with one route.
func (raw *environment) fleet(r *report, defaults Defaults) Fleet {
	raw.Vcenter.takeAliases(os.Getenv)
	vcenter := raw.Vcenter.section(r).read(r, defaults.Start, false)
	if vcenter.Name == "" && vcenter.URL != nil {
		vcenter.Name = vcenter.URL.Hostname()
	}
	route := defaults.route()
	route.Vcenters = []string{vcenter.Name}
	route.Events = taken[[]string](r, place{key: vcenterPrefix + "EVENTS"})(parseEvents(raw.Vcenter.Events))
	route.Severities = taken[[]string](r, place{key: vcenterPrefix + "SEVERITIES"})(parseSeverities(raw.Vcenter.Severities))
	return Fleet{Vcenters: []Vcenter{vcenter}, Routes: []Route{route}}
}

// contradict refuses the variables of the one vCenter beside a fleet file.
func (f *Faults) contradict() {
	for _, name := range Names() {
		if value := os.Getenv(name); value != "" && strings.HasPrefix(name, vcenterPrefix) {
			f.add(name, "contradicts VCRELAY_CONFIG, whose file lists the vCenters; unset it, and write it in the file as %s", inFile(name))
		}
	}
}

// inFile is where a fleet file has what a variable of the one vCenter says.
func inFile(name string) string {
	plain := strings.ReplaceAll(strings.TrimPrefix(name, vcenterPrefix), "_", "")
	for _, section := range []struct {
		name string
		keys []string
	}{{"vcenters", keysOf(&vcenterSection{})}, {"routes", keysOf(&routeSection{})}} {
		for _, key := range section.keys {
			if strings.EqualFold(key, plain) {
				return section.name + "[]." + key
			}
		}
	}
	return "a key of vcenters"
}

// others are the variables that other commands of the same binary read; a shared environment may hold them.
var others = []string{"VCRELAY_DAPRD", "VCRELAY_BROKER", "VCRELAY_VCSIM_", "VCRELAY_FUNCTION_", "VCRELAY_ECHO_"}
