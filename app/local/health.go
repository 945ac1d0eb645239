package local

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How often something that is not ready is asked, and when a person is told about it.
const (
	askEvery  = 50 * time.Millisecond
	firstWord = 5 * time.Second
	nextWords = 15 * time.Second
)

// watchSidecar asks until the sidecar is healthy for the first time.
func (s *Stack) watchSidecar(ctx context.Context, a *app) {
	ask := func() error { return sidecarHealth(ctx, a.entry.APIListenAddresses, a.ports.HTTP, "healthz/outbound") }
	s.watch(ctx, nil, "the sidecar of "+a.entry.ID, ask, func() {
		a.sidecar.limit.markReady()
		close(a.healthy)
	})
}

// watch asks until the answer is yes, and calls then; it gives up when ctx or gone ends. A person is told what it waits for.
func (s *Stack) watch(ctx context.Context, gone <-chan struct{}, what string, ask func() error, then func()) {
	again := time.NewTicker(askEvery)
	defer again.Stop()
	words := time.NewTimer(firstWord)
	defer words.Stop()
	for {
		err := ask()
		if err == nil {
			then()
			return
		}
		select {
		case <-again.C:
		case <-words.C:
			s.notice("waiting for %s: %v", what, err)
			words.Reset(nextWords)
		case <-ctx.Done():
			return
		case <-gone:
			return
		}
	}
}

// healthClient holds no connection open: a kept one would delay the sidecar's shutdown.
var healthClient = &http.Client{
	Timeout:   2 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil},
}

// sidecarHealth asks for one of two things: `healthz/outbound` is whether the components of a sidecar are ready, and says
// nothing about the app; `healthz` is whether it also found the app listening, and has subscribed for it.
func sidecarHealth(ctx context.Context, listenAddresses string, port int, question string) error {
	host := probeHost(listenAddresses)
	address := "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/v1.0/" + question
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask sidecar: %w", err)
	}
	response, err := healthClient.Do(request)
	if err != nil {
		return fmt.Errorf("it does not listen on port %d yet", port)
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	body, _ := io.ReadAll(io.LimitReader(response.Body, 512))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("it is not ready: %s", strings.TrimSpace(string(body)))
	}
	return nil
}

// probeHost is an address at which a sidecar that listens on these can be reached from here.
func probeHost(listenAddresses string) string {
	first, _, _ := strings.Cut(listenAddresses, ",")
	first = strings.Trim(strings.TrimSpace(first), "[]")
	switch ip := net.ParseIP(first); {
	case ip == nil, ip.IsUnspecified() && ip.To4() != nil:
		return loopback
	case ip.IsUnspecified():
		return "::1"
	}
	return first
}
