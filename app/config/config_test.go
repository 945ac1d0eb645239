package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/config"
)

// canary holds every letter that a shell, a URL or YAML could trip over.
const canary = `S3cr3t$&\@"'`

// environ is a complete configuration with changes; an empty value unsets.
func environ(t *testing.T, changes map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if regexp.MustCompile(`^(VCRELAY|GOVC|DAPR)_`).MatchString(name) {
			unset(t, name)
		}
	}
	complete := map[string]string{
		"VCRELAY_VCENTER_URL": "https://vc.example.com", "VCRELAY_VCENTER_USERNAME": "relay@vsphere.local", "VCRELAY_VCENTER_PASSWORD": canary,
	}
	for _, variables := range []map[string]string{complete, changes} {
		for name, value := range variables {
			if value == "" {
				unset(t, name)
			} else {
				t.Setenv(name, value)
			}
		}
	}
}

func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "") // which restores it in the end
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T) config.Config {
	t.Helper()
	settings, err := config.Read(config.Checks{})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// faults are the lines of Read's error; it is a mistake when a password is in one of them.
func faults(t *testing.T) []string {
	t.Helper()
	_, err := config.Read(config.Checks{})
	var all config.Faults
	if !errors.As(err, &all) {
		t.Fatalf("Read: %v, want Faults", err)
	}
	if strings.Contains(err.Error(), "S3cr3t") {
		t.Errorf("a fault shows the password: %v", err)
	}
	return all
}

func TestTheDefaultsAreThoseOfTheTable(t *testing.T) {
	environ(t, nil)
	settings := read(t)
	if got := settings.Routes[0].Target.String(); got != "pubsub://events/vcenter" {
		t.Errorf("target %s", got)
	}
	if settings.StateStore != "checkpoints" || settings.Listen != "127.0.0.1:8080" || settings.ConnectTimeout != time.Minute {
		t.Errorf("%+v", settings)
	}
	if settings.DaprAddress != "127.0.0.1:50001" || settings.DaprToken != "" || settings.Log.Level != zerolog.InfoLevel {
		t.Errorf("%+v", settings)
	}
	for _, name := range config.Names() {
		if !strings.Contains(config.Table(), "| `"+name+"` |") {
			t.Errorf("the table lacks %s", name)
		}
	}
}

func TestAllFaultsAreReportedAtOnceEachWithItsVariableAndARemedy(t *testing.T) {
	environ(t, map[string]string{
		"VCRELAY_VCENTER_URL":        "ftp://admin:" + canary + "@vc",
		"VCRELAY_VCENTER_USERNAME":   "",
		"VCRELAY_VCENTER_PASSWORD":   "",
		"VCRELAY_VCENTER_THUMBPRINT": "AA:BB",
		"VCRELAY_VCENTER_INSECURE":   "maybe",
		"VCRELAY_TARGET":             "kafka://events",
		"VCRELAY_START":              "yesterday",
		"VCRELAY_CONNECT_TIMEOUT":    "60",
		"VCRELAY_LISTEN":             "8080",
		"VCRELAY_LOG_LEVEL":          "loud",
		"VCRELAY_LOG_FORMAT":         "xml",
		"VCRELAY_VCENTER_PASSWROD":   canary,
		"DAPR_GRPC_PORT":             "many",
	})
	got := faults(t)
	for variable, remedy := range map[string]string{
		"VCRELAY_VCENTER_URL": "https://vcenter.example.com", "VCRELAY_VCENTER_USERNAME": "VCRELAY_VCENTER_USERNAME_FILE",
		"VCRELAY_VCENTER_PASSWORD": "VCRELAY_VCENTER_PASSWORD_FILE", "VCRELAY_VCENTER_THUMBPRINT": "openssl x509",
		"VCRELAY_VCENTER_INSECURE": "neither true nor false", "VCRELAY_TARGET": "pubsub://events/vcenter", "VCRELAY_START": "oldest",
		"VCRELAY_CONNECT_TIMEOUT": "1m", "VCRELAY_LISTEN": "127.0.0.1:8080", "VCRELAY_LOG_LEVEL": "debug, info", "VCRELAY_LOG_FORMAT": "json, text",
		"VCRELAY_VCENTER_PASSWROD": "did you mean VCRELAY_VCENTER_PASSWORD?", "DAPR_GRPC_PORT": "unset",
	} {
		if !slices.ContainsFunc(got, func(line string) bool {
			return strings.HasPrefix(line, variable+": ") && strings.Contains(line, remedy) && !strings.Contains(line, "\n")
		}) {
			t.Errorf("no line for %s with %q", variable, remedy)
		}
	}
	if len(got) != 13 || t.Failed() {
		t.Errorf("%d faults, want 13:\n%s", len(got), strings.Join(got, "\n"))
	}
}

func TestAnUnknownVariableNamesTheNearestOrTheTable(t *testing.T) {
	for name, remedy := range map[string]string{
		"VCRELAY_TARGETS":      "did you mean VCRELAY_TARGET?",
		"VCRELAY_VCENTER_USER": "did you mean VCRELAY_VCENTER_USERNAME?",
		"VCRELAY_COLOUR_BLIND": "the README lists",
		"VCRELAY_LISTEN_PORT":  "unknown variable",
		"VCRELAY_HTTP_PORT":    "unknown variable",
	} {
		t.Run(name, func(t *testing.T) {
			environ(t, map[string]string{name: "9090"})
			if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], name+": ") || !strings.Contains(got[0], remedy) {
				t.Errorf("%q, want %q", got, remedy)
			}
		})
	}
}

func TestAVariableThatIsSetButEmptyIsAFault(t *testing.T) {
	environ(t, nil)
	t.Setenv("VCRELAY_LISTEN", "")
	if got := faults(t); !slices.Contains(got, "VCRELAY_LISTEN: set but empty; unset it or give it a value") {
		t.Errorf("%q", got)
	}
}

func TestVariablesOfOtherCommandsAndOfKubernetesAreLeftAlone(t *testing.T) {
	environ(t, map[string]string{
		"VCRELAY_SERVICE_HOST": "10.0.0.1", "VCRELAY_SERVICE_PORT": "80", "VCRELAY_SERVICE_PORT_HTTP": "80", "VCRELAY_PORT": "tcp://10.0.0.1:80",
		"VCRELAY_PORT_80_TCP": "tcp://10.0.0.1:80", "VCRELAY_PORT_80_TCP_PROTO": "tcp", "VCRELAY_PORT_80_TCP_PORT": "80", "VCRELAY_PORT_80_TCP_ADDR": "10.0.0.1",
		"VCRELAY_METRICS_SERVICE_HOST": "10.0.0.1", "VCRELAY_METRICS_PORT": "tcp://10.0.0.1:80",
		"VCRELAY_DAPRD": "/opt/daprd", "VCRELAY_BROKER": "/opt/broker", "VCRELAY_VCSIM_RATE": "5", "VCRELAY_FUNCTION_TIMEOUT": "5s", "VCRELAY_ECHO_FAIL": "x",
	})
	read(t)
}

func TestTargetsAreOneComponentAndOneTopic(t *testing.T) {
	for text, good := range map[string]bool{
		"pubsub://events/vcenter": true, "pubsub://my-events/a.b_c": true,
		"events/vcenter": false, "pubsub://events": false, "pubsub://events/": false, "pubsub:///vcenter": false, "pubsub://events/a/b": false,
		"pubsub://events/a?b=c": false, "pubsub://events/a#b": false, "pubsub://user@events/a": false, "binding://events/a": false, "://": false,
	} {
		environ(t, map[string]string{"VCRELAY_TARGET": text})
		settings, err := config.Read(config.Checks{})
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
		if good && settings.Routes[0].Target.String() != text {
			t.Errorf("%s became %s", text, settings.Routes[0].Target)
		}
	}
}

func TestStartsAreNowOldestASpanOrATime(t *testing.T) {
	for text, good := range map[string]bool{
		"now": true, "oldest": true, "-2h": true, "2026-01-02T03:04:05Z": true, "2h": false, "yesterday": false, "2026-01-02": false,
	} {
		environ(t, map[string]string{"VCRELAY_START": text})
		if _, err := config.Read(config.Checks{}); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAConnectTimeoutOfZeroIsForEverAndANegativeOneIsRefused(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "90s": 90 * time.Second} {
		environ(t, map[string]string{"VCRELAY_CONNECT_TIMEOUT": text})
		if got := read(t).ConnectTimeout; got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	environ(t, map[string]string{"VCRELAY_CONNECT_TIMEOUT": "-1s"})
	faults(t)
}

func TestTheSidecarIsWhereDaprsOwnVariablesSay(t *testing.T) {
	for _, c := range []struct{ port, endpoint, want string }{
		{"", "", "127.0.0.1:50001"},
		{"3501", "", "127.0.0.1:3501"},
		{"3501", "10.0.0.7:50001", "10.0.0.7:50001"},
		{"", "http://10.0.0.7:50001", "10.0.0.7:50001"},
	} {
		environ(t, map[string]string{"DAPR_GRPC_PORT": c.port, "DAPR_GRPC_ENDPOINT": c.endpoint, "DAPR_API_TOKEN": canary})
		settings := read(t)
		if settings.DaprAddress != c.want || settings.DaprToken.Reveal() != canary {
			t.Errorf("%+v: %s", c, settings.DaprAddress)
		}
	}
	for name, value := range map[string]string{"DAPR_GRPC_PORT": "70000", "DAPR_GRPC_ENDPOINT": "https://dapr.example.com:443"} {
		environ(t, map[string]string{name: value})
		if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], name+": ") {
			t.Errorf("%s=%s: %q", name, value, got)
		}
	}
}

func TestReadingLeavesTheEnvironmentAsItWas(t *testing.T) {
	environ(t, map[string]string{
		"VCRELAY_VCENTER_URL": "", "VCRELAY_VCENTER_USERNAME": "", "VCRELAY_VCENTER_PASSWORD": "",
		"GOVC_URL": "vc", "GOVC_USERNAME": "u", "GOVC_PASSWORD": canary,
	})
	before := os.Environ()
	read(t)
	if !slices.Equal(before, os.Environ()) {
		t.Error("the environment has changed")
	}
}

func TestLogSettingsAreReadWithoutTheRest(t *testing.T) {
	environ(t, map[string]string{"VCRELAY_VCENTER_URL": "", "VCRELAY_LOG_LEVEL": "warn", "VCRELAY_LOG_FORMAT": "text"})
	log, err := config.ReadLog()
	if err != nil || log.Level != zerolog.WarnLevel || !log.Text {
		t.Errorf("%+v %v", log, err)
	}
	environ(t, map[string]string{"VCRELAY_LOG_LEVEL": "trace"})
	var all config.Faults
	if _, err := config.ReadLog(); !errors.As(err, &all) {
		t.Errorf("trace: %v", err)
	}
}

func TestTheSimulatorsFaultsNameTheirVariable(t *testing.T) {
	environ(t, map[string]string{"VCRELAY_VCSIM_RATE": "fast", "VCRELAY_VCSIM_LISTENS": "x", "VCRELAY_VCSIM_SERVICE_HOST": "10.0.0.1"})
	_, err := config.ReadVcsim()
	want := "VCRELAY_VCSIM_LISTENS: unknown variable; did you mean VCRELAY_VCSIM_LISTEN?\nVCRELAY_VCSIM_RATE: \"fast\" cannot be read as a number"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	environ(t, map[string]string{"VCRELAY_VCSIM_PASSWORD": canary, "VCRELAY_VCSIM_HISTORY_SPAN": "90m", "VCRELAY_VCSIM_CERT_FILE": filepath.Join("a", "b")})
	settings, err := config.ReadVcsim()
	if err != nil || settings.Password.Reveal() != canary || settings.HistorySpan != 90*time.Minute || settings.CertFile == "" {
		t.Errorf("%+v %v", settings, err)
	}
}
