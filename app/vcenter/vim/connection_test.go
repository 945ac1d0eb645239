package vim_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/vmware/govmomi/vim25/soap"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// A handshake for each page would cost more than the page. Here the end of a chunked answer comes on its own, behind
// what the transcoder has to see.
func TestPagesComeThroughOneConnection(t *testing.T) {
	const pages = 3
	simulated := serve(t, func(c *vcsim.Config) { c.History = pages * vcenter.PageSize })
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "https", Host: simulated.URL().Host}) },
		Transport:     soap.NewClient(simulated.URL(), true).DefaultTransport(),
		FlushInterval: -1, // at once
		ModifyResponse: func(answer *http.Response) error {
			answer.Header.Del("Content-Length")
			return nil
		},
	})
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	address := &url.URL{Scheme: "https", Host: server.Listener.Addr().String(), Path: "/sdk"}
	cursor, err := dialAt(t, address, soap.ThumbprintSHA256(server.Certificate()), vim.Filter{}).OpenSpan(t.Context(), vcenter.Span{})
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close(t.Context())
	readPage(t, cursor)
	before := connections.Load() // the calls of govmomi take one each, since it does not read answers to their end
	for range pages - 1 {
		readPage(t, cursor)
	}
	if n := connections.Load() - before; n > 0 {
		t.Errorf("%d pages after the first took %d new connections", pages-1, n)
	}
}
