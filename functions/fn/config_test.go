package fn_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/functions/fn"
)

func environment(pairs ...string) fn.Env {
	values := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

func TestTheHostDecidesWhereToListen(t *testing.T) {
	for env, want := range map[string]string{
		"":                    ":8080",
		"PORT=9000":           ":9000",
		"PORT=9000 APP_PORT=": ":9000",
		"PORT=9000 APP_PORT=31080 APP_CHANNEL_ADDRESS=127.0.0.1": "127.0.0.1:31080",
		"APP_CHANNEL_ADDRESS=[::1]":                              "[::1]:8080",
		"VCRELAY_FUNCTION_LISTEN=127.0.0.1:0 APP_PORT=31080":     "127.0.0.1:0",
	} {
		cfg, err := fn.ReadConfig(environment(strings.Fields(env)...))
		if err != nil || cfg.Listen != want {
			t.Errorf("%s: listens on %q (%v), want %q", env, cfg.Listen, err, want)
		}
	}
}

func TestASidecarIsToldByItsPorts(t *testing.T) {
	for env, want := range map[string]bool{"": false, "APP_PORT=1": false, "DAPR_HTTP_PORT=3500": true, "DAPR_GRPC_PORT=50001": true} {
		if cfg, err := fn.ReadConfig(environment(env)); err != nil || cfg.Dapr != want {
			t.Errorf("%s: dapr %v, %v", env, cfg.Dapr, err)
		}
	}
}

func TestLimitsAreReadAndHaveDefaults(t *testing.T) {
	cfg, err := fn.ReadConfig(environment())
	if err != nil || cfg.Timeout != fn.DefaultTimeout || cfg.Concurrency != 0 || cfg.MaxBodyBytes != 4<<20 || cfg.Token != "" {
		t.Errorf("defaults are %+v, %v", cfg, err)
	}
	cfg, err = fn.ReadConfig(environment("VCRELAY_FUNCTION_TIMEOUT=1m", "VCRELAY_FUNCTION_CONCURRENCY=3", "APP_API_TOKEN=abc",
		"APP_PROTOCOL=http"))
	if err != nil || cfg.Timeout != time.Minute || cfg.Concurrency != 3 || !cfg.Token.Admits("abc") {
		t.Errorf("read %+v, %v", cfg, err)
	}
}

func TestEveryFaultIsReportedAtOnceByName(t *testing.T) {
	_, err := fn.ReadConfig(environment("APP_PROTOCOL=grpc", "APP_PORT=tcp://10.0.0.1:80", "VCRELAY_FUNCTION_TIMEOUT=0s",
		"VCRELAY_FUNCTION_CONCURRENCY=-1"))
	if err == nil {
		t.Fatal("a broken environment was accepted")
	}
	for _, want := range []string{
		`APP_PROTOCOL="grpc"`, "dapr.io/app-protocol: http", `APP_PORT="tcp://10.0.0.1:80"`,
		"enableServiceLinks: false", `VCRELAY_FUNCTION_TIMEOUT="0s"`, `VCRELAY_FUNCTION_CONCURRENCY="-1"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	for _, env := range []string{"PORT=0", "PORT=65536", "VCRELAY_FUNCTION_LISTEN=8080", "VCRELAY_FUNCTION_LISTEN=:http"} {
		if _, err := fn.ReadConfig(environment(env)); err == nil {
			t.Errorf("%s was accepted", env)
		}
	}
}

func TestTheTokenIsNeverPrinted(t *testing.T) {
	cfg := fn.Config{Token: "hush"}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), string(asJSON)} {
		if strings.Contains(text, "hush") {
			t.Errorf("printed %s", text)
		}
	}
}
