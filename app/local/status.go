package local

// Ready is closed once every sidecar has been healthy and every app has been started. Whether an app answers is for
// the caller to ask, at AppPort.
func (s *Stack) Ready() <-chan struct{} { return s.ready }

// Names are all processes of the stack: its brokers, "eventbridge" where a component needs that process, "<app>" and "<app>/daprd", in the order of their start.
func (s *Stack) Names() []string {
	var names []string
	for _, one := range s.supervisors() {
		names = append(names, one.name)
	}
	return names
}

// Process is the pid of a process, by its name, while it runs.
func (s *Stack) Process(name string) (pid int, ok bool) {
	pid, _ = s.status(name)
	return pid, pid > 0
}

// Restarts counts how often a process was started again.
func (s *Stack) Restarts(name string) int {
	_, restarts := s.status(name)
	return restarts
}

func (s *Stack) status(name string) (pid, restarts int) {
	for _, one := range s.supervisors() {
		if one.name == name {
			return one.status()
		}
	}
	return 0, 0
}

// Ports are those of one app and its sidecar; known from New on and the same after restarts. Zero for an unknown app.
func (s *Stack) Ports(appID string) Ports {
	for _, a := range s.apps {
		if a.entry.ID == appID {
			return a.ports
		}
	}
	return Ports{}
}

// AppPort is where the app is told to listen, 0 when nowhere.
func (s *Stack) AppPort(appID string) int { return s.Ports(appID).App }

// HTTPPort is that of the app's sidecar.
func (s *Stack) HTTPPort(appID string) int { return s.Ports(appID).HTTP }

// GRPCPort is that of the app's sidecar.
func (s *Stack) GRPCPort(appID string) int { return s.Ports(appID).GRPC }
