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
)

// proxy stands before a simulated vCenter and counts the pages that were asked for.
type proxy struct {
	*httptest.Server
	pages atomic.Int32
	// lose says of each page, by its number from 1, whether its answer is lost after the vCenter has given it.
	lose func(page int32) bool
}

func newProxy(t *testing.T, server *vcsim.Server, lose func(int32) bool) *proxy {
	t.Helper()
	p := &proxy{lose: lose}
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: server.URL().Host})
	forward.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots(server)}} //nolint:gosec // a test's own peer
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte("ReadNextEvents")) && p.lose(p.pages.Add(1)) {
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // the connection breaks off
		}
		forward.ServeHTTP(w, r)
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
	return connect(t, vcenter.Config{
		URL: address, Name: "lab", Thumbprint: soap.ThumbprintSHA256(p.Certificate()),
		Credentials: func() (*url.Userinfo, error) { return url.UserPassword(user, password), nil },
	})
}

func TestTheNextPageIsReadWhileTheCallerWorksOnThisOne(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History = 2500 })
	p := newProxy(t, server, func(int32) bool { return false })
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

func TestAPageWhoseAnswerWasLostIsNotSkipped(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History, c.HistorySpan = 5000, 5000*time.Second })
	p := newProxy(t, server, func(page int32) bool { return page%3 == 2 })
	source := through(t, p)
	var position event.Position
	for position.Key < 5000 {
		reader, err := source.Open(t.Context(), position)
		if err != nil {
			t.Fatal(err)
		}
		for {
			page, err := reader.Next(t.Context())
			if err != nil {
				break // as the relay does: another reader from the position
			}
			for i := range page {
				if page[i].Key != position.Key+1 {
					t.Fatalf("after event %d comes event %d", position.Key, page[i].Key)
				}
				position.Advance(&page[i])
			}
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
