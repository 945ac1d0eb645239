package lint

import (
	"strings"
	"time"
)

var redis = []string{"pubsub.redis"}

var redisRules = []Rule{
	{
		ID: "redis-persistence", Severity: Note, Types: []string{"pubsub.redis", "state.redis"}, Source: "measured: 200 acknowledged, none left",
		each:   always("no file says whether the server writes to its disk"),
		Danger: "without appendonly yes Redis acknowledges what a crash takes away",
		Remedy: "see that `redis-cli config get appendonly` says yes",
	},
	{
		ID: "redis-processing-timeout", Severity: Error, Types: redis, Source: "components-contrib, pubsub/redis",
		each:   shorterThanTries("processingTimeout", "60000", time.Millisecond),
		Danger: "the tries are broken off, and the event goes to another sidecar at the same time",
		Remedy: "set it to more, in milliseconds",
	},
	{
		ID: "redis-redelivery", Severity: Error, Types: redis, Source: "components-contrib, pubsub/redis",
		each:   anyOf(when("processingTimeout", "60000", isZero), when("redeliverInterval", "15000", isZero)),
		Danger: "what a killed sidecar held is never delivered again",
		Remedy: "leave it out, or give milliseconds",
	},
	{
		ID: "redis-redeliver-unit", Severity: Warning, Types: redis, Source: "dapr/docs#5326",
		each:   when("redeliverInterval", "15000", hasUnit),
		Danger: "only bare milliseconds are read, and 15 s is taken in its place without a word",
		Remedy: "give milliseconds, e.g. \"15000\"",
	},
	{
		ID: "redis-trimmed", Severity: Warning, Types: redis, Source: "components-contrib, pubsub/redis",
		each:   anyOf(when("maxLenApprox", "0", isNonZero), when("streamTTL", "0", isNonZero)),
		Danger: "old events are thrown away, read or not, when a function rests for long",
		Remedy: "leave it out and watch the server's memory, or be sure that it is more than the longest outage",
	},
}

func isZero(v value) bool {
	d, ok := v.duration(time.Millisecond)
	return ok && d == 0
}

func isNonZero(v value) bool { return v.text != "" && !isZero(v) }

func hasUnit(v value) bool {
	_, number := v.number()
	return !number && strings.TrimSpace(v.text) != ""
}
