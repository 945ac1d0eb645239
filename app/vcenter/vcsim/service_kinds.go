package vcsim

import "time"

// The faults of the service.
//
//	restart    sessions and collectors are gone, and the service is away for for; by=refuse resets connections, by=503
//	           answers as the proxy in front of it does
//	terminate  all login sessions end
//	idle       a session ends when it has made no call for timeout (default 30m)
//	limit      a session may hold only so many collectors (default 32)
var serviceKinds = []kind{
	{name: "restart", make: func(s *Server, a *arguments, struck func()) effect {
		how := awayHow(a)
		return effect{
			begin: func() {
				s.wire.setAway(how)
				s.sessions.terminate()
				s.logger.Info().Msg("service restarts")
				struck()
			},
			end: func() { s.wire.setAway(present) },
		}
	}},
	{name: "terminate", make: func(s *Server, _ *arguments, struck func()) effect {
		return effect{begin: func() { s.TerminateSessions(); struck() }}
	}},
	{name: "idle", lasts: true, make: func(s *Server, a *arguments, struck func()) effect {
		timeout := a.duration("timeout", 30*time.Minute)
		return effect{
			begin: func() { s.sessions.setIdle(timeout, struck) },
			end:   func() { s.sessions.setIdle(0, nil) },
		}
	}},
	{name: "limit", lasts: true, make: func(s *Server, a *arguments, struck func()) effect {
		collectors := a.number("collectors", maxCollectors, 1, 1000)
		return effect{
			begin: func() { s.sessions.setLimit(collectors); struck() },
			end:   func() { s.sessions.setLimit(maxCollectors) },
		}
	}},
}

func awayHow(a *arguments) outage {
	return outage(a.choice("by", string(refusing), string(starting)))
}
