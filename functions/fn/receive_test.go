package fn_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/functions/fn"
)

func TestBothModesKeepSubjectTimeExtensionsAndData(t *testing.T) {
	for mode, request := range map[string]*http.Request{"structured": postStructured(structured), "binary": postBinary()} {
		t.Run(mode, func(t *testing.T) {
			var got cloudevents.Event
			w, _ := serve(func(_ context.Context, ev cloudevents.Event) error { got = ev; return nil }, fn.Config{}, request)
			if w.Code != http.StatusNoContent {
				t.Fatalf("answered %d %s", w.Code, w.Body)
			}
			at := time.Date(2026, 9, 18, 12, 34, 56, 789012000, time.UTC)
			if got.ID() != eventID || got.Subject() != "VmPoweredOnEvent" || !got.Time().Equal(at) {
				t.Errorf("attributes were lost: %s", got)
			}
			if got.Extensions()["entity"] != "VirtualMachine:vm-62" ||
				got.Extensions()["sequence"] != "1789000000000000-0000000042" {
				t.Errorf("extensions were lost: %v", got.Extensions())
			}
			if want := `{"fullFormattedMessage":"` + secret + `"}`; string(got.Data()) != want {
				t.Errorf("data is %s", got.Data())
			}
		})
	}
}

func TestEachEventIsOneLogLineWithItsIDAndWithoutItsPayload(t *testing.T) {
	for _, c := range []struct {
		err                    error
		level, message, status string
	}{
		{nil, "debug", "event handled", "SUCCESS"},
		{errors.New("boom"), "warn", "event not handled, to be delivered again", "RETRY"},
		{fn.Drop(errors.New("boom")), "error", "event dropped", "DROP"},
	} {
		_, log := serve(returns(c.err), fn.Config{}, postBinary())
		lines := log.about(t, c.message)
		if len(lines) != 1 || strings.Count(log.String(), "\n") != 1 {
			t.Fatalf("want one line, logged %s", log)
		}
		got := lines[0]
		if got["level"] != c.level || got["status"] != c.status || got["event_id"] != eventID || got["function"] != "echo" ||
			got["event_type"] != "com.vmware.vsphere.VmPoweredOnEvent.v0" || got["duration"] == nil {
			t.Errorf("logged %s", log)
		}
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log shows the payload: %s", log)
		}
	}
}

func TestAPanicIsLoggedWithTheEventAndItsStack(t *testing.T) {
	_, log := serve(func(context.Context, cloudevents.Event) error { panic("boom") }, fn.Config{}, postBinary())
	lines := log.about(t, "handler panicked")
	if len(lines) != 1 || lines[0]["event_id"] != eventID || lines[0]["level"] != "debug" {
		t.Fatalf("logged %s", log)
	}
	if stack, _ := lines[0]["stack"].(string); !strings.Contains(stack, "receive_test.go") {
		t.Errorf("the stack does not show the handler: %s", stack)
	}
}

func TestWhenTimeIsUpTheEventIsNotAcknowledgedWhateverTheHandlerReturns(t *testing.T) {
	for name, result := range map[string]error{"nil": nil, "drop": fn.Drop(errors.New("interrupted"))} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				w, log := serve(func(ctx context.Context, _ cloudevents.Event) error {
					<-ctx.Done()
					return result
				}, fn.Config{Dapr: true, Timeout: 5 * time.Second}, postStructured(structured))
				if w.Code != http.StatusInternalServerError || time.Since(began) != 5*time.Second {
					t.Errorf("answered %d %s after %s", w.Code, w.Body, time.Since(began))
				}
				if !strings.Contains(log.String(), "VCRELAY_FUNCTION_TIMEOUT") {
					t.Errorf("the log does not name the setting: %s", log)
				}
			})
		})
	}
}

func TestAHandlerThatIgnoresItsContextDoesNotHoldTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		began := time.Now()
		w, _ := serve(func(context.Context, cloudevents.Event) error { <-release; return nil },
			fn.Config{Dapr: true, Timeout: 5 * time.Second}, postStructured(structured))
		if w.Code != http.StatusInternalServerError || time.Since(began) != 5*time.Second {
			t.Errorf("answered %d %s after %s", w.Code, w.Body, time.Since(began))
		}
	})
}

func TestTheAnswerWaitsForTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, answered := make(chan struct{}), make(chan int, 1)
		go func() {
			w, _ := serve(func(context.Context, cloudevents.Event) error { <-release; return nil },
				fn.Config{Dapr: true}, postStructured(structured))
			answered <- w.Code
		}()
		synctest.Wait()
		if len(answered) != 0 {
			t.Error("acknowledged before the handler returned")
		}
		close(release)
		if code := <-answered; code != http.StatusOK {
			t.Errorf("answered %d", code)
		}
	})
}

func TestNoMoreHandlersRunThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, release := make(chan struct{}, 9), make(chan struct{})
		log := &logBook{}
		server := fn.New("echo", func(context.Context, cloudevents.Event) error {
			started <- struct{}{}
			<-release
			return nil
		}, fn.Config{Dapr: true, Concurrency: 2, Timeout: 5 * time.Second}, log.logger()).Handler()
		codes := make(chan int, 9)
		post := func() {
			w := httptest.NewRecorder()
			server.ServeHTTP(w, postStructured(structured))
			codes <- w.Code
		}
		for range 3 {
			go post()
		}
		for range 3 { // two hang past their time and keep their slots, the third never got one
			if code := <-codes; code != http.StatusInternalServerError {
				t.Errorf("answered %d", code)
			}
		}
		if len(started) != 2 {
			t.Errorf("%d handlers ran, the limit is 2", len(started))
		}
		go post()
		synctest.Wait()
		close(release)
		if code := <-codes; code != http.StatusOK || len(started) != 3 {
			t.Errorf("answered %d after %d handlers, want the freed slot to be used", code, len(started))
		}
	})
}
