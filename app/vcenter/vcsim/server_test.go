package vcsim_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestTheCertificateVerifiesWithItsPEMAndNotWithout(t *testing.T) {
	server := start(t, vcsim.Config{})
	connect(t, server) // trusts the PEM
	_, err := vim25.NewClient(t.Context(), soap.NewClient(server.URL(), false))
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("without the certificate: %v", err)
	}
}

func TestTheThumbprintIsThatOfTheCertificate(t *testing.T) {
	server := start(t, vcsim.Config{})
	transport := soap.NewClient(server.URL(), false)
	transport.SetThumbprint(server.URL().Host, server.Thumbprint())
	if _, err := vim25.NewClient(t.Context(), transport); err != nil {
		t.Error(err)
	}
}

func TestTheCertificateFileIsThereOnceTheServerListens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run", "vcsim", "ca.pem")
	server := newServer(t, vcsim.Config{CertFile: file})
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(written, server.CertificatePEM()) {
		t.Errorf("read %d bytes, %v", len(written), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("directory holds %v, %v", entries, err)
	}
}

func TestABusyPortNamesAddressAndRemedy(t *testing.T) {
	first := start(t, vcsim.Config{})
	second := newServer(t, vcsim.Config{Listen: first.URL().Host})
	err := second.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), first.URL().Host) ||
		!strings.Contains(err.Error(), "VCRELAY_VCSIM_LISTEN") {
		t.Errorf("error is %v", err)
	}
}

func TestEveryFaultOfAConfigurationIsNamed(t *testing.T) {
	_, err := vcsim.New(vcsim.Config{Listen: "nowhere", VMs: -1, Rate: -2})
	for _, word := range []string{"password", "listen address", "machines", "rate"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v does not name %s", err, word)
		}
	}
}

func TestTheVCenterSaysWhoItIs(t *testing.T) {
	server := start(t, vcsim.Config{InstanceUUID: "5a3b0000-1111-2222-3333-444444444444", Version: "9.0.0"})
	about := connect(t, server).ServiceContent.About
	if about.InstanceUuid != "5a3b0000-1111-2222-3333-444444444444" || about.Version != "9.0.0" ||
		about.ApiVersion != "9.0.0.0" {
		t.Errorf("about is %+v", about)
	}
	if about := connect(t, start(t, vcsim.Config{})).ServiceContent.About; about.ApiVersion != "8.0.3.0" {
		t.Errorf("by default, about is %+v", about)
	}
}

func TestRunStopsCleanlyWhileAClientWaits(t *testing.T) {
	server := newServer(t, vcsim.Config{History: 5, Rate: 50})
	stop := run(t, server)
	client := login(t, server)
	wait := newWait(t, client, client.ServiceContent.RootFolder, "name")
	wait.next(t)
	before := server.Calls()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = wait.ask(t) // a fault or a closed connection; here only its end counts
	}()
	for server.Calls() == before {
		<-tick(t)
	}
	stop() // fails the test if the client had to be cut off
	<-asked
	answer, err := httpClient(t, server).Get(server.URL().String())
	if err == nil {
		_ = answer.Body.Close()
		t.Error("the server still answers")
	}
}

func TestWhatIsDoneThroughTheAPIEntersTheHistory(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	client := login(t, server)
	vm, err := find.NewFinder(client.Client).VirtualMachine(t.Context(), "DC0_H0_VM0")
	if err != nil {
		t.Fatal(err)
	}
	task, err := vm.PowerOff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	events := readAll(t, client, mustCollect(t, client, everything), 100)
	wantKeys(t, events, numbered(1, int32(len(events))))
	for _, event := range events[5:] {
		if off, ok := event.(*types.VmPoweredOffEvent); ok && off.Vm.Vm == vm.Reference() && off.UserName == user {
			return
		}
	}
	t.Error("no VmPoweredOffEvent by the user")
}

func TestAPostedEventMayNameAnObjectOutsideTheInventory(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	_, err := methods.PostEvent(t.Context(), client, &types.PostEvent{
		This: *client.ServiceContent.EventManager,
		EventToPost: &types.EventEx{
			EventTypeId: "com.example.test", ObjectId: "vm-999999", ObjectType: "VirtualMachine",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	collector := mustCollect(t, client, types.EventFilterSpec{EventTypeId: []string{"com.example.test"}})
	events := readAll(t, client, collector, 10)
	if len(events) != 1 || events[0].GetEvent().UserName != user {
		t.Errorf("read %+v", events)
	}
}

func TestTagsAreServed(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	api := rest.NewClient(client.Client)
	if err := api.Login(t.Context(), url.UserPassword(user, "wrong")); err == nil {
		t.Error("a wrong password was accepted")
	}
	if err := api.Login(t.Context(), url.UserPassword(user, password)); err != nil {
		t.Fatal(err)
	}
	manager := tags.NewManager(api)
	category, err := manager.CreateCategory(t.Context(), &tags.Category{Name: "owner", Cardinality: "SINGLE"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manager.CreateTag(t.Context(), &tags.Tag{Name: "blue", CategoryID: category}); err != nil {
		t.Error(err)
	}
}
