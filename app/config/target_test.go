package config_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
)

func TestATargetIsATopicOrABindingWithItsMetadata(t *testing.T) {
	for text, want := range map[string]config.Target{
		"pubsub://events/vcenter": {Kind: config.PubSub, Component: "events", Topic: "vcenter"},
		"binding://functions?operation=create": {
			Kind: config.Binding, Component: "functions", Operation: "create",
		},
		"binding://gateway?operation=post&path=%2Ffunction%2Fvm-tag": {
			Kind: config.Binding, Component: "gateway", Operation: "post", Metadata: map[string]string{"path": "/function/vm-tag"},
		},
		"binding://archive?operation=create&key=%7Bvcname%7D%2F%7Bdate%7D%2F%7Bid%7D.json&storageClass=GLACIER": {
			Kind: config.Binding, Component: "archive", Operation: "create",
			Metadata: map[string]string{"key": "{vcname}/{date}/{id}.json", "storageClass": "GLACIER"},
		},
	} {
		environ(t, map[string]string{"VCRELAY_TARGET": text})
		got := read(t).Routes[0].Target
		if got.Kind != want.Kind || got.Component != want.Component || got.Topic != want.Topic || got.Operation != want.Operation ||
			!maps.Equal(got.Metadata, want.Metadata) {
			t.Errorf("%s is %+v, want %+v", text, got, want)
		}
		if got.String() != text {
			t.Errorf("%s is written as %s", text, got)
		}
	}
}

func TestABindingMayBeWrittenAsPeopleDo(t *testing.T) {
	environ(t, map[string]string{
		"VCRELAY_TARGET": "binding://archive?key={date}/{id}.json", "VCRELAY_DEADLETTER": "pubsub://events/refused", "VCRELAY_MODE": "binary",
	})
	settings := read(t)
	if got := settings.Routes[0].Target; got.Operation != "create" || got.Metadata["key"] != "{date}/{id}.json" {
		t.Errorf("%+v", got)
	}
	if settings.Routes[0].DeadLetter.String() != "pubsub://events/refused" || !settings.Routes[0].Binary {
		t.Errorf("dead letters go to %s, binary is %v", settings.Routes[0].DeadLetter, settings.Routes[0].Binary)
	}
}

func TestATargetThatCannotWorkIsAFaultWithARemedy(t *testing.T) {
	for text, remedy := range map[string]string{
		"kafka://events":      "pubsub://events/vcenter",
		"events":              "binding://<component>",
		"pubsub://events":     "one component and one topic",
		"pubsub://events/a/b": "one component and one topic",
		"pubsub://events/vcenter?operation=create": "one component and one topic",
		"binding://":                                      "one component",
		"binding:gateway":                                 "one component",
		"binding://gateway/function":                      "no path",
		"binding://user:" + "S3cr3t@gateway":              "no password",
		"pubsub://user:" + "S3cr3t@events/vcenter":        "no password",
		"binding://user:" + "S3cr3t%zz@gateway":           "no password",
		"binding://gateway#x":                             "no path",
		"binding://gateway?operation=get":                 "use create, or post",
		"binding://gateway?operation=delete":              "use create, or post",
		"binding://gateway?operation=":                    "one value for operation",
		"binding://gateway?path=/a&path=/b":               "one value for path",
		"binding://gateway?path=%zz":                      "cannot be read",
		"binding://gateway?path=/function/{name}":         "cannot have fields",
		"binding://gateway?Path=/function/{name}":         "cannot have fields",
		"binding://archive?key={nmae}":                    "{id}",
		"binding://gateway?errorIfNot2XX=false":           "leave it out",
		"binding://gateway?Ce-Id=1":                       "VCRELAY_MODE",
		"binding://gateway?contentType=text/plain":        "VCRELAY_MODE",
		"binding://gateway?Authorization=Bearer+S3cr3t":   "securityToken",
		"binding://archive?filePath=/etc/passwd":          "leave it out",
		"binding://events?__key={id}":                     "use partitionKey",
		"binding://gateway?operation=post&operation=post": "one value for operation",
	} {
		environ(t, map[string]string{"VCRELAY_TARGET": text})
		if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], "VCRELAY_TARGET: ") || !strings.Contains(got[0], remedy) {
			t.Errorf("%s: %q, want %q", text, got, remedy)
		}
	}
}

func TestSettingsThatDoNotGoTogetherAreAFault(t *testing.T) {
	for name, check := range map[string]struct {
		settings map[string]string
		variable string
		remedy   string
	}{
		"a topic in binary mode": {map[string]string{"VCRELAY_MODE": "binary"}, "VCRELAY_MODE", "structured"},
		"an unknown mode":        {map[string]string{"VCRELAY_MODE": "batched"}, "VCRELAY_MODE", "structured, binary"},
		"dead letters to where they come from": {
			map[string]string{"VCRELAY_TARGET": "binding://gateway", "VCRELAY_DEADLETTER": "binding://gateway?operation=create"}, "VCRELAY_DEADLETTER", "another topic or binding",
		},
		"no place for dead letters": {
			map[string]string{"VCRELAY_TARGET": "binding://gateway", "VCRELAY_DEADLETTER": "nowhere"}, "VCRELAY_DEADLETTER", "pubsub://",
		},
	} {
		t.Run(name, func(t *testing.T) {
			environ(t, check.settings)
			if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], check.variable+": ") || !strings.Contains(got[0], check.remedy) {
				t.Errorf("%q", got)
			}
		})
	}
}
