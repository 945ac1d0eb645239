package fn

import (
	"errors"
	"io"
	"net/http"

	"github.com/rs/zerolog"
)

// outcome is what becomes of one delivered event.
type outcome int

const (
	handled outcome = iota
	retried
	dropped
	invalid // no CloudEvent at all; a sidecar drops it, a plain caller is told so
)

func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return handled
	case errors.Is(err, errNotEvent):
		return invalid
	case errors.Is(err, ErrDrop):
		return dropped
	default:
		return retried
	}
}

// answerDapr speaks daprd's dialect (pkg/runtime/subscription/postman/http): a 2xx without a status acknowledges, 404 drops,
// and a 2xx with a status that daprd does not know is retried. A body of a 500 would end up in daprd's log: none is sent.
func answerDapr(w http.ResponseWriter, o outcome) {
	switch o {
	case handled:
		writeJSON(w, `{"status":"SUCCESS"}`)
	case dropped, invalid:
		writeJSON(w, `{"status":"DROP"}`)
	default:
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// answerHTTP speaks to Knative, OpenFaaS and curl: 5xx is worth a retry, 4xx is not. The body says no more than the code.
func answerHTTP(w http.ResponseWriter, o outcome) {
	switch o {
	case handled:
		w.WriteHeader(http.StatusNoContent)
	case dropped:
		http.Error(w, "the function cannot handle this event", http.StatusUnprocessableEntity)
	case invalid:
		http.Error(w, "no valid CloudEvent", http.StatusBadRequest)
	default:
		http.Error(w, "not handled, try again", http.StatusInternalServerError)
	}
}

func writeJSON(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	// A caller that has gone away delivers again: nobody can act on this error.
	_, _ = io.WriteString(w, body)
}

// status is the word for logs; it is daprd's.
func (o outcome) status() string {
	switch o {
	case handled:
		return "SUCCESS"
	case dropped, invalid:
		return "DROP"
	default:
		return "RETRY"
	}
}

// line starts the one log line of an event: an event that is dropped needs a person, one that is retried may heal.
func (o outcome) line(log *zerolog.Logger) (*zerolog.Event, string) {
	switch o {
	case handled:
		return log.Debug(), "event handled" //nolint:zerologlint // the caller sends it
	case dropped, invalid:
		return log.Error(), "event dropped" //nolint:zerologlint // as above
	default:
		return log.Warn(), "event not handled, to be delivered again" //nolint:zerologlint // as above
	}
}
