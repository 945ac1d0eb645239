package config

import (
	"fmt"
	"strconv"
)

// amount is what a number of a kind may be.
type amount struct {
	least, most int    // most 0: any
	none        bool   // 0 says that there is no limit
	remedy      string // begins with what a faulty number is not
}

const (
	leastBytes = 4096   // room for what says which event it is
	mostWindow = 10_000 // one event in the window takes about 400 bytes of memory, beside its data
)

var amounts = map[string]amount{
	"bytes":  {least: leastBytes, none: true, remedy: fmt.Sprintf("is no number of bytes; use one of at least %d, or 0 for no limit", leastBytes)},
	"window": {least: 1, most: mostWindow, remedy: fmt.Sprintf("is no number of events; use one from 1 to %d, e.g. 200", mostWindow)},
}

func parseAmount(kind, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		n = -1
	}
	return checkAmount(kind, n, text)
}

func checkAmount(kind string, n int, text string) (int, error) {
	a := amounts[kind]
	if n == 0 && a.none || n >= a.least && (a.most == 0 || n <= a.most) {
		return n, nil
	}
	return 0, fmt.Errorf("%q %s", text, a.remedy)
}

// schema is what JSON Schema says of it.
func (a amount) schema() []map[string]int {
	limits := map[string]int{"minimum": a.least}
	if a.most > 0 {
		limits["maximum"] = a.most
	}
	if a.none {
		return []map[string]int{{"const": 0}, limits}
	}
	return []map[string]int{limits}
}
