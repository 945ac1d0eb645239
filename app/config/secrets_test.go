package config_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
)

// vault answers for the secret store "store".
type vault map[string]string

func (v vault) get(_ context.Context, store, name, key string) (string, error) {
	value, there := v[name+"#"+key]
	if store != "store" || !there {
		return "", fmt.Errorf("no %s in %s", name, store)
	}
	return value, nil
}

const referring = `
vcenters:
  - name: prod
    url: https://vc.example.com
    username: secret://store/vcenter/prod#user
    password: secret://store/vcenter/prod#password
routes:
  - name: default
`

func TestASecretIsAskedOfItsStoreAtEachLogin(t *testing.T) {
	environ(t, map[string]string{
		"VCRELAY_VCENTER_USERNAME": "secret://store/vcenter/prod#user", "VCRELAY_VCENTER_PASSWORD": "secret://store/vcenter/prod#password",
	})
	for where, vcenter := range map[string]config.Vcenter{
		"environment": read(t).Vcenters[0], "file": readFleet(t, fleetFile(t, referring)).Vcenters[0],
	} {
		secrets := vault{"vcenter/prod#user": "relay", "vcenter/prod#password": "before"}
		for _, password := range []string{canary, "rotated\n"} {
			secrets["vcenter/prod#password"] = password
			account, err := vcenter.Credentials(t.Context(), secrets.get)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := account.Password(); account.Username() != "relay" || got != strings.TrimSuffix(password, "\n") {
				t.Errorf("%s: %s %q, want %q", where, account.Username(), got, password)
			}
		}
	}
}

func TestASecretThatIsNotThereNamesItsReferenceAndNothingSecret(t *testing.T) {
	vcenter := readFleet(t, fleetFile(t, referring)).Vcenters[0]
	refused := errors.New("sealed")
	for name, secrets := range map[string]config.Resolver{
		"no sidecar to ask": nil,
		"refused":           func(context.Context, string, string, string) (string, error) { return "", refused },
		"no password":       vault{"vcenter/prod#user": canary}.get,
		"empty":             vault{"vcenter/prod#user": canary, "vcenter/prod#password": "\n"}.get,
	} {
		account, err := vcenter.Credentials(t.Context(), secrets)
		if err == nil || account != nil || !strings.Contains(err.Error(), "secret://store/vcenter/prod#") || strings.Contains(err.Error(), "S3cr3t") {
			t.Errorf("%s: %v, %v", name, account, err)
		}
		if name == "refused" && !errors.Is(err, refused) {
			t.Errorf("%v does not wrap the store's error", err)
		}
	}
}

func TestReferencesHaveAStoreANameAndAKey(t *testing.T) {
	for text, good := range map[string]bool{
		"secret://kubernetes/vcenter#password": true, "secret://vault/secret/data/vc#user": true, "secret://aws-1.eu/a b#c": false,
		"secret://store/name": false, "secret://store/#key": false, "secret:///name#key": false, "secret://store#key": false,
		"secret://store/name#": false, "secret://store/a#b#c": false, "secret://": false,
		"Secret://store/name": true, "secret:/store/name": true, // passwords
	} {
		environ(t, map[string]string{"VCRELAY_VCENTER_PASSWORD": text})
		_, err := config.Read(config.Checks{})
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "VCRELAY_VCENTER_PASSWORD: ") || strings.Contains(err.Error(), text+" ")) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAPasswordInTheFleetFileIsTakenLetterByLetterWarnedOfAndShownNowhere(t *testing.T) {
	quoted := "'" + strings.ReplaceAll(canary, "'", "''") + "'"
	file := fleetFile(t, strings.Replace(referring, "secret://store/vcenter/prod#password", quoted, 1))
	inFile(t, file, nil)
	settings := read(t)
	if len(settings.Warnings) != 1 || !strings.HasPrefix(settings.Warnings[0], file+":6: vcenters[0].password: ") {
		t.Errorf("warnings %q", settings.Warnings)
	}
	account, err := settings.Vcenters[0].Credentials(t.Context(), vault{"vcenter/prod#user": "relay"}.get)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := account.Password(); got != canary {
		t.Errorf("the password became %q", got)
	}
	shown := fmt.Sprintf("%v %+v %#v %s", settings, settings.Fleet, settings, settings.Warnings) + settings.Vcenters[0].Fingerprint()
	for _, form := range []string{"S3cr3t", fmt.Sprintf("%x", "S3cr3t"), url.QueryEscape(canary)} {
		if strings.Contains(shown, form) {
			t.Errorf("%s shows in %s", form, shown)
		}
	}
}

// A password in the wrong place, or one that YAML takes for something else, is in no fault.
func TestNoFaultOfAFleetFileShowsAPassword(t *testing.T) {
	for _, password := range []string{
		"S3cr3t, S3cr3t", "S3cr3t: S3cr3t", "*S3cr3t", "&S3cr3t", "!S3cr3t", "!!S3cr3t x", "%S3cr3t", "@S3cr3t", "`S3cr3t", "{S3cr3t", "[S3cr3t", "{S3cr3t: S3cr3t}",
		"[S3cr3t]", `"S3cr3t\q"`, `"S3cr3t`, "'S3cr3t", "|S3cr3t", ">S3cr3t", "secret://S3cr3t", "secret://store/S3cr3t", "${S3cr3t}", "? S3cr3t", "- S3cr3t", "\tS3cr3t", "\n  S3cr3t", "\nS3cr3t", "\n    S3cr3t",
		"\x01S3cr3t", "\xffS3cr3t", "*S3cr3t\n    <<: *S3cr3t", "x\n    S3cr3t:", "x\n    ? [S3cr3t]\n    : S3cr3t", "x\n    password: S3cr3t", "x\n    insecure: S3cr3t", "x\n    thumbprint: {S3cr3t: S3cr3t}",
	} {
		for _, line := range []string{
			"    username: relay\n    password: " + password, "    username: " + password + "\n    passwordFile: /dev/null",
			"    url: https://relay:" + password + "@vc", "    {password: " + password + "}",
		} {
			text := "vcenters:\n  - name: prod\n" + line + "\nroutes:\n  - name: default\n    order: none of these\n"
			_, err := config.ReadFleet(fleetFile(t, text), defaults(t), checks)
			var faults config.Faults
			if !errors.As(err, &faults) {
				t.Errorf("%q: %v, want faults", text, err)
			}
			if strings.Contains(fmt.Sprint(err), "cr3t") {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}

// Whatever a stream works by is in the fingerprint; each field that is new has to be, or be left out here for a reason.
func TestAFingerprintChangesWithEverythingThatAStreamWorksBy(t *testing.T) {
	fleet := readFleet(t, fleetFile(t, complete))
	route := fleet.Routes[1]
	for i := range reflect.TypeFor[config.Route]().NumField() {
		changed := route
		name := change(t, reflect.ValueOf(&changed).Elem(), i)
		if same := changed.Fingerprint() == route.Fingerprint(); same != (name == "Vcenters") {
			t.Errorf("another %s of a route: same fingerprint %t", name, same)
		}
	}
	vcenter := fleet.Vcenters[0]
	for i := range reflect.TypeFor[config.Vcenter]().NumField() {
		if !reflect.TypeFor[config.Vcenter]().Field(i).IsExported() {
			continue
		}
		changed := vcenter
		name := change(t, reflect.ValueOf(&changed).Elem(), i)
		if same := changed.Fingerprint() == vcenter.Fingerprint(); same != (name == "Credentials") {
			t.Errorf("another %s of a vCenter: same fingerprint %t", name, same)
		}
	}
}

// change gives a field another value.
func change(t *testing.T, structure reflect.Value, i int) string {
	t.Helper()
	field := structure.Field(i)
	switch value := field.Interface().(type) {
	case string:
		field.SetString(value + "x")
	case bool:
		field.SetBool(!value)
	case int:
		field.SetInt(int64(value) + 1)
	case event.Order:
		field.SetInt(int64(value) + 1)
	case []string:
		field.Set(reflect.ValueOf(append([]string{"x"}, value...)))
	case []byte:
		field.SetBytes([]byte(`{}`))
	case config.Target:
		field.Set(reflect.ValueOf(config.Target{Component: value.Component, Topic: value.Topic + "x"}))
	case event.Start:
		field.Set(reflect.ValueOf(parseStart(t, "oldest")))
	case *url.URL:
		field.Set(reflect.ValueOf(&url.URL{Scheme: "https", Host: "other"}))
	case func(context.Context, config.Resolver) (*url.Userinfo, error):
		field.SetZero()
	default:
		t.Fatalf("%s: change of a %T", structure.Type().Field(i).Name, value)
	}
	return structure.Type().Field(i).Name
}

func TestAFingerprintHasAnAccountAsItsReferenceAndAPasswordAsNothingThatOthersCanGuess(t *testing.T) {
	fingerprint := func(account string) string {
		text := strings.Replace(referring, "    username: secret://store/vcenter/prod#user\n    password: secret://store/vcenter/prod#password\n", account, 1)
		return readFleet(t, fleetFile(t, text)).Vcenters[0].Fingerprint()
	}
	accounts := []string{
		"    username: a\n    password: b\n", "    username: a\n    password: c\n", "    username: ab\n    password: \"b\"\n", "    username: b\n    password: a\n",
		"    username: a\n    password: secret://store/b#c\n", "    username: a\n    password: secret://store/b#d\n", "    username: a\n    passwordFile: " + filepath.FromSlash("/dev/../etc/hostname") + "\n",
	}
	seen := make(map[string]string)
	for _, account := range accounts {
		first, again := fingerprint(account), fingerprint(account)
		if first != again {
			t.Errorf("read again, another fingerprint:\n%s", account)
		}
		if other, twice := seen[first]; twice {
			t.Errorf("the same fingerprint:\n%s%s", other, account)
		}
		seen[first] = account
	}
}
