package local

import "strings"

func sidecarName(appID string) string { return appID + "/daprd" }

func logName(process string) string { return strings.ReplaceAll(process, "/", "-") + ".log" }

// Ready is closed once every sidecar has been healthy and every app has been started. Whether an app answers is for
// the caller to ask, at AppPort.
func (s *Stack) Ready() <-chan struct{} { return s.ready }

// Kill cuts every wait of a stopping Run short: what still runs is killed. It also ends a Run that is not stopping.
// It is for a second Ctrl-C.
func (s *Stack) Kill() { s.kill() }

// Setenv gives one app a variable that wins over the file and over Options.Env: for what is known after New only, the port of
// another app say. It reports whether the stack has that app. Call it before Run.
func (s *Stack) Setenv(appID, name, value string) bool {
	m := s.member(appID)
	if m == nil {
		return false
	}
	m.env[name] = value
	return true
}

// Process is the pid of "<app>", "<app>/daprd" or "broker" while it runs.
func (s *Stack) Process(name string) (pid int, ok bool) {
	if u := s.find(name); u != nil {
		return u.process()
	}
	return 0, false
}

// Restarts counts how often a process, named as for Process, was started again.
func (s *Stack) Restarts(name string) int {
	if u := s.find(name); u != nil {
		return u.restarts()
	}
	return 0
}

// Names are all processes of the stack, as Process takes them, in the order of their start.
func (s *Stack) Names() []string {
	var names []string
	for _, u := range s.units() {
		names = append(names, u.name)
	}
	return names
}

// Ports are those of one app and its sidecar; known from New on and the same after restarts. Zero for an unknown app.
func (s *Stack) Ports(appID string) Ports {
	if m := s.member(appID); m != nil {
		return m.ports
	}
	return Ports{}
}

// AppPort is where the app is told to listen, 0 when nowhere.
func (s *Stack) AppPort(appID string) int { return s.Ports(appID).App }

// HTTPPort is that of the app's sidecar.
func (s *Stack) HTTPPort(appID string) int { return s.Ports(appID).HTTP }

// GRPCPort is that of the app's sidecar.
func (s *Stack) GRPCPort(appID string) int { return s.Ports(appID).GRPC }

// BrokerURL is the address of the embedded broker, "" when no component needs it.
func (s *Stack) BrokerURL() string {
	if s.broker == nil {
		return ""
	}
	return s.natsURL()
}

func (s *Stack) member(appID string) *member {
	for _, m := range s.members {
		if m.app.ID == appID {
			return m
		}
	}
	return nil
}

func (s *Stack) find(name string) *unit {
	for _, u := range s.units() {
		if u.name == name {
			return u
		}
	}
	return nil
}
