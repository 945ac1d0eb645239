package lint

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

var generalRules = []Rule{
	{
		ID: "duplicate-component", Severity: Error, Source: "measured",
		all:    sameNames,
		Danger: "a sidecar that reads both does not start", Remedy: "give the folders of one backend at a time",
	},
	{
		ID: "duplicate-setting", Severity: Warning, Source: "pkg/runtime/meta of Dapr",
		each:   sameSettings,
		Danger: "only the last one counts", Remedy: "keep one of them",
	},
	{
		ID: "ignore-errors", Severity: Error, Source: "measured",
		each:   ignoresErrors,
		Danger: "the sidecar starts without the component when the broker is away, and never gets it back, while it stays healthy",
		Remedy: "leave it out; whatever starts the sidecar starts it again",
	},
	{
		ID: "ignored-resource", Severity: Error, Source: "pkg/internal/loader/disk of Dapr",
		all:    ignored,
		Danger: "a sidecar passes over it without a word", Remedy: "write Component and Resiliency with dapr.io/v1alpha1, Subscription with dapr.io/v2alpha1",
	},
	{
		ID: "in-memory", Severity: Error, Types: []string{"pubsub.in-memory", "state.in-memory"}, Source: "measured",
		each:   always("a component that lives in its own sidecar"),
		Danger: "nobody else sees what is in it, and nothing survives the sidecar", Remedy: "use one of the folders of components/",
	},
	{
		ID: "new-consumer", Severity: Error, Source: "pkg/runtime/meta of Dapr",
		each:   newConsumers,
		Danger: "each start makes a consumer that is new, and what was published in between is delivered to none, or all of it again",
		Remedy: `set it to "{appID}"`,
	},
	{
		ID: "plain-secret", Severity: Warning, Source: "SECURITY.md",
		each:   plainSecrets,
		Danger: "whoever sees the file has it", Remedy: "put it into a secret store, and secretKeyRef in place of value",
	},
	{
		ID: "shared-consumer", Severity: Error, Source: "measured",
		each:   sharedConsumers,
		Danger: "apps that share a consumer are given its events in turn, so each function misses some",
		Remedy: `set it to "{appID}", or scope the component to one app`,
	},
	{
		ID: "unknown-setting", Severity: Error, Source: "metadata.yaml of each component",
		each:   unknownSettings,
		Danger: "the component passes over it without a word", Remedy: "leave it out",
	},
}

func sameNames(s *set) []hit {
	var hits []hit
	seen := make(map[string]*component)
	for _, c := range s.components {
		if before := seen[c.name]; before != nil {
			at := before.at("metadata", "name")
			hits = append(hits, hit{at: c.at("metadata", "name"), what: fmt.Sprintf("a component %s is in %s:%d as well", c.name, at.file, at.line)})
			continue
		}
		seen[c.name] = c
	}
	return hits
}

func sameSettings(_ *set, c *component) []hit {
	var hits []hit
	for i, one := range c.settings {
		if slices.ContainsFunc(c.settings[:i], func(s setting) bool { return strings.EqualFold(s.name, one.name) }) {
			hits = append(hits, hit{at: one.at, what: one.name + " is set twice"})
		}
	}
	return hits
}

func ignoresErrors(_ *set, c *component) []hit {
	if c.text("spec", "ignoreErrors") != "true" {
		return nil
	}
	return []hit{{at: c.at("spec", "ignoreErrors"), what: "ignoreErrors is true"}}
}

func ignored(s *set) []hit {
	var hits []hit
	for i := range s.others {
		r := &s.others[i]
		if kind := r.text("kind"); slices.Contains([]string{"component", "subscription", "resiliency"}, strings.ToLower(kind)) {
			hits = append(hits, hit{at: r.at("kind"), what: fmt.Sprintf("kind %s with apiVersion %q", kind, r.text("apiVersion"))})
		}
	}
	return hits
}

// consumerKeys are what names those who share events. MQTT has its own rule: there it is the name of one client.
var consumerKeys = []string{"consumerID", "consumerGroup", "durableName", "queueGroupName"}

func consumers(c *component, bad func(value) bool) []hit {
	var hits []hit
	if !isPubSub(c) || slices.Contains(mqtt, c.brand) {
		return nil
	}
	for _, key := range consumerKeys {
		if v := c.value(key, "{appID}"); v.set && v.plain && v.text != "" && bad(v) {
			hits = append(hits, hit{at: v.at, what: v.what()})
		}
	}
	return hits
}

func newConsumers(_ *set, c *component) []hit {
	return consumers(c, func(v value) bool { return strings.Contains(v.text, "{uuid}") || strings.Contains(v.text, "{podName}") })
}

func sharedConsumers(_ *set, c *component) []hit {
	if len(c.list("scopes")) == 1 {
		return nil
	}
	return consumers(c, func(v value) bool { return !strings.Contains(v.text, "{") })
}

// secretKeys are settings that hold nothing but a secret, in small letters.
var secretKeys = strings.Fields(`accesskey accountkey awssecretkey azureclientsecret azurecertificatepassword clientkey jwt masterkey
	mtlsclientkey oauth2clientsecret oidcclientassertionkey oidcclientsecret password primaryencryptionkey privatekey redispassword saslpassword
	schemaregistryapisecret secretkey securitytoken seedkey sentinelpassword sessiontoken storageaccountkey tls_client_key token`)

func plainSecrets(_ *set, c *component) []hit {
	var hits []hit
	for _, s := range c.settings {
		if s.plain && s.value != "" && (slices.Contains(secretKeys, strings.ToLower(s.name)) || hasSecret(s.value)) {
			hits = append(hits, hit{at: s.at, what: s.name + " is a secret in plain text"}) // and stays unsaid
		}
	}
	return hits
}

// hasSecret is true for an address or a connection string with a password, unless it is of this machine.
func hasSecret(text string) bool {
	lower := strings.ToLower(text)
	if strings.Contains(lower, "127.0.0.1") || strings.Contains(lower, "localhost") {
		return false
	}
	if parsed, err := url.Parse(text); err == nil && parsed.User != nil {
		_, set := parsed.User.Password()
		return set
	}
	return slices.ContainsFunc([]string{"password=", "sharedaccesskey=", "accountkey="}, func(word string) bool { return strings.Contains(lower, word) })
}

func unknownSettings(_ *set, c *component) []hit {
	keys := known[c.brand]
	var hits []hit
	for _, s := range c.settings {
		if keys == nil || slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, s.name) }) || isTopicSchema(c, s.name) {
			continue
		}
		hits = append(hits, hit{at: mark{s.at.file, s.at.line}, what: fmt.Sprintf("a %s has no setting %s", c.brand, s.name), remedy: meant(s.name, keys)})
	}
	return hits
}

// isTopicSchema is true for the settings of Pulsar that begin with a topic.
func isTopicSchema(c *component, name string) bool {
	return slices.Contains(pulsar, c.brand) && strings.HasSuffix(name, "schema") && strings.Contains(name, ".")
}

// meant is the remedy for a name that is much like one of the keys.
func meant(name string, keys []string) string {
	const typos = 3
	best, least := "", typos+1
	for _, key := range keys {
		if d := levenshtein.ComputeDistance(strings.ToLower(key), strings.ToLower(name)); d < least {
			best, least = key, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}
