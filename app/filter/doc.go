// Package filter says which events a route takes: by an expression in CEL ([CEL]), or by a pattern as AWS EventBridge has
// them ([Pattern]). Both see the CloudEvent as it is published.
//
// # What matches
//
// Announcements of the relay always match: who misses them does not know that events are missing.
//
// What asks for a member that the event does not have does not match: `data.vm.name == "a"` does not match an event without
// a vm, nor does `data.vm.name != "a"`. `has(data.vm)` asks whether there is one.
//
// An event that cannot be judged matches, with an error that says why: it is delivered in doubt, never lost in silence. So it
// is when its data is no JSON, when an expression compares a number with a text, or costs too much.
//
// # What is pushed down
//
// [Filter.Names] says which event names can match at all, so that vCenter need not send the others. It may say too many and
// never too few.
package filter
