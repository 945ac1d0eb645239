// Package functions is the table of the functions in this binary, for `vcrelay function <name>` and `vcrelay function list`.
package functions

import (
	"io"
	"slices"
	"strings"

	"github.com/vcrelay/vcrelay/functions/echo"
	"github.com/vcrelay/vcrelay/functions/fn"
)

// Function is one entry of the table.
type Function struct {
	Name    string
	Summary string // one line, for the list
	// New reads the function's own settings from env. stdout is for functions whose result is what they print. On success the
	// caller closes the Closer, which is never nil, after its server has returned.
	New func(env fn.Env, stdout io.Writer) (fn.Handler, io.Closer, error)
}

// All returns the functions, sorted by name. The slice is the caller's.
func All() []Function {
	all := []Function{
		{Name: echo.Name, Summary: "print one line per event", New: echo.New},
	}
	slices.SortFunc(all, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Find returns the function of that name.
func Find(name string) (Function, bool) {
	all := All()
	i := slices.IndexFunc(all, func(f Function) bool { return f.Name == name })
	if i < 0 {
		return Function{}, false
	}
	return all[i], true
}
