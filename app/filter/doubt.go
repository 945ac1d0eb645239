package filter

import (
	"errors"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// missing is how the errors of CEL begin that mean that the event does not have a member: selected in an object, in a list
// by number, and in a list by name. They have no type that others can see.
var missing = []string{"no such key: ", "index out of bounds: ", "unsupported index type ", errMissing.Error()}

func isMissing(err error) bool {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	for _, start := range missing {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

// watchCalls has every call of a function note its own errors. An expression shows only its first one: in
// `data.vm.name == "a" || data.count > "b"` the missing vm would hide that the rest cannot be judged, and the event were lost
// in silence.
func watchCalls(i interpreter.Interpretable) (interpreter.Interpretable, error) {
	call, isCall := i.(interpreter.InterpretableCall)
	if !isCall {
		return i, nil
	}
	if call.Function() != interpreter.MatchesRegexOptimization.Function {
		return watched{call}, nil
	}
	compiled, err := compileRegex(call)
	return watchedRegex{watched{compiled}}, err
}

// compileRegex does what CEL's own optimization does, which would undo the watching.
func compileRegex(call interpreter.InterpretableCall) (interpreter.InterpretableCall, error) {
	if args := call.Args(); len(args) == 2 {
		if constant, isConstant := args[1].(interpreter.InterpretableConst); isConstant {
			if pattern, isText := constant.Value().(types.String); isText {
				return interpreter.MatchesRegexOptimization.Factory(call, string(pattern))
			}
		}
	}
	return call, nil
}

type watched struct{ interpreter.InterpretableCall }

func (w watched) Eval(variables interpreter.Activation) ref.Val {
	value := w.InterpretableCall.Eval(variables)
	if err, isError := value.(*types.Err); isError && !isMissing(err) {
		if s := sightIn(variables); s != nil {
			s.note(err)
		}
	}
	return value
}

// sightIn finds the sight behind the variables of comprehensions.
func sightIn(variables interpreter.Activation) *sight {
	for variables != nil {
		if s, found := variables.(*sight); found {
			return s
		}
		variables = variables.Parent()
	}
	return nil
}

// watchedRegex hides its function's name from the optimization.
type watchedRegex struct{ watched }

func (watchedRegex) Function() string { return "matches, compiled" }
