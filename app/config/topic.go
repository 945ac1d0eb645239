package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// TopicFields are what a topic may hold in braces: instance uuid and name of the vCenter, name, class and severity of the
// event, the type of its entity, and its name in the form vm.powered.on.
func TopicFields() []string {
	return []string{"vcenter", "vcname", "name", "class", "severity", "entitytype", "dotted"}
}

// readTarget parses a target whose topic may be a template.
func readTarget(text string) (Target, error) {
	target, err := parseTarget(text)
	if err != nil {
		return Target{}, err
	}
	return target, checkTopic(target.Topic)
}

var topicField = regexp.MustCompile(`\{([^{}]*)\}`)

func checkTopic(topic string) error {
	known := TopicFields()
	list := "{" + strings.Join(known, "} {") + "}"
	for _, found := range topicField.FindAllStringSubmatch(topic, -1) {
		if slices.Contains(known, found[1]) {
			continue
		}
		if near := nearest(found[1], known); near != "" {
			return fmt.Errorf("no event has a field %s; did you mean {%s}? There are %s", found[0], near, list)
		}
		return fmt.Errorf("no event has a field %s; use %s", found[0], list)
	}
	if strings.ContainsAny(topicField.ReplaceAllString(topic, ""), "{}") {
		return fmt.Errorf("a brace that is alone in %q; a field is one of %s", topic, list)
	}
	return nil
}
