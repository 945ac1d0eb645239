package filter

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"

	"github.com/vcrelay/vcrelay/app/event"
)

// celJudge evaluates an expression.
type celJudge struct {
	expression string
	program    cel.Program
	wanted     map[string]bool
	sight      sight
}

func (j *celJudge) match(e *event.Event) (bool, error) {
	j.sight = sight{event: e, wanted: j.wanted}
	result, _, err := j.program.Eval(&j.sight)
	j.sight.event, j.sight.data = nil, nil
	switch {
	case err == nil:
		return result == types.True, nil
	case j.sight.doubt == nil && isMissing(err):
		return false, nil
	case j.sight.doubt != nil:
		err = j.sight.doubt
	}
	return true, fmt.Errorf("evaluate %q on event %s: %w", j.expression, e.ID(), err)
}
