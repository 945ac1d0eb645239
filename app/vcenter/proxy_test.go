package vcenter_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/soap"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// proxy stands before a simulated vCenter and counts the pages that were asked for.
type proxy struct {
	*httptest.Server
	pages atomic.Int32
	// answer gets each page, by its number from 1, and says what is passed on in its place; nil: the connection breaks off
	// after the vCenter has answered.
	answer func(page int32, body []byte) []byte
}

func newProxy(t *testing.T, server *vcsim.Server, answer func(int32, []byte) []byte) *proxy {
	t.Helper()
	p := &proxy{answer: answer}
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: server.URL().Host})
	forward.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots(server)}} //nolint:gosec // a test's own peer
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !bytes.Contains(body, []byte("ReadNextEvents")) {
			forward.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding")
		recorder := httptest.NewRecorder()
		forward.ServeHTTP(recorder, r)
		passed := p.answer(p.pages.Add(1), recorder.Body.Bytes())
		if passed == nil {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(passed)
	}))
	t.Cleanup(p.Close)
	return p
}

func roots(server *vcsim.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.CertificatePEM())
	return pool
}

// through is a source that reaches the vCenter by the proxy.
func through(t *testing.T, p *proxy) *vcenter.Source {
	t.Helper()
	address, err := url.Parse(p.URL + "/sdk")
	if err != nil {
		t.Fatal(err)
	}
	return connect(t, vim.Config{
		URL: address, Name: "lab", Thumbprint: soap.ThumbprintSHA256(p.Certificate()),
		Credentials: vcsimtest.Credentials,
	})
}

func TestTheNextPageIsReadWhileTheCallerWorksOnThisOne(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History = 2500 })
	p := newProxy(t, server, func(_ int32, body []byte) []byte { return body })
	reader, err := through(t, p).Open(t.Context(), event.Position{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	for p.pages.Load() < 2 { // the test's time-out ends it
		<-time.After(time.Millisecond)
	}
	reader.Close(t.Context())
	if n := server.Collectors(); n != 0 {
		t.Errorf("%d collectors are left", n)
	}
}

func TestAPageThatDidNotArriveWholeIsNotSkipped(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History, c.HistorySpan = 5000, 5000*time.Second })
	p := newProxy(t, server, func(page int32, body []byte) []byte {
		switch page % 6 {
		case 2:
			return nil
		case 3:
			return body[:len(body)/2]
		case 4:
			return []byte("<html><body>Sign in</body></html>")
		case 5:
			return body[:len(body)-20] // every event is there, the end of the envelope is not
		}
		return body
	})
	source := through(t, p)
	var position event.Position
	for position.Key < 5000 {
		reader, err := source.Open(t.Context(), position)
		if err != nil {
			continue // it reads as well
		}
		for {
			page, err := reader.Next(t.Context())
			if err != nil {
				break // as the relay does: another reader from the position
			}
			for i := range page.Events {
				if page.Events[i].Key != position.Key+1 {
					t.Fatalf("after event %d comes event %d", position.Key, page.Events[i].Key)
				}
				position.Advance(&page.Events[i])
			}
			position.Complete(&page)
			if position.Key >= 5000 {
				break
			}
		}
		reader.Close(t.Context())
	}
	if p.pages.Load() < 6 {
		t.Errorf("only %d pages were asked for", p.pages.Load())
	}
}

func TestAnEventThatCannotBeReadIsAnnounced(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History = 5 })
	p := newProxy(t, server, func(_ int32, body []byte) []byte {
		return bytes.Replace(body, []byte("<key>4</key>"), []byte("<key>four</key>"), 1)
	})
	events := read(t, through(t, p), event.Position{}, 5)
	gap := events[3]
	if !gap.IsAnnouncement() || gap.ID() != server.InstanceUUID()+"-gap-3-5" {
		t.Errorf("in its place is %s", gap.ID())
	}
	if events[4].Key != 5 {
		t.Errorf("after it comes key %d", events[4].Key)
	}
}
