package vcsim

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// RunWorkload runs the live workload alone, without a server.
func (s *Server) RunWorkload(ctx context.Context) error { return s.workload.run(ctx) }

// Kinds lists the kinds of events that the workload knows.
func Kinds() []string { return recipeNames() }

// Calls is the number of calls that the live sessions have made, those under way included.
func (s *Server) Calls() int {
	calls := 0
	for _, session := range s.sessions.active() {
		calls += int(session.CallCount)
	}
	return calls
}

// FaultKinds lists the kinds of faults.
func FaultKinds() []string { return kindNames() }

// PostMany is POST /control/events.
func (s *Server) PostMany(class string, n int) { s.workload.post(findRecipe(class), nil, n) }

// Printed is the whole history as clients get it.
func (s *Server) Printed(t *testing.T, brief bool) []byte {
	page, fault := s.printer.page(s.rows(), types.EventFilterSpec{DisableFullMessage: &brief})
	if fault != nil {
		t.Fatal(fault.String)
	}
	return page.Events
}

// Encoded is the same by the simulator's own encoder alone.
func (s *Server) Encoded(t *testing.T, brief bool) []byte {
	var pages [][]byte
	for _, event := range render(s.rows(), types.EventFilterSpec{DisableFullMessage: &brief}) {
		text, err := encode(event)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, text)
	}
	return bytes.Join(pages, nil)
}

func (s *Server) rows() []history.Row {
	return s.log.Collector(history.Filter{}).Next(math.MaxInt32)
}
