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
	ask := time.NewTicker(askEvery)
	defer ask.Stop()
	words := time.NewTimer(firstWord)
	defer words.Stop()
	for {
		err := sidecarHealth(ctx, a.entry.APIListenAddresses, a.ports.HTTP)
		if err == nil {
			a.sidecar.limit.markReady()
			close(a.healthy)
			return
		}
		select {
		case <-ask.C:
		case <-words.C:
			s.notice("waiting for the sidecar of %s: %v", a.entry.ID, err)
			words.Reset(nextWords)
		case <-ctx.Done():
			return
		}
	}
}

// healthClient holds no connection open: a kept one would delay the sidecar's shutdown.
var healthClient = &http.Client{
	Timeout:   2 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil},
}

// sidecarHealth asks whether the components of a sidecar are ready. It says nothing about the app, on purpose.
func sidecarHealth(ctx context.Context, listenAddresses string, port int) error {
	host := probeHost(listenAddresses)
	address := "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/v1.0/healthz/outbound"
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
		return fmt.Errorf("its components are not ready: %s", strings.TrimSpace(string(body)))
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
