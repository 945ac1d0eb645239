package vcsim

import "context"

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
