package lint

import "gopkg.in/yaml.v3"

func laterPolicies(s *set) []hit {
	var hits []hit
	for i := range s.policies {
		if p := &s.policies[i]; !p.first {
			hits = append(hits, hit{at: p.at("kind"), what: "Resiliency " + p.text("metadata", "name") + " is not the first document of its file"})
		}
	}
	return hits
}

func unknownTargets(s *set) []hit {
	if len(s.components) == 0 {
		return nil
	}
	var hits []hit
	for i := range s.policies {
		p := &s.policies[i]
		for _, name := range keys(p.under("spec", "targets", "components")) {
			if s.find(name) == nil {
				hits = append(hits, hit{at: p.at("spec", "targets", "components", name), what: "there is no component " + name})
			}
		}
	}
	return hits
}

func unknownPolicies(s *set, c *component) []hit {
	var hits []hit
	in := s.inbound(c.name)
	for _, named := range []struct{ list, key, name string }{{"retries", "retry", in.retry}, {"timeouts", "timeout", in.timeout}} {
		if named.name != "" && in.policy.under("spec", "policies", named.list, named.name) == nil {
			hits = append(hits, hit{
				at:   in.policy.at("spec", "targets", "components", c.name, "inbound", named.key),
				what: "there is no " + named.name + " among the " + named.list,
			})
		}
	}
	return hits
}

func endlessRetries(s *set, c *component) []hit {
	in := s.inbound(c.name)
	if _, ends := in.retries(); !isPubSub(c) || ends || in.policy.under("spec", "policies", "retries", in.retry) == nil {
		return nil
	}
	return []hit{{at: in.policy.at("spec", "policies", "retries", in.retry, "maxRetries"), what: "retry " + in.retry + " has no end"}}
}

func noTimeout(s *set, c *component) []hit {
	in := s.inbound(c.name)
	if !isPubSub(c) || in.policy == nil || in.timeout != "" {
		return nil
	}
	return []hit{{at: in.policy.at("spec", "targets", "components", c.name, "inbound"), what: "no inbound timeout for " + c.name}}
}

// keys are those of a mapping.
func keys(node *yaml.Node) []string {
	var names []string
	if node != nil && node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			names = append(names, node.Content[i].Value)
		}
	}
	return names
}
