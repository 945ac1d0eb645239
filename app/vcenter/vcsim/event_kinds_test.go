package vcsim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// rawPage reads a page without decoding it.
func rawPage(t *testing.T, server *vcsim.Server, client *govmomi.Client, collector types.ManagedObjectReference) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL().String(), strings.NewReader(
		`<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>`+
			`<ReadNextEvents xmlns="urn:vim25"><_this type="EventHistoryCollector">`+collector.Value+`</_this>`+
			`<maxCount>1000</maxCount></ReadNextEvents></e:Body></e:Envelope>`))
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range client.Jar.Cookies(server.URL()) {
		request.AddCookie(cookie)
	}
	response, err := httpClient(t, server).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, err)
	}
	return string(body)
}

func TestUnknownIsAnEventOfAClassWithFieldsThatNoLibraryKnows(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	mustFault(t, server, "kind=unknown,count=2")
	wait := newWait(t, client, *client.ServiceContent.EventManager, "latestEvent")
	wait.next(t)
	server.Post(&types.VmPoweredOnEvent{})
	page := rawPage(t, server, client, mustCollect(t, client, everything))
	for _, want := range []string{
		`xsi:type="VmTeleportedEvent"`, "<key>2</key><chainId>2</chainId><createdTime>20", "<key>3</key>",
		`<destination xsi:type="PlanetEventArgument"><name>Mars &amp; moons</name>`, "<passengers>2</passengers>",
		"<fullFormattedMessage>A machine was teleported</fullFormattedMessage>", `:type="VmPoweredOnEvent"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s:\n%s", want, page)
		}
	}
	events := readAll(t, client, mustCollect(t, client, everything), 1000)
	if len(events) != 4 || events[1] != nil || events[2] != nil || events[3].GetEvent().Key != 4 {
		t.Errorf("govmomi reads %v, want nothing for what it does not know", events)
	}
	named := mustCollect(t, client, types.EventFilterSpec{EventTypeId: []string{"VmTeleportedEvent"}})
	if n := strings.Count(rawPage(t, server, client, named), "<returnval"); n != 2 {
		t.Errorf("the filter finds %d", n)
	}
	mustFault(t, server, "kind=unknown")
	retrieve(t, client, "latestEvent")
	wait.next(t)
	var properties mo.EventHistoryCollector
	pc := property.DefaultCollector(client.Client)
	if err := pc.RetrieveOne(t.Context(), named, []string{"latestPage"}, &properties); err != nil {
		t.Error(err)
	}
	log := lines(t, control(t, server, "GET", "/control/events", "", 200))
	if log[1].Class != "VmTeleportedEvent" || log[1].Key != 2 {
		t.Errorf("the log says %+v", log[1])
	}
}

func TestHugeIsAnEventOfThatManyMegabytes(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	mustFault(t, server, "kind=huge,size=3")
	events := readAll(t, client, mustCollect(t, client, everything), 10)
	if ex, ok := events[1].(*types.EventEx); !ok || len(ex.Message) != 3<<20 {
		t.Errorf("read a %T", events[1])
	}
}

func TestDeepIsAKnownClassWithAFieldOfManyLevels(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	mustFault(t, server, "kind=deep,depth=500")
	page := rawPage(t, server, client, mustCollect(t, client, everything))
	if strings.Count(page, "<nested>") != 500 || strings.Count(page, "</nested>") != 500 {
		t.Error("the levels are not there")
	}
	events := readAll(t, client, mustCollect(t, client, everything), 10)
	if e, ok := events[1].(*types.GeneralUserEvent); !ok || e.Message != "deep" || e.Key != 2 {
		t.Errorf("read a %T", events[1])
	}
}
