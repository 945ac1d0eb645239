package lint

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

var jetstreamQuestions = []Question{
	{
		Rule: Rule{
			ID: "jetstream-one-stream", Severity: Error, Types: jetstream, Source: "measured: 5 of 5 dead letters swallowed",
			Danger: "a dead letter keeps its id, which JetStream drops on a stream that has seen it within its window",
			Remedy: "make a stream of its own for the dead letters, as tools/broker does",
		},
		ask: lettersOfAnotherStream,
	},
	{
		Rule: Rule{
			ID: "jetstream-no-stream", Severity: Error, Types: jetstream, Source: "measured",
			Danger: "nothing can be published there", Remedy: "make one, as tools/broker does",
		},
		ask: topicsWithoutStream,
	},
	{
		Rule: Rule{
			ID: "jetstream-stream-in-memory", Severity: Error, Types: jetstream, Source: "NATS documentation",
			Danger: "its events are gone when the server ends", Remedy: "make it with the storage file",
		},
		ask: streamsInMemory,
	},
	{
		Rule: Rule{
			ID: "jetstream-window", Severity: Warning, Types: jetstream, Source: "measured",
			Danger: "JetStream drops an event with an id that it has seen for so long, also one that is replayed or sent again on purpose",
			Remedy: "set the stream's duplicate window to 2m",
		},
		ask: longWindows,
	},
}

// usualWindow is JetStream's own duplicate window.
const usualWindow = 2 * time.Minute

// stream is what is looked at of a JetStream stream ($JS.API.STREAM.LIST).
type stream struct {
	Config struct {
		Name      string        `json:"name"`
		Subjects  []string      `json:"subjects"`
		Storage   string        `json:"storage"`
		Duplicate time.Duration `json:"duplicate_window"`
	} `json:"config"`
}

// topic is one of a component, and whether it is for dead letters of another.
type topic struct{ name, lettersOf string }

// topics are those of the Subscriptions on a component, or the usual ones where there are none.
func (s *set) topics(c *component) []topic {
	var topics []topic
	add := func(one topic) {
		if one.name != "" && !slices.Contains(topics, one) {
			topics = append(topics, one)
		}
	}
	for i := range s.subscriptions {
		if sub := &s.subscriptions[i]; s.pubsub(sub) == c {
			add(topic{name: sub.text("spec", "topic")})
			add(topic{name: sub.text("spec", "deadLetterTopic"), lettersOf: sub.text("spec", "topic")})
		}
	}
	if len(topics) == 0 {
		return []topic{{name: "vcenter"}, {name: "vcenter-deadletter", lettersOf: "vcenter"}}
	}
	return topics
}

// eachStream calls look for each topic of a component, with its stream, nil where it has none, and all of them.
func (s *set) eachStream(ctx context.Context, c *component, look func(t topic, of func(name string) *stream) string) ([]hit, error) {
	streams, err := askStreams(ctx, c)
	if err != nil {
		return nil, err
	}
	of := func(name string) *stream {
		for i := range streams {
			if slices.ContainsFunc(streams[i].Config.Subjects, func(subject string) bool { return covers(subject, name) }) {
				return &streams[i]
			}
		}
		return nil
	}
	var hits []hit
	for _, t := range s.topics(c) {
		if what := look(t, of); what != "" {
			hits = append(hits, hit{at: c.value("natsURL", "").at, what: what})
		}
	}
	return hits, nil
}

func topicsWithoutStream(ctx context.Context, s *set, c *component) ([]hit, error) {
	return s.eachStream(ctx, c, func(t topic, of func(string) *stream) string {
		if of(t.name) != nil {
			return ""
		}
		return "no stream has the topic " + t.name
	})
}

func lettersOfAnotherStream(ctx context.Context, s *set, c *component) ([]hit, error) {
	return s.eachStream(ctx, c, func(t topic, of func(string) *stream) string {
		events, letters := of(t.lettersOf), of(t.name)
		if t.lettersOf == "" || letters == nil || events != letters {
			return ""
		}
		return fmt.Sprintf("stream %s has both %s and %s", letters.Config.Name, t.lettersOf, t.name)
	})
}

func streamsInMemory(ctx context.Context, s *set, c *component) ([]hit, error) {
	return s.eachStream(ctx, c, func(t topic, of func(string) *stream) string {
		if found := of(t.name); found != nil && found.Config.Storage == "memory" {
			return fmt.Sprintf("stream %s of %s is in memory", found.Config.Name, t.name)
		}
		return ""
	})
}

func longWindows(ctx context.Context, s *set, c *component) ([]hit, error) {
	return s.eachStream(ctx, c, func(t topic, of func(string) *stream) string {
		if found := of(t.name); found != nil && found.Config.Duplicate > usualWindow {
			return fmt.Sprintf("stream %s of %s has a duplicate window of %s", found.Config.Name, t.name, found.Config.Duplicate)
		}
		return ""
	})
}

// covers tells whether a subject with wildcards takes in another one.
func covers(subject, name string) bool {
	parts, tokens := strings.Split(subject, "."), strings.Split(name, ".")
	for i, part := range parts {
		switch {
		case part == ">":
			return len(tokens) > i
		case i >= len(tokens) || part != "*" && part != tokens[i]:
			return false
		}
	}
	return len(parts) == len(tokens)
}
