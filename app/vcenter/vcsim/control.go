package vcsim

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

const maxPosted = 100_000

// control adds the API that steers the simulator. It needs no login.
//
//	GET  /control/status                what there is
//	GET  /control/events?after=<index>  the history as JSON lines, from index 1 if after is left out
//	PUT  /control/rate                  {"rate": 10}, events per second
//	POST /control/events                {"class": "VmPoweredOnEvent", "vm": "DC0_H0_VM0", "count": 3}
//	POST /control/sessions/terminate    ends all login sessions
//	POST /control/faults                {"kind": "reset", "method": "ReadNextEvents", "count": 1}
//	GET  /control/faults                all that were asked for, how each stands and how often it struck
//	DELETE /control/faults              ends all, those to come as well
//
// A fault has a kind; after (a duration to wait), every (one after which it comes again) and, if it lasts, for (how long);
// and what its kind knows: see wireKinds for calls, historyKinds for the event history, serviceKinds for sessions and
// restarts, eventKinds for single events.
//
// A line of the history says of an event that is not there, or not to be seen, why: "fate" is purged or erased (by a
// restore), "compressed" that the burst filter kept it out, "hidden" that the account may not see it now. A refused call
// answers {"error": ...} with status 400.
func (s *Server) control(mux *http.ServeMux) {
	mux.HandleFunc("GET /control/status", s.getStatus)
	mux.HandleFunc("GET /control/events", s.getEvents)
	mux.HandleFunc("PUT /control/rate", s.putRate)
	mux.HandleFunc("POST /control/events", s.postEvents)
	mux.HandleFunc("POST /control/sessions/terminate", s.postTerminate)
	mux.HandleFunc("POST /control/faults", s.postFault)
	mux.HandleFunc("GET /control/faults", s.getFaults)
	mux.HandleFunc("DELETE /control/faults", s.deleteFaults)
}

func (s *Server) getStatus(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"instanceUuid": s.InstanceUUID(), "version": s.cfg.Version, "events": s.Len(), "stored": s.log.Len(), "rate": s.Rate(),
		"machines": len(s.workload.stock.machines), "sessions": s.Sessions(), "collectors": s.Collectors(),
	})
}

// logLine is one event of GET /control/events.
type logLine struct {
	Index       int    `json:"index"`
	Key         int32  `json:"key"`
	CreatedTime string `json:"createdTime"` // RFC 3339, microseconds, Z
	Class       string `json:"class"`
	EventTypeID string `json:"eventTypeId,omitempty"`
	Message     string `json:"message"`
	Fate        string `json:"fate,omitempty"` // purged or erased; empty: present
	Compressed  bool   `json:"compressed,omitempty"`
	Hidden      bool   `json:"hidden,omitempty"`
}

func newLogLine(index int, entry *history.Entry) logLine {
	event := bodyOf(&entry.Row)
	line := logLine{
		Index: index, Key: entry.Key, CreatedTime: entry.CreatedTime().Format("2006-01-02T15:04:05.000000Z"),
		Class: className(event), EventTypeID: extendedID(event), Message: event.GetEvent().FullFormattedMessage,
		Compressed: entry.Compressed, Hidden: entry.Hidden,
	}
	if entry.Fate != history.Present {
		line.Fate = entry.Fate.String()
	}
	return line
}

func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.Atoi(either(r.URL.Query().Get("after"), "0"))
	if err != nil || after < 0 {
		refuse(w, "after must be an index, 0 or more")
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	buffered := bufio.NewWriter(w)
	lines := json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	for index, entry := range s.log.Log(after) {
		if lines.Encode(newLogLine(index, &entry)) != nil {
			return // the client has gone
		}
	}
	_ = buffered.Flush() // an error means that the client has gone
}

func (s *Server) putRate(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Rate *float64 `json:"rate"`
	}
	if !decode(w, r, &order) {
		return
	}
	if order.Rate == nil {
		refuse(w, `rate is missing: {"rate": 10}`)
		return
	}
	if err := s.SetRate(*order.Rate); err != nil {
		refuse(w, err.Error())
		return
	}
	s.logger.Info().Float64("rate", *order.Rate).Msg("workload rate changed")
	answer(w, http.StatusOK, map[string]any{"rate": *order.Rate})
}

// eventOrder is the body of POST /control/events. Class may be the id of an EventEx or ExtendedEvent as well.
type eventOrder struct {
	Class string `json:"class"`
	VM    string `json:"vm"`    // by name; empty: the machines in turn
	Count int    `json:"count"` // 0: one
}

func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) {
	var order eventOrder
	if !decode(w, r, &order) {
		return
	}
	kind := findRecipe(order.Class)
	if order.Class == "" || kind == nil {
		answer(w, http.StatusBadRequest, map[string]any{
			"error": fmt.Sprintf("class %q is not known", order.Class), "classes": recipeNames(),
		})
		return
	}
	target := s.workload.stock.find(order.VM)
	if order.VM != "" && target == nil {
		refuse(w, fmt.Sprintf("the inventory has no virtual machine %q", order.VM))
		return
	}
	count := either(order.Count, 1)
	if count < 1 || count > maxPosted {
		refuse(w, fmt.Sprintf("count must be within 1 and %d", maxPosted))
		return
	}
	s.workload.post(kind, target, count)
	answer(w, http.StatusOK, map[string]any{"posted": count, "events": s.Len()})
}

func (s *Server) postTerminate(w http.ResponseWriter, _ *http.Request) {
	ended := s.TerminateSessions()
	s.logger.Info().Int("sessions", ended).Msg("sessions terminated")
	answer(w, http.StatusOK, map[string]any{"terminated": ended})
}

// decode reads a JSON body strictly: a misspelt field would otherwise be a silent default.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	body.DisallowUnknownFields()
	if err := body.Decode(into); err != nil {
		refuse(w, "read request: "+err.Error())
		return false
	}
	return true
}

func refuse(w http.ResponseWriter, reason string) {
	answer(w, http.StatusBadRequest, map[string]any{"error": reason})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the client has gone
}
