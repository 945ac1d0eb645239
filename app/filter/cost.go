package filter

import (
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// bounded are calls that take a time in proportion to what they look at, and make nothing that is larger.
var bounded = []string{
	operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional,
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
	operators.In, operators.Index, operators.OptIndex, operators.OptSelect,
	"size", "startsWith", "endsWith", "contains", "matches", "lowerAscii", "upperAscii", "timestamp", "duration", "orValue", "hasValue",
	"int", "string", "double", "getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes", "getSeconds",
}

// programOptions counts the cost only where it can grow: counting makes an expression about twice as slow.
func programOptions(checked *ast.AST) []cel.ProgramOption {
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.CustomDecorator(watchCalls)}
	growing := ast.MatchDescendants(ast.NavigateAST(checked), func(e ast.NavigableExpr) bool {
		return e.Kind() == ast.ComprehensionKind || e.Kind() == ast.CallKind && !slices.Contains(bounded, e.AsCall().FunctionName())
	})
	if len(growing) > 0 {
		options = append(options, cel.CostTracking(growth{}), cel.CostLimit(costLimit))
	}
	return options
}

// growth lets a text or list that a function made cost what it is long, which CEL does not know of its extensions: replace in
// replace could else fill the memory. For all other calls it leaves the cost to CEL.
type growth struct{}

func (growth) CallCost(function, _ string, _ []ref.Val, result ref.Val) *uint64 {
	if slices.Contains(bounded, function) {
		return nil
	}
	var cost uint64
	switch made := result.(type) {
	case types.String:
		cost = uint64(len(made)) / 10
	case interface{ Size() ref.Val }:
		if size, isInt := made.Size().(types.Int); isInt {
			cost = uint64(max(size, 0))
		}
	default:
		return nil
	}
	cost++
	return &cost
}
