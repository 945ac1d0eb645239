package vcsim_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func mustFault(t *testing.T, server *vcsim.Server, text string) {
	t.Helper()
	if _, err := server.Fault(text); err != nil {
		t.Fatal(err)
	}
}

// faulty is a server with a hundred events and a collector whose next read the fault will strike, once.
func faulty(t *testing.T, fault string) (*vcsim.Server, *govmomi.Client, types.ManagedObjectReference) {
	t.Helper()
	server := start(t, vcsim.Config{History: 100})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	mustFault(t, server, fault+",method=ReadNextEvents,count=1")
	return server, client, collector
}

// wantReset wants an error of the connection. Which one an HTTP client reports depends on what it was doing.
func wantReset(t *testing.T, err error) {
	t.Helper()
	var transport *url.Error
	if !errors.As(err, &transport) || transport.Timeout() {
		t.Errorf("error is %v, want one of the connection", err)
	}
}

func TestAResetIsSeenAsOneByTheSocket(t *testing.T) {
	server := start(t, vcsim.Config{})
	mustFault(t, server, "kind=reset")
	connection, err := tls.Dial("tcp", server.URL().Host, &tls.Config{RootCAs: trust(server)})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection, "POST /sdk HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	if answer, err := io.ReadAll(connection); len(answer) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read %q, %v", answer, err)
	}
}

func TestResetLosesTheAnswerAfterTheCursorHasMoved(t *testing.T) {
	server, client, collector := faulty(t, "kind=reset")
	_, err := readNext(t, client, collector, 10)
	wantReset(t, err)
	page, err := readNext(t, client, collector, 10)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, page, numbered(11, 20)) // the first ten are lost to this collector
	wantKeys(t, readAll(t, client, mustCollect(t, client, everything), 1000), numbered(1, 101))
	if n := server.Sessions(); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func TestDropResetsTheConnectionBeforeTheCursorMoves(t *testing.T) {
	_, client, collector := faulty(t, "kind=drop")
	_, err := readNext(t, client, collector, 10)
	wantReset(t, err)
	wantKeys(t, readAll(t, client, collector, 1000), numbered(1, 101))
}

func TestTruncateEndsTheConnectionInTheMiddleOfAPage(t *testing.T) {
	server, client, collector := faulty(t, "kind=truncate")
	if _, err := readNext(t, client, collector, 10); err == nil {
		t.Error("a page that was cut is taken for whole")
	}
	page, err := readNext(t, client, collector, 10)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, page, numbered(11, 20))
	mustFault(t, server, "kind=truncate,count=1")
	body, err := ask(t, server)
	if len(body) == 0 || err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %d bytes, %v", len(body), err)
	}
}

func TestCutIsAWholeResponseWithHalfOfAPage(t *testing.T) {
	server, client, collector := faulty(t, "kind=cut")
	if _, err := readNext(t, client, collector, 10); err == nil {
		t.Error("a page that was cut is taken for whole")
	}
	mustFault(t, server, "kind=cut,count=1")
	if body, err := ask(t, server); err != nil || len(body) == 0 || strings.Contains(body, "</soapenv:Envelope>") {
		t.Errorf("read %s, %v", body, err)
	}
}

// ask makes a SOAP call without a library and returns what can be read of the answer.
func ask(t *testing.T, server *vcsim.Server) (string, error) {
	t.Helper()
	response, err := httpClient(t, server).Post(server.URL().String(), "text/xml", strings.NewReader(
		`<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>`+
			`<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this>`+
			`</RetrieveServiceContent></e:Body></e:Envelope>`))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestWrongContentComesInPlaceOfAPage(t *testing.T) {
	for fault, want := range map[string]string{
		"kind=html": "<!DOCTYPE html>", "kind=empty": "", "kind=garbage": "", "kind=status,code=502": "",
		"kind=fault,type=NotAuthenticated": `xsi:type="NotAuthenticated"`,
	} {
		t.Run(fault, func(t *testing.T) {
			server, client, collector := faulty(t, fault)
			if _, err := readNext(t, client, collector, 10); err == nil {
				t.Error("it is taken for a page")
			} else if strings.Contains(fault, "NotAuthenticated") {
				wantFault[types.NotAuthenticated](t, err)
			}
			wantKeys(t, readAll(t, client, collector, 1000), numbered(1, 101)) // the service has seen nothing of it
			mustFault(t, server, fault+",count=1")
			body, err := ask(t, server)
			if err != nil || !strings.Contains(body, want) || strings.Contains(body, "ServiceContent") {
				t.Errorf("read %.200s, %v", body, err)
			}
		})
	}
}

func TestStatusIsThatOfTheResponse(t *testing.T) {
	server := start(t, vcsim.Config{})
	mustFault(t, server, "kind=status,code=502,count=1")
	response, err := httpClient(t, server).Post(server.URL().String(), "text/xml", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestSlowDelaysTheAnswerAndThenTrickles(t *testing.T) {
	server, client, collector := faulty(t, "kind=slow,delay=200ms")
	begin := time.Now()
	if _, err := readNext(t, client, collector, 1); err != nil || time.Since(begin) < 200*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	mustFault(t, server, "kind=slow,rate=20000,count=1")
	begin = time.Now()
	body, err := ask(t, server)
	if due := time.Duration(len(body)) * time.Second / 20000; err != nil || time.Since(begin) < due/2 || len(body) < 2000 {
		t.Errorf("%d bytes after %v, want %v: %v", len(body), time.Since(begin), due, err)
	}
}

func TestAClientThatDoesNotWaitForASlowAnswerHasLostIt(t *testing.T) {
	_, client, collector := faulty(t, "kind=slow,delay=1h")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := readWithin(ctx, client, collector, 10); err == nil {
		t.Error("no error")
	}
	page, err := readNext(t, client, collector, 10)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, page, numbered(11, 20))
}

func TestAFaultStrikesItsMethodOnlyAndAsOftenAsItShould(t *testing.T) {
	server := start(t, vcsim.Config{History: 10})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	mustFault(t, server, "kind=fault,method=ReadNextEvents,count=2")
	mustFault(t, server, "kind=fault,method=ReadNextEvents,count=1,type=NotSupported")
	retrieve(t, client, "maxCollector")
	for range 2 {
		_, err := readNext(t, client, collector, 10)
		wantFault[types.SystemError](t, err)
	}
	wantKeys(t, readAll(t, client, collector, 10), numbered(1, 11)) // the second has struck behind the first
	list := faultList(t, server)
	if len(list) != 2 || list[0].Struck != 2 || list[1].Struck != 1 {
		t.Errorf("faults are %+v", list)
	}
}

func TestAFaultWithAProbabilityStrikesThatShareOfCalls(t *testing.T) {
	server := start(t, vcsim.Config{Seed: 7})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	mustFault(t, server, "kind=fault,method=ReadNextEvents,probability=0.3")
	failed := 0
	for range 300 {
		if _, err := readNext(t, client, collector, 1); err != nil {
			failed++
		}
	}
	if failed < 60 || failed > 120 {
		t.Errorf("%d of 300 calls failed, want some 90", failed)
	}
}

func TestARefusedConnectionIsNotHeldUp(t *testing.T) {
	server := start(t, vcsim.Config{})
	mustFault(t, server, "kind=restart,for=1h")
	begin := time.Now()
	_, err := ask(t, server)
	var network net.Error
	if err == nil || errors.As(err, &network) && network.Timeout() || time.Since(begin) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}
