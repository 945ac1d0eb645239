package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/vcrelay/vcrelay/app/event"
)

const prefix = "VCRELAY"

// Config is a valid configuration of `vcrelay run`.
type Config struct {
	Fleet
	FleetFile      string   // to be read again by ReadFleet; empty: the fleet is that of the environment
	Defaults       Defaults // of the fleet file
	StateStore     string
	Lease          time.Duration
	Heal           bool          // by a restart of the sidecar
	Canary         string        // topic; empty for none
	ConnectTimeout time.Duration // 0: for ever
	Listen         string
	Log            Log
	DaprAddress    string // gRPC API of the sidecar
	DaprToken      Secret // what the sidecar asks of who calls it
}

// Log says how to log.
type Log struct {
	Level zerolog.Level
	Text  bool // lines for people in place of JSON
	Color bool // in colour
}

// Read reads the environment of the process and the fleet file that it names; without one the environment is a fleet of
// one vCenter and one route, both as the file would have them. Its error is a Faults: all that is wrong with both.
func Read(checks Checks) (Config, error) {
	var faults Faults
	faults.checkNames(prefix, Names())
	var raw environment
	if err := envconfig.Process(prefix, &raw); err != nil { // all fields are texts: this cannot fail on a value
		faults.add(prefix, "%s", err)
		return Config{}, faults
	}
	config := Config{
		FleetFile: raw.Config,
		Defaults: Defaults{
			Target:        check[Target](&faults, "VCRELAY_TARGET")(readTarget(raw.Target)),
			DeadLetter:    check[Target](&faults, "VCRELAY_DEADLETTER")(parseDeadLetter(raw.Deadletter)),
			Binary:        check[bool](&faults, "VCRELAY_MODE")(parseMode(raw.Mode)),
			Order:         check[event.Order](&faults, "VCRELAY_ORDER")(event.ParseOrder(raw.Order)),
			Window:        check[int](&faults, "VCRELAY_WINDOW")(parseAmount("window", raw.Window)),
			MaxEventBytes: check[int](&faults, "VCRELAY_MAX_EVENT_BYTES")(parseAmount("bytes", raw.MaxEventBytes)),
			Start:         check[event.Start](&faults, "VCRELAY_START")(event.ParseStart(raw.Start)),
		},
		StateStore:     raw.StateStore,
		Lease:          check[time.Duration](&faults, "VCRELAY_LEASE")(parseLease(raw.Lease)),
		Heal:           check[bool](&faults, "VCRELAY_HEAL")(parseHeal(raw.Heal)),
		Canary:         check[string](&faults, "VCRELAY_CANARY")(parseCanary(raw.Canary)),
		ConnectTimeout: check[time.Duration](&faults, "VCRELAY_CONNECT_TIMEOUT")(parseTimeout(raw.ConnectTimeout)),
		Listen:         check[string](&faults, "VCRELAY_LISTEN")(parseListen(raw.Listen)),
		Log:            readLog(&faults, raw.LogLevel, raw.LogFormat),
		DaprAddress:    readDaprAddress(&faults),
		DaprToken:      Secret(os.Getenv("DAPR_API_TOKEN")),
	}
	faults.checkTogether(&config.Defaults)
	config.Fleet = raw.readFleet(&faults, config.Defaults, checks)
	if len(faults) > 0 {
		return Config{}, faults
	}
	return config, nil
}

// readFleet reads the fleet file, or makes a fleet of the environment where none is named.
func (raw *environment) readFleet(faults *Faults, defaults Defaults, checks Checks) Fleet {
	if raw.Config == "" {
		var found report
		fleet := raw.fleet(&found, defaults)
		*faults = append(*faults, found.faults()...)
		return fleet
	}
	faults.contradict()
	fleet, err := ReadFleet(raw.Config, defaults, checks)
	var inFile Faults
	if errors.As(err, &inFile) {
		*faults = append(*faults, inFile...)
	}
	return fleet
}

// ReadLog reads only how to log, for commands that need nothing else.
func ReadLog() (Log, error) {
	var raw environment
	var faults Faults
	if err := envconfig.Process(prefix, &raw); err != nil {
		return Log{}, err
	}
	log := readLog(&faults, raw.LogLevel, raw.LogFormat)
	if len(faults) > 0 {
		return Log{}, faults
	}
	return log, nil
}

func readLog(faults *Faults, level, format string) Log {
	parsed, err := zerolog.ParseLevel(level)
	if err != nil || parsed < zerolog.DebugLevel || parsed > zerolog.ErrorLevel {
		faults.add("VCRELAY_LOG_LEVEL", "%q is none of debug, info, warn, error", level)
	}
	terminal := term.IsTerminal(int(os.Stderr.Fd()))
	color := terminal && os.Getenv("NO_COLOR") == ""
	switch format {
	case "json", "text":
		return Log{Level: parsed, Text: format == "text", Color: color}
	case "auto":
		return Log{Level: parsed, Text: terminal, Color: color}
	default:
		faults.add("VCRELAY_LOG_FORMAT", "%q is none of json, text, auto", format)
		return Log{}
	}
}

func parseLease(text string) (time.Duration, error) {
	lease, err := time.ParseDuration(text)
	if err != nil || lease < time.Second || lease > time.Hour {
		return 0, fmt.Errorf("%q is no lease; use a duration from 1s to 1h, e.g. 9s", text)
	}
	return lease, nil
}

func parseHeal(text string) (bool, error) {
	switch text {
	case "off", "restart-sidecar":
		return text != "off", nil
	default:
		return false, fmt.Errorf("%q is none of off, restart-sidecar", text)
	}
}

func parseCanary(text string) (string, error) {
	if strings.ContainsAny(text, "/{}:") {
		return "", fmt.Errorf("%q is no topic; use a name, e.g. vcenter-canary", text)
	}
	return text, nil
}

func parseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout < 0 {
		return 0, fmt.Errorf("%q is no duration; use e.g. 1m, or 0 to wait for ever", text)
	}
	return timeout, nil
}

func parseListen(text string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("%q is no address; use host:port, e.g. 127.0.0.1:8080", text)
	}
	return text, nil
}

// readDaprAddress follows Dapr's own variables.
func readDaprAddress(faults *Faults) string {
	if endpoint := os.Getenv("DAPR_GRPC_ENDPOINT"); endpoint != "" {
		address := strings.TrimPrefix(endpoint, "http://")
		if _, err := parseListen(address); err != nil {
			faults.add("DAPR_GRPC_ENDPOINT", "%q is no address of a sidecar without TLS; use host:port", endpoint)
		}
		return address
	}
	port := os.Getenv("DAPR_GRPC_PORT")
	if port == "" {
		port = "50001" // Dapr's default
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		faults.add("DAPR_GRPC_PORT", "%q is no port; Dapr sets this variable, leave it unset when no sidecar does", port)
	}
	return net.JoinHostPort("127.0.0.1", port)
}
