package vcsim

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The faults of single calls. Each may be narrowed by method (a SOAP method, e.g. ReadNextEvents), count (how often it
// strikes; without it there is no end) and probability.
//
//	reset     the service has answered, and moved its cursor; the connection is reset in place of the answer
//	drop      the connection is reset before the service sees the call
//	truncate  the connection is reset after half of the answer
//	cut       half of the answer arrives, as a whole and valid HTTP response
//	html      a login page with status 200
//	fault     a SOAP fault of that type
//	status    an HTTP status and nothing else
//	empty     status 200 and nothing else
//	garbage   status 200 and bytes that are no XML
//	slow      the answer begins after delay and comes at rate bytes a second
var wireKinds = []kind{
	wireKind("reset", func(*arguments) answerer { return lose }),
	wireKind("drop", func(*arguments) answerer { return drop }),
	wireKind("truncate", func(*arguments) answerer { return truncate }),
	wireKind("cut", func(*arguments) answerer { return cut }),
	wireKind("html", func(*arguments) answerer { return say(http.StatusOK, "text/html", loginPage) }),
	wireKind("fault", func(a *arguments) answerer {
		return say(http.StatusInternalServerError, "text/xml; charset=utf-8", soapFault(a.text("type", "SystemError")))
	}),
	wireKind("status", func(a *arguments) answerer {
		return say(a.number("code", http.StatusServiceUnavailable, 200, 599), "text/plain", "")
	}),
	wireKind("empty", func(*arguments) answerer { return say(http.StatusOK, "text/xml; charset=utf-8", "") }),
	wireKind("garbage", func(*arguments) answerer { return garbage }),
	wireKind("slow", func(a *arguments) answerer {
		return slow(a.duration("delay", 0), a.number("rate", 0, 1, 1<<30))
	}),
}

func wireKind(name string, answer func(a *arguments) answerer) kind {
	return kind{name: name, lasts: true, make: func(s *Server, a *arguments, struck func()) effect {
		method, count, chance := a.text("method", ""), a.number("count", -1, 1, 1<<30), a.share("probability", 1)
		how := answer(a)
		var standing *wireFault
		return effect{
			begin: func() {
				standing = &wireFault{method: method, chance: chance, left: count, struck: struck, answer: how}
				s.wire.add(standing)
			},
			end: func() { s.wire.remove(standing) },
		}
	}}
}

const loginPage = `<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action="/login" method="post">` +
	`<input name="user"><input name="password" type="password"></form></body></html>`

// soapFault is the envelope that vCenter sends with status 500.
func soapFault(class string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="` + schemaInstance + `">` +
		`<soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>A fault was asked for</faultstring>` +
		fmt.Sprintf(`<detail><%[1]sFault xmlns="urn:vim25" xsi:type="%[1]s"></%[1]sFault></detail>`, class) +
		`</soapenv:Fault></soapenv:Body></soapenv:Envelope>`
}

func say(status int, contentType, body string) answerer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // an error means that the client has gone
	}
}

func garbage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	noise := make([]byte, 4096)
	_, _ = rand.Read(noise) // never fails
	say(http.StatusOK, "text/xml; charset=utf-8", string(noise))(w, r, next)
}

// recording is an answer in memory.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of http.ResponseWriter.
func (a *recording) Header() http.Header { return a.header }

// WriteHeader is that of http.ResponseWriter.
func (a *recording) WriteHeader(status int) { a.status = status }

// Write is that of http.ResponseWriter.
func (a *recording) Write(p []byte) (int, error) { return a.body.Write(p) }

// record lets the service answer into memory.
func record(r *http.Request, next http.Handler) *recording {
	answer := &recording{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(answer, r)
	return answer
}

func lose(w http.ResponseWriter, r *http.Request, next http.Handler) {
	record(r, next)
	reset(w)
}

func drop(w http.ResponseWriter, _ *http.Request, _ http.Handler) { reset(w) }

// send passes on as much of an answer as is in body and says that it is length bytes.
func (a *recording) send(w http.ResponseWriter, body []byte, length int) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // an error means that the client has gone
}

func truncate(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := record(r, next)
	whole := answer.body.Bytes()
	answer.send(w, whole[:len(whole)/2], len(whole))
	_ = http.NewResponseController(w).Flush() // an error means that the client has gone
	reset(w)
}

func cut(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := record(r, next)
	half := answer.body.Bytes()[:answer.body.Len()/2]
	answer.send(w, half, len(half))
}

// slow lets the service answer, waits, and passes the answer on at rate bytes a second, 0 for as fast as it goes. A
// client that does not wait so long has lost the answer.
func slow(delay time.Duration, rate int) answerer {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := record(r, next)
		if !pause(r, delay) {
			return
		}
		whole := answer.body.Bytes()
		if rate == 0 {
			answer.send(w, whole, len(whole))
			return
		}
		answer.send(w, nil, len(whole))
		trickle(w, r, whole, rate)
	}
}

// trickle writes ten times a second.
func trickle(w http.ResponseWriter, r *http.Request, body []byte, rate int) {
	portion := max(rate/10, 1)
	for len(body) > 0 {
		n := min(portion, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return // the client has gone
		}
		_ = http.NewResponseController(w).Flush() // the next write tells
		body = body[n:]
		if !pause(r, time.Duration(n)*time.Second/time.Duration(rate)) {
			return
		}
	}
}
