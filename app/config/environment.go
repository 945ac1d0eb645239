package config

import "strings"

// environment is what a person may set, with the prefix VCRELAY_. Every value is text here, so that one faulty value
// does not hide the next; Read looks at each. The table in the README is made from the tags.
type environment struct {
	Vcenter        vcenterEnvironment
	Target         string `default:"pubsub://events/vcenter" desc:"where events go: pubsub://<component>/<topic>"`
	Order          string `default:"entity" desc:"which events must not overtake each other: entity (those of one object), strict (all), none"`
	MaxEventBytes  string `split_words:"true" default:"921600" desc:"an event with more data is trimmed, its largest members first, and marked truncated; 0 trims none"`
	StateStore     string `split_words:"true" default:"checkpoints" desc:"Dapr state store that keeps the position"`
	Lease          string `default:"9s" desc:"after so long without a sign of the relay that has the stream, another one takes it; the same for all of them"`
	Heal           string `default:"off" desc:"restart-sidecar: when the target was out for minutes the sidecar is told to end; only where something starts it again"`
	Start          string `default:"now" desc:"where the very first start begins: now, oldest, -2h, or a time (RFC 3339)"`
	ConnectTimeout string `split_words:"true" default:"1m" desc:"how long the first start waits for vCenter and the sidecar before it exits with 3; 0 waits for ever"`
	Listen         string `default:"127.0.0.1:8080" desc:"address of /healthz, /readyz and /metrics"`
	LogLevel       string `split_words:"true" default:"info" desc:"debug, info, warn or error"`
	LogFormat      string `split_words:"true" default:"auto" desc:"json, text, or auto: text on a terminal"`
}

type vcenterEnvironment struct {
	URL          string `desc:"vCenter, e.g. https://vcenter.example.com; also GOVC_URL"`
	Name         string `desc:"name for people, in metrics and in the extension vcname; the host where unset"`
	Username     string `desc:"account, Read-only on the root suffices; also GOVC_USERNAME"`
	UsernameFile string `split_words:"true" desc:"file that holds the account"`
	Password     Secret `desc:"password; better in a file; also GOVC_PASSWORD"`
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

// others are the variables that other commands of the same binary read; a shared environment may hold them.
var others = []string{"VCRELAY_DAPRD", "VCRELAY_BROKER", "VCRELAY_VCSIM_", "VCRELAY_FUNCTION_", "VCRELAY_ECHO_"}
