//go:build e2e

package backends_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/vcrelay/vcrelay/functions/fn"
)

// hungAfter is how long the gateway waits for a function that does not answer, before it answers 504.
const hungAfter = 5 * time.Second

// runOpenFaaS is a gateway of OpenFaaS with one function, which is called while the relay waits: /function/<name> answers what the
// function says.
func runOpenFaaS() error {
	return runGateway(func(f *function) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("POST /function/ledger", http.StripPrefix("/function", f.routes(fn.Config{})))
		return mux
	})
}

// runKnative is a broker of Knative: it takes a CloudEvent behind /<namespace>/<name> with 202 and an empty body, and what is no
// CloudEvent not at all. This one takes binary mode only, so that nothing else is certified by mistake.
func runKnative() error {
	return runGateway(func(f *function) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("POST /default/default", binaryOnly(asBroker(f.routes(fn.Config{}))))
		return mux
	})
}

func runGateway(build func(f *function) http.Handler) error {
	flags := flag.NewFlagSet("gateway", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8080", "address to listen on")
	_ = flags.String("dir", "", "unused: it keeps nothing")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	f, err := openFunction(os.Getenv("E2E_LEDGER"), os.Getenv("E2E_MOOD"))
	if err != nil {
		return err
	}
	return serve(*listen, f.inMood(build(f)), func(address string) { fmt.Println("ready", address) })
}

// inMood answers in place of the function when the mood is `status <code>` or `hang`.
func (f *function) inMood(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mood := f.moodNow()
		code, asked := strings.CutPrefix(mood, "status ")
		switch {
		case asked:
			n, err := strconv.Atoi(code)
			if err != nil {
				n = http.StatusTeapot
			}
			w.WriteHeader(n)
		case mood == "hang":
			select {
			case <-time.After(hungAfter):
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusGatewayTimeout)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func asBroker(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&accepted{ResponseWriter: w}, r) })
}

// accepted has success be 202, and a refusal 400.
type accepted struct{ http.ResponseWriter }

func (a *accepted) WriteHeader(status int) {
	switch {
	case status < http.StatusMultipleChoices:
		status = http.StatusAccepted
	case status == http.StatusInternalServerError:
		status = http.StatusBadRequest
	}
	a.ResponseWriter.WriteHeader(status)
}

func binaryOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Ce-Id") == "" || r.Header.Get("Ce-Specversion") != "1.0" || r.Header.Get("Ce-Type") == "" || r.Header.Get("Ce-Source") == "" {
			http.Error(w, "no CloudEvent in binary mode", http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
