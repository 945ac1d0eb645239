package filter

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/vcrelay/vcrelay/app/event"
)

// namesOf are the event names for which the expression may be something else than !want: true or an error for want = true.
// It holds on to what CEL guarantees, that false decides `&&`, and true `||`, whatever errors the rest has. Of what it does
// not know it takes all names.
func namesOf(e ast.Expr, want bool) names {
	switch e.Kind() {
	case ast.LiteralKind:
		if e.AsLiteral() == types.Bool(!want) {
			return only()
		}
	case ast.CallKind:
		return namesOfCall(e.AsCall(), want)
	default:
	}
	return names{}
}

func namesOfCall(call ast.CallExpr, want bool) names {
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalNot:
		return namesOf(args[0], !want)
	case operators.LogicalAnd:
		return combine(args, want, want)
	case operators.LogicalOr:
		return combine(args, want, !want)
	case operators.Equals:
		if want {
			return namesOfEqual(args[0], args[1]).and(namesOfEqual(args[1], args[0]))
		}
	case operators.NotEquals:
		if !want {
			return namesOfEqual(args[0], args[1]).and(namesOfEqual(args[1], args[0]))
		}
	case operators.In:
		if want && args[1].Kind() == ast.ListKind {
			return namesOfEqual(args[0], args[1].AsList().Elements()...)
		}
	}
	return names{}
}

// combine joins the arguments of && and ||: each of them has to be what is wanted, or one.
func combine(args []ast.Expr, want, each bool) names {
	all := namesOf(args[0], want)
	for _, arg := range args[1:] {
		if each {
			all = all.and(namesOf(arg, want))
		} else {
			all = all.or(namesOf(arg, want))
		}
	}
	return all
}

// namesOfEqual are the names for which the variable may equal one of the texts.
func namesOfEqual(variable ast.Expr, texts ...ast.Expr) names {
	if variable.Kind() != ast.IdentKind {
		return names{}
	}
	list := make([]string, 0, len(texts))
	for _, e := range texts {
		if e.Kind() != ast.LiteralKind {
			return names{}
		}
		text, isText := e.AsLiteral().(types.String)
		if !isText {
			return names{}
		}
		name, known := nameIn(variable.AsIdent(), string(text))
		if !known {
			return names{}
		}
		list = append(list, name)
	}
	return only(list...)
}

// nameIn is the event name that an attribute's value belongs to. A type that is not made of a name may be that of another
// layout, in which many events have the same one.
func nameIn(attribute, value string) (name string, known bool) {
	switch attribute {
	case "subject", "event.subject", ".subject", ".event.subject":
		return value, true
	case "type", "event.type", ".type", ".event.type":
		return event.NameOfType(value)
	default:
		return "", false
	}
}
