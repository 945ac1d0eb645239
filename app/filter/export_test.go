package filter

import "github.com/vcrelay/vcrelay/app/event"

// Judge asks f without looking at its Names, for the proof that those leave nothing out.
func Judge(f *Filter, e *event.Event) (bool, error) { return f.judge(e) }

// Parse is how data is read, when all of it is looked at.
func Parse(data []byte) (any, error) { return parse(data, nil) }

// ParseMembers is how data is read, when these members of it are looked at.
func ParseMembers(data []byte, members ...string) (any, error) {
	wanted := make(map[string]bool)
	for _, name := range members {
		wanted[name] = true
	}
	return parse(data, wanted)
}
