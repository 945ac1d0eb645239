package lint

import (
	"slices"
	"strings"
)

// etagless are the state stores of components-contrib v1.18.0 that declare no ETag in Features.
var etagless = []string{
	"state.cassandra", "state.cloudflare.workerskv", "state.coherence", "state.gcp.firestore", "state.hashicorp.consul", "state.consul",
	"state.hazelcast", "state.jetstream", "state.memcached", "state.rethinkdb",
}

var stateRules = []Rule{
	{
		ID: "state-etag", Severity: Error, Types: etagless, Source: "components-contrib, Features of state/*",
		each:   always("a state store that knows no ETags"),
		Danger: "two relays overwrite each other's position, and vcrelay refuses it at its start",
		Remedy: "use SQLite on one machine, or PostgreSQL, Redis, Cosmos DB, Blob Storage, DynamoDB and the like",
	},
	{
		ID: "state-expires", Severity: Error, Types: []string{"state.redis"}, Source: "components-contrib, state/redis",
		each:   when("ttlInSeconds", "", isGiven),
		Danger: "the position expires while the relay rests, and the relay starts anew", Remedy: "leave it out",
	},
	{
		ID: "state-prefix", Severity: Warning, Source: "pkg/components/state of Dapr",
		each:   sharedKeys,
		Danger: "apps that share the store overwrite each other's keys", Remedy: "leave it out, so that keys begin with the app id",
	},
	{
		ID: "state-scope", Severity: Warning, Source: "docs/design.md",
		each:   unscopedState,
		Danger: "every function can overwrite the position of the relay", Remedy: "add `scopes: [vcrelay]`",
	},
}

func isState(c *component) bool { return strings.HasPrefix(c.brand, "state.") }

func sharedKeys(_ *set, c *component) []hit {
	if prefix := c.value("keyPrefix", "appid"); isState(c) && prefix.plain && !slices.Contains([]string{"appid", "namespace"}, strings.ToLower(prefix.text)) {
		return []hit{{at: prefix.at, what: prefix.what()}}
	}
	return nil
}

func unscopedState(_ *set, c *component) []hit {
	if isState(c) && len(c.list("scopes")) == 0 {
		return []hit{{at: c.at("kind"), what: "state store " + c.name + " has no scopes"}}
	}
	return nil
}
