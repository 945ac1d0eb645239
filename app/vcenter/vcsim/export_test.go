package vcsim

import "context"

// RunWorkload runs the live workload alone, without a server.
func (s *Server) RunWorkload(ctx context.Context) error { return s.workload.run(ctx) }

// Kinds lists the kinds of events that the workload knows.
func Kinds() []string { return recipeNames() }
