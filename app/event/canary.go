package event

import (
	"strconv"
	"time"
)

// KindCanary is the kind of a message that shows whether the way to a target is open. It is no announcement about a history, and
// goes to a topic of its own.
const KindCanary Kind = "canary"

// Canary makes the nth canary of a relay, which sender names. Its id is <sender>-canary-<n>, so that no broker takes it for one
// that it has seen.
func Canary(sender string, n int, at time.Time) Event {
	return Event{
		Origin: &Origin{InstanceUUID: sender, Source: "urn:vcrelay:" + sender}, Created: at, Class: string(KindCanary), kind: KindCanary,
		Severity: KindCanary.severity(), Data: []byte(`{"n":` + strconv.Itoa(n) + `}`),
		announcement: sender + "-canary-" + strconv.Itoa(n),
	}
}
