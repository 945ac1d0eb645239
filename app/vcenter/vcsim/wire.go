package vcsim

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/soap"
)

// maxRequest bounds what a client may send, in bytes.
const maxRequest = 16 << 20

// wire stands in front of the SOAP service and does to its answers what networks, proxies and broken servers do.
type wire struct {
	next     http.Handler
	sessions *sessionTable

	mu     sync.Mutex
	faults []*wireFault // in the order in which they were asked for
	away   outage
	random *rand.Rand
}

// outage is how a service that is away answers.
type outage string

const (
	present  outage = ""
	refusing outage = "refuse" // the connection is reset
	starting outage = "503"    // what a proxy says while the service starts
)

// wireFault strikes calls. Its fields do not change, but for left.
type wireFault struct {
	method string // SOAP method; empty: all
	chance float64
	left   int // strikes; negative: no end
	struck func()
	answer answerer
}

// answerer answers a call in its own way; next is the service, which has not seen the call yet.
type answerer func(w http.ResponseWriter, r *http.Request, next http.Handler)

func newWire(sessions *sessionTable, seed uint64) *wire {
	return &wire{sessions: sessions, random: rand.New(rand.NewPCG(seed, 2))} // #nosec G404 -- repeatable on purpose
}

// ServeHTTP serves one SOAP call.
func (x *wire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if away := x.isAway(); away != present {
		away.answer(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "read request: "+err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	defer x.sessions.busy(cookieOf(r))()
	x.handler(soapMethod(body)).ServeHTTP(&vanishing{ResponseWriter: w, wire: x}, r)
}

// handler is the service behind the faults that strike the call, the first one outermost.
func (x *wire) handler(method string) http.Handler {
	handler := x.next
	for _, answer := range slices.Backward(x.strike(method)) {
		inner := handler
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r, inner) })
	}
	return handler
}

func (x *wire) strike(method string) []answerer {
	x.mu.Lock()
	defer x.mu.Unlock()
	var answers []answerer
	for _, f := range x.faults {
		if f.left == 0 || f.method != "" && f.method != method || x.random.Float64() >= f.chance {
			continue
		}
		f.left--
		f.struck()
		answers = append(answers, f.answer)
	}
	return answers
}

func (x *wire) add(f *wireFault) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = append(x.faults, f)
}

func (x *wire) remove(f *wireFault) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = slices.DeleteFunc(x.faults, func(other *wireFault) bool { return other == f })
}

func (x *wire) setAway(how outage) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.away = how
}

func (x *wire) isAway() outage {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.away
}

func (o outage) answer(w http.ResponseWriter) {
	if o == refusing {
		reset(w)
		return
	}
	http.Error(w, "503 Service Unavailable (Failed to connect to endpoint)", http.StatusServiceUnavailable)
}

// vanishing resets the connection of a call whose answer is ready only when the service has gone away.
type vanishing struct {
	http.ResponseWriter
	wire *wire
	gone bool
}

// WriteHeader is that of http.ResponseWriter.
func (v *vanishing) WriteHeader(status int) {
	if v.vanish(); !v.gone {
		v.ResponseWriter.WriteHeader(status)
	}
}

// Write is that of http.ResponseWriter.
func (v *vanishing) Write(p []byte) (int, error) {
	if v.vanish(); v.gone {
		return len(p), nil
	}
	return v.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (v *vanishing) Unwrap() http.ResponseWriter { return v.ResponseWriter }

func (v *vanishing) vanish() {
	if !v.gone && v.wire.isAway() != present {
		v.gone = true
		reset(v.ResponseWriter)
	}
}

var methodElement = regexp.MustCompile(`<(?:[\w.-]+:)?Body[^>]*>\s*<(?:[\w.-]+:)?([\w.-]+)`)

// soapMethod is the name of the first element in the envelope's body, empty if there is none.
func soapMethod(envelope []byte) string {
	found := methodElement.FindSubmatch(envelope)
	if found == nil {
		return ""
	}
	return string(found[1])
}

func cookieOf(r *http.Request) string {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return ""
	}
	return strings.Trim(cookie.Value, `"`)
}

// pause returns false if the client has gone first.
func pause(r *http.Request, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	return wait(r.Context(), timer.C)
}
