package filter

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// wantedOf are the members of data that an expression selects, so that the others need not be made. It is nil when data is used
// in any other way.
func wantedOf(checked *ast.AST) map[string]bool {
	wanted := make(map[string]bool)
	for _, use := range ast.MatchDescendants(ast.NavigateAST(checked), isData) {
		member, selected := memberOf(use)
		if !selected {
			return nil
		}
		wanted[member] = true
	}
	return wanted
}

func isData(e ast.NavigableExpr) bool {
	if e.Kind() != ast.IdentKind {
		return false
	}
	switch e.AsIdent() {
	case "data", ".data", "event.data", ".event.data":
		return true
	default:
		return false
	}
}

// memberOf is what is selected of data: data.vm, has(data.vm), data.?vm, data["vm"].
func memberOf(data ast.NavigableExpr) (member string, selected bool) {
	parent, hasParent := data.Parent()
	if !hasParent {
		return "", false
	}
	switch parent.Kind() {
	case ast.SelectKind:
		return parent.AsSelect().FieldName(), true
	case ast.CallKind:
		call := parent.AsCall()
		switch call.FunctionName() {
		case operators.OptSelect, operators.Index, operators.OptIndex:
			return constantMember(data, call.Args())
		}
	default:
	}
	return "", false
}

// constantMember is that of data["vm"], and none of vms[data].
func constantMember(data ast.Expr, args []ast.Expr) (member string, found bool) {
	if len(args) != 2 || args[0].ID() != data.ID() || args[1].Kind() != ast.LiteralKind {
		return "", false
	}
	text, isText := args[1].AsLiteral().(types.String)
	return string(text), isText
}
