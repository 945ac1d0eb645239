package config

// environment is what a person may set, with the prefix VCRELAY_. Every value is text here, so that one faulty value
// does not hide the next; Read looks at each. The table in the README is made from the tags.
type environment struct {
	Vcenter        vcenterEnvironment
	Target         string `default:"pubsub://events/vcenter" desc:"where events go: pubsub://<component>/<topic>"`
	StateStore     string `split_words:"true" default:"checkpoints" desc:"Dapr state store that keeps the position"`
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
}

// aliases are the variables of govc that are taken where ours is not set.
var aliases = map[string]string{
	"VCRELAY_VCENTER_URL":         "GOVC_URL",
	"VCRELAY_VCENTER_USERNAME":    "GOVC_USERNAME",
	"VCRELAY_VCENTER_PASSWORD":    "GOVC_PASSWORD",
	"VCRELAY_VCENTER_INSECURE":    "GOVC_INSECURE",
	"VCRELAY_VCENTER_KNOWN_HOSTS": "GOVC_TLS_KNOWN_HOSTS",
}

// others are the variables that other commands of the same binary read; a shared environment may hold them.
var others = []string{"VCRELAY_DAPRD", "VCRELAY_VCSIM_", "VCRELAY_FUNCTION_", "VCRELAY_ECHO_"}
