package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/vcrelay/vcrelay/app/event"
)

// TargetKind is what takes events. It is the scheme of a target.
type TargetKind string

// The kinds of targets.
const (
	PubSub  TargetKind = "pubsub"  // a topic of a Dapr pub/sub component
	Binding TargetKind = "binding" // a Dapr output binding
)

// Target is where events go.
type Target struct {
	Kind      TargetKind
	Component string
	Topic     string            // of a pub/sub component
	Operation string            // of a binding
	Metadata  map[string]string // of each call of a binding; the values may have the fields of event.Expand
}

// String is the target as it is configured, the pairs of a binding in their order.
func (t Target) String() string {
	if t.Kind != Binding {
		return string(t.Kind) + "://" + t.Component + "/" + t.Topic
	}
	text := string(t.Kind) + "://" + t.Component + "?operation=" + url.QueryEscape(t.Operation)
	pairs := make(url.Values, len(t.Metadata))
	for key, value := range t.Metadata {
		pairs.Set(key, value)
	}
	if len(pairs) > 0 {
		text += "&" + pairs.Encode()
	}
	return text
}

const (
	topicForm   = "pubsub://<component>/<topic>, e.g. pubsub://events/vcenter"
	bindingForm = "binding://<component>?operation=<operation>, e.g. binding://functions?operation=post&path=/function/vm-tag"
)

func parseTarget(text string) (Target, error) {
	parsed, err := url.Parse(text)
	if err == nil && parsed.User != nil || err != nil && strings.Contains(text, "@") {
		return Target{}, errors.New("a target has no account and no password; put them into the component, from a secret")
	}
	if err != nil {
		return Target{}, fmt.Errorf("%q is no target; use %s, or %s", text, topicForm, bindingForm)
	}
	switch TargetKind(parsed.Scheme) {
	case PubSub:
		return parseTopic(text, parsed)
	case Binding:
		return parseBinding(text, parsed)
	default:
		return Target{}, fmt.Errorf("%q is no target; use %s, or %s", text, topicForm, bindingForm)
	}
}

func parseTopic(text string, parsed *url.URL) (Target, error) {
	target := Target{Kind: PubSub, Component: parsed.Host, Topic: strings.TrimPrefix(parsed.Path, "/")}
	if target.Component == "" || target.Topic == "" || strings.Contains(target.Topic, "/") || target.String() != text {
		return Target{}, fmt.Errorf("%q needs one component and one topic: %s", text, topicForm)
	}
	return target, nil
}

func parseBinding(text string, parsed *url.URL) (Target, error) {
	if bare := (url.URL{Scheme: parsed.Scheme, Host: parsed.Host}); parsed.Host == "" || strings.SplitN(text, "?", 2)[0] != bare.String() {
		return Target{}, fmt.Errorf("%q needs one component and no path: %s", text, bindingForm)
	}
	pairs, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return Target{}, fmt.Errorf("%q has pairs that cannot be read (%w): %s", text, err, bindingForm)
	}
	target := Target{Kind: Binding, Component: parsed.Host, Operation: "create", Metadata: make(map[string]string)}
	for key, values := range pairs {
		if len(values) != 1 || values[0] == "" {
			return Target{}, fmt.Errorf("%q needs one value for %s", text, key)
		}
		if key == "operation" {
			target.Operation = values[0]
			continue
		}
		if err := checkPair(key, values[0]); err != nil {
			return Target{}, err
		}
		target.Metadata[key] = values[0]
	}
	return target, checkOperation(target.Operation)
}

// noStore are operations that succeed without an event being stored anywhere.
var noStore = []string{"get", "head", "delete", "options", "trace", "list", "query", "presign", "bulkGet", "bulkDelete"}

func checkOperation(operation string) error {
	if slices.Contains(noStore, operation) {
		return fmt.Errorf("the operation %q stores no event; use create, or post for an HTTP function", operation)
	}
	return nil
}

// ours is metadata that a target may not set, and why.
var ours = map[string]string{
	"errorIfNot2XX": "an event that a function fails would be lost; leave it out",
	"filePath":      "that file would be stored in place of the event; leave it out",
	"__key":         "it and partitionKey take turns at random; use partitionKey",
	"Authorization": "a target shows in logs and metrics; put it into the component, as securityToken and securityTokenHeader from a secret",
	"Cookie":        "a target shows in logs and metrics; put a credential into the component, as securityToken and securityTokenHeader from a secret",
}

func checkPair(key, value string) error {
	lower := strings.ToLower(key)
	for name, why := range ours {
		if strings.EqualFold(name, key) {
			return fmt.Errorf("%s cannot be set: %s", key, why)
		}
	}
	if strings.HasPrefix(lower, "ce-") || strings.HasPrefix(lower, "ce_") || lower == "content-type" || lower == "contenttype" {
		return fmt.Errorf("%s cannot be set: it is what the event says of itself; VCRELAY_MODE chooses how", key)
	}
	if lower == "path" && strings.ContainsAny(value, "{}") {
		return fmt.Errorf("the path %q cannot have fields: what is in an event must not decide on the function that is called", value)
	}
	return event.CheckFields(value)
}

func parseDeadLetter(text string) (Target, error) {
	if text == "" {
		return Target{}, nil
	}
	return readTarget(text)
}

func parseMode(text string) (bool, error) {
	switch text {
	case "structured", "binary":
		return text == "binary", nil
	default:
		return false, fmt.Errorf("%q is none of structured, binary", text)
	}
}

// checkTogether finds what each setting allows and both do not.
func (f *Faults) checkTogether(d *Defaults) {
	if d.Target.Kind == PubSub && d.Binary {
		f.add("VCRELAY_MODE", "binary is for bindings; a pub/sub component takes structured events")
	}
	if d.Target.Kind != "" && d.DeadLetter.String() == d.Target.String() {
		f.add("VCRELAY_DEADLETTER", "%s is VCRELAY_TARGET itself, which would refuse the event again; use another topic or binding", d.DeadLetter)
	}
}
