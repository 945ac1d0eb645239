package config

import (
	"fmt"
	"strings"
)

// Faults is everything that is wrong with a configuration, one line each.
type Faults []string

func (f Faults) Error() string { return strings.Join(f, "\n") }

func (f *Faults) add(variable, format string, args ...any) {
	*f = append(*f, variable+": "+fmt.Sprintf(format, args...))
}

// check takes the value through when err is nil, and adds a fault otherwise.
func check[T any](f *Faults, variable string) func(T, error) T {
	return func(value T, err error) T {
		if err != nil {
			f.add(variable, "%s", err)
		}
		return value
	}
}
