package probe_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/vim25/soap"

	"github.com/vcrelay/vcrelay/app/vcenter/probe"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

const (
	user     = `Ärger & Söhne\probe@vsphere.local`
	password = `S3cr3t$&\@"'<>`
)

// simulate runs a simulated vCenter until the test ends.
func simulate(t *testing.T, config vcsim.Config) *vcsim.Server {
	t.Helper()
	config.Username, config.Password = user, password
	return vcsimtest.Start(t, config)
}

func fault(t *testing.T, server *vcsim.Server, text string) {
	t.Helper()
	if _, err := server.Fault(text); err != nil {
		t.Fatal(err)
	}
}

// wire stands between the probe and a simulated vCenter, sees each call, and may do something before it.
type wire struct {
	*httptest.Server
	before func(call int, method string)
	after  func(method string, answer []byte) []byte

	mu       sync.Mutex
	methods  []string
	bodies   []string
	open     map[string]bool // collectors
	mostOpen int
	pages    [][]byte // answers to ReadNextEvents
}

var (
	calledMethod = regexp.MustCompile(`<(?:\w+:)?Body[^>]*><(?:\w+:)?(\w+)`)
	thisObject   = regexp.MustCompile(`<_this[^>]*>([^<]*)<`)
	returned     = regexp.MustCompile(`<returnval type="EventHistoryCollector">([^<]*)<`)
)

func between(t *testing.T, server *vcsim.Server) *wire {
	t.Helper()
	w := &wire{open: map[string]bool{}, before: func(int, string) {}, after: func(_ string, answer []byte) []byte { return answer }}
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: server.URL().Host})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.CertificatePEM())
	forward.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	forward.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	w.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithoutCancel(r.Context())) // vCenter does not notice either that a client has gone
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.Header.Del("Accept-Encoding")
		method := "GET"
		if found := calledMethod.FindSubmatch(body); found != nil {
			method = string(found[1])
		}
		w.mu.Lock()
		w.methods, w.bodies = append(w.methods, method), append(w.bodies, string(body))
		call := len(w.methods)
		w.mu.Unlock()
		w.before(call, method)
		answer := httptest.NewRecorder()
		forward.ServeHTTP(answer, r)
		w.note(method, body, answer.Body.Bytes())
		for name, values := range answer.Header() {
			rw.Header()[name] = values
		}
		rw.Header().Del("Content-Length")
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(w.after(method, answer.Body.Bytes()))
	}))
	w.Config.ErrorLog = nil
	t.Cleanup(w.Close)
	return w
}

func (w *wire) note(method string, body, answer []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch method {
	case "CreateCollectorForEvents":
		if found := returned.FindSubmatch(answer); found != nil {
			w.open[string(found[1])] = true
			w.mostOpen = max(w.mostOpen, len(w.open))
		}
	case "DestroyCollector":
		delete(w.open, string(thisObject.FindSubmatch(body)[1]))
	case "ReadNextEvents":
		w.pages = append(w.pages, answer)
	}
}

// dial logs in through the wire.
func (w *wire) dial(t *testing.T) probe.Login {
	t.Helper()
	address, err := url.Parse(w.URL + "/sdk")
	if err != nil {
		t.Fatal(err)
	}
	return vim.NewDialer(vim.Config{
		URL: address, Thumbprint: soap.ThumbprintSHA256(w.Certificate()),
		Credentials: func(context.Context) (*url.Userinfo, error) { return url.UserPassword(user, password), nil },
	}, zerolog.Nop()).Client
}

// direct logs in without anything between.
func direct(server *vcsim.Server) probe.Login {
	return vim.NewDialer(vim.Config{
		URL: server.URL(), Thumbprint: server.Thumbprint(),
		Credentials: func(context.Context) (*url.Userinfo, error) { return url.UserPassword(user, password), nil },
	}, zerolog.Nop()).Client
}

// measure runs a probe that has to succeed.
func measure(t *testing.T, dial probe.Login, options probe.Options) *probe.Result {
	t.Helper()
	options.Tool = "vcrelay test"
	result, err := probe.Run(t.Context(), dial, options)
	if err != nil || !result.Report.Complete {
		t.Fatalf("%v %+v", err, result)
	}
	return result
}

// saved is every entry of the file that a result makes, by name, the file itself, and the summary.
func saved(t *testing.T, result *probe.Result) map[string][]byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "probe.zip")
	file, err := probe.CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Save(result); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string][]byte{"the file itself": raw}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		reader, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if entries[entry.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
	var summary strings.Builder
	if err := result.Summarize(&summary); err != nil {
		t.Fatal(err)
	}
	entries["standard output"] = []byte(summary.String())
	return entries
}

func summary(t *testing.T, result *probe.Result) string {
	t.Helper()
	return string(saved(t, result)["standard output"])
}

// nothingLeft checks that no session and no collector is left.
func nothingLeft(t *testing.T, server *vcsim.Server) {
	t.Helper()
	if sessions, collectors := server.Sessions(), server.Collectors(); sessions != 0 || collectors != 0 {
		t.Errorf("%d sessions and %d collectors are left", sessions, collectors)
	}
}
