package filter

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"

	"github.com/vcrelay/vcrelay/app/event"
)

// costLimit ends an expression that takes much more steps than any sensible one: a comprehension over a list of a thousand
// takes some ten thousand. It is in CEL's own unit, about one operation or ten characters.
const costLimit = 100_000

// longest expression, in characters.
const longest = 10_000

// CEL makes a filter of an expression in the Common Expression Language (https://cel.dev), of type bool. It knows the
// attributes of the CloudEvent by name (time as timestamp; late and truncated as bool, false where the event has none), its
// JSON as data, and both under event as well, as the rules of Dapr's subscriptions have them. Beside CEL's own functions it
// has those of the strings extension and optional values.
//
// Faults are reported with the place and a remedy, one a line.
func CEL(expression string) (*Filter, error) {
	environment, err := celEnvironment()
	if err != nil {
		return nil, err
	}
	checked, err := compile(environment, expression)
	if err != nil {
		return nil, err
	}
	program, err := environment.Program(checked, programOptions(checked.NativeRep())...)
	if err != nil {
		return nil, fmt.Errorf("plan expression %q: %w", expression, err)
	}
	return &Filter{
		judges: []judge{&celJudge{expression: expression, program: program, wanted: wantedOf(checked.NativeRep())}},
		names:  namesOf(checked.NativeRep().Expr(), true),
	}, nil
}

func compile(environment *cel.Env, expression string) (*cel.Ast, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, errors.New(`the expression is empty: leave it out to take every event, or write one such as subject == "VmPoweredOnEvent"`)
	}
	checked, issues := environment.Compile(expression)
	if issues.Err() != nil {
		return nil, explain(expression, issues.Errors())
	}
	if faults := usesOfEvent(checked); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if kind := checked.OutputType(); kind != types.BoolType {
		return nil, fmt.Errorf("the expression is of type %s and has to be true or false: compare it with something, as in data.template == true", kind)
	}
	return checked, nil
}

// celEnvironment is the same for every expression.
var celEnvironment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.Variable("data", cel.DynType),
		cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)), // for has(event.severity)
		cel.Variable("event.data", cel.DynType),
		ext.Strings(),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(longest),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals()),
	}
	for _, name := range event.AttributeNames() {
		options = append(options, cel.Variable(name, typeOf(name)), cel.Variable("event."+name, typeOf(name)))
	}
	return cel.NewEnv(options...)
})

func typeOf(attribute string) *cel.Type {
	switch attribute {
	case "time":
		return cel.TimestampType
	case "late", "truncated":
		return cel.BoolType
	default:
		return cel.StringType
	}
}
