package vim_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/vim25/soap"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// BenchmarkPagesOverTLS reads pages of 1,000 events as the relay does, from call to transcoded events: HTTP/1.1 over TLS 1.3,
// the session's own client, a collector and its two buffers, one page after the other. CloudEvents are not made, see
// BenchmarkTranscode of package vimjson for them. Pages come with their length, or chunked by 16 KiB.
//
// The client has one processor, and the server is another process, so that the processor time is the client's alone; the
// system's share for TCP is in it. events/s/core is what one core reads if nobody keeps it waiting; events/s is what came
// while the server worked on another core.
func BenchmarkPagesOverTLS(b *testing.B) {
	b.Run(withLength, func(b *testing.B) { readPages(b, withLength) })
	b.Run(chunked, func(b *testing.B) { readPages(b, chunked) })
}

func readPages(b *testing.B, form string) {
	server := startPageServer(b, form)
	cursor := open(b, server.URL, server.Thumbprint)
	for range recordedPages {
		readPage(b, cursor)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b.ReportAllocs()
	before := spent(b)
	for b.Loop() {
		readPage(b, cursor)
	}
	events := float64(b.N) * vcenter.PageSize
	cpu := spent(b) - before
	b.ReportMetric(float64(cpu)/events, "cpu-ns/event")
	b.ReportMetric(events/cpu.Seconds(), "events/s/core")
	b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(server.PageSize/vcenter.PageSize, "XML-B/event")
}

func readPage(tb testing.TB, cursor vcenter.Cursor) {
	items, err := cursor.Next(tb.Context())
	if err != nil || len(items) != vcenter.PageSize {
		tb.Fatalf("got %d events, %v", len(items), err)
	}
}

// open logs in and makes a collector of all events.
func open(tb testing.TB, at, thumbprint string) vcenter.Cursor {
	tb.Helper()
	address, err := url.Parse(at)
	if err != nil {
		tb.Fatal(err)
	}
	dialer := vim.NewDialer(vim.Config{
		URL: address, Thumbprint: thumbprint,
		Credentials: vcsimtest.Credentials,
	}, zerolog.Nop())
	session, err := dialer.Dial(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	cursor, err := session.OpenSpan(tb.Context(), vcenter.Span{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context())
		cursor.Close(ctx)
		session.Close(ctx)
	})
	return cursor
}

func spent(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

const (
	recordedPages = 8
	serverForm    = "VCRELAY_BENCH_SERVER" // in the environment of the server: the form of its answers

	withLength = "length"
	chunked    = "chunked"
	chunkSize  = 16 << 10
)

// pageServer is what the server says of itself on standard output.
type pageServer struct {
	URL, Thumbprint string
	PageSize        float64 // bytes, on average
}

// startPageServer runs this test binary again as the server, until the benchmark ends.
func startPageServer(b *testing.B, form string) (told pageServer) {
	b.Helper()
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	server := exec.Command(binary, "-test.run=^TestPageServer$", "-test.v")
	server.Env = append(os.Environ(), serverForm+"="+form)
	server.Stderr = os.Stderr
	alive, err := server.StdinPipe() // its end is the server's
	if err != nil {
		b.Fatal(err)
	}
	output, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = alive.Close()
		_, _ = io.Copy(io.Discard, output)
		_ = server.Wait() // what it read is measured, how it ended is not
	})
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if json.Unmarshal(lines.Bytes(), &told) == nil {
			return told
		}
	}
	b.Fatal("the server did not start")
	return told
}

// TestPageServer is no test: it is the process that startPageServer starts. It records pages of a simulated vCenter and
// serves them until its standard input ends.
func TestPageServer(t *testing.T) {
	form := os.Getenv(serverForm)
	if form == "" {
		t.Skip("this is the server of BenchmarkPagesOverTLS")
	}
	simulated := vcsimtest.Start(t, vcsim.Config{VMs: 200, History: recordedPages * vcenter.PageSize, Seed: 1})
	recorder := &recorder{form: form}
	recorder.proxy = httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "https", Host: simulated.URL().Host}) },
		Transport:      soap.NewClient(simulated.URL(), true).DefaultTransport(),
		ModifyResponse: recorder.record,
	}
	server := httptest.NewTLSServer(recorder)
	t.Cleanup(server.Close)
	told := pageServer{URL: server.URL + "/sdk", Thumbprint: soap.ThumbprintSHA256(server.Certificate())}
	cursor := open(t, told.URL, told.Thumbprint)
	for range recordedPages {
		readPage(t, cursor)
	}
	for _, page := range recorder.pages {
		told.PageSize += float64(len(page)) / recordedPages
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// recorder stands before a vCenter. Once it has all pages, it answers with them again and again, which costs no more than
// to write them.
type recorder struct {
	form  string
	proxy httputil.ReverseProxy
	mu    sync.Mutex
	pages [][]byte
	next  int
}

// ServeHTTP is http.Handler.
func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	call, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	if page := r.page(call); page != nil {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		r.write(w, page)
		return
	}
	request.Body = io.NopCloser(bytes.NewReader(call))
	request.Header.Del("Accept-Encoding")
	r.proxy.ServeHTTP(w, request)
}

func (r *recorder) write(w http.ResponseWriter, page []byte) {
	size := chunkSize
	if r.form == withLength {
		size = len(page)
		w.Header().Set("Content-Length", strconv.Itoa(size))
	}
	for piece := range slices.Chunk(page, size) {
		_, _ = w.Write(piece) // the client sees what it does not get
	}
}

func (r *recorder) page(call []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pages) < recordedPages || !bytes.Contains(call, []byte("<ReadNextEvents ")) {
		return nil
	}
	r.next++
	return r.pages[r.next%recordedPages]
}

// asVCenter uses the prefix of the envelope for the types, as vCenter does; the simulator declares another on each event.
var asVCenter = strings.NewReplacer(
	` xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"`, "",
	` _XMLSchema-instance:type="`, ` xsi:type="`,
)

func (r *recorder) record(answer *http.Response) error {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if bytes.Contains(body, []byte("<ReadNextEventsResponse ")) {
		body = []byte(asVCenter.Replace(string(body)))
		r.mu.Lock()
		r.pages = append(r.pages, body)
		r.mu.Unlock()
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}
