package vcenter_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// simulate runs a simulated vCenter until the test ends.
func simulate(t *testing.T, change func(*vcsim.Config)) *vcsim.Server {
	t.Helper()
	var config vcsim.Config
	if change != nil {
		change(&config)
	}
	return vcsimtest.Start(t, config)
}

// settings trusts the simulator by its certificate.
func settings(t *testing.T, server *vcsim.Server) vim.Config {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, server.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return vim.Config{
		URL: server.URL(), Name: "lab", CAFile: ca,
		Credentials: vcsimtest.Credentials,
	}
}

func connect(t *testing.T, config vim.Config) *vcenter.Source {
	t.Helper()
	source := vcenter.NewSource(config.Name, vim.NewDialer(config, zerolog.Nop()).Dial, zerolog.Nop())
	if _, err := source.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close(context.Background()) })
	return source
}

// read reads n events, or more when the last page holds more.
func read(t *testing.T, source *vcenter.Source, after event.Position, n int) []event.Event {
	t.Helper()
	reader, err := source.Open(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(t.Context())
	var events []event.Event
	for len(events) < n {
		page, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			e.Data = bytes.Clone(e.Data) // the reader uses its memory again
			events = append(events, e)
		}
	}
	return events
}

func TestHistoryIsReadFromItsBeginningWithoutGapOrRepeat(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History = 2500 })
	events := read(t, connect(t, settings(t, server)), event.Position{}, 2500)
	for i, e := range events {
		if int(e.Key) != i+1 {
			t.Fatalf("event %d has key %d", i, e.Key)
		}
	}
	if e := events[0]; e.Origin.InstanceUUID != server.InstanceUUID() || e.Origin.Source != server.URL().String() || e.Origin.Name != "lab" {
		t.Errorf("origin is %+v", e.Origin)
	}
}

func TestAResumedReaderBringsWhatIsNotDoneAndNothingElse(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History, c.HistorySpan = 2000, 10*time.Minute })
	source := connect(t, settings(t, server))
	all := read(t, source, event.Position{}, 2000)
	var position event.Position
	for i := range all[:1234] {
		position.Advance(&all[i])
	}
	rest := read(t, source, position, 2000-1234)
	if rest[0].Key != 1235 {
		t.Errorf("resumed at key %d, want 1235", rest[0].Key)
	}
	if rest[0].ID() != all[1234].ID() {
		t.Errorf("read again, the event has id %s, before %s", rest[0].ID(), all[1234].ID())
	}
}

func TestAnEventCommittedBeforeTheLastOneDoneIsStillRead(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History, c.HistorySpan = 100, time.Minute })
	source := connect(t, settings(t, server))
	all := read(t, source, event.Position{}, 100)
	var position event.Position
	for i := range all {
		if i != 42 {
			position.Advance(&all[i])
		}
	}
	rest := read(t, source, position, 1)
	if rest[0].Key != all[42].Key {
		t.Errorf("got key %d, want the one that was left out, %d", rest[0].Key, all[42].Key)
	}
}

func TestAnEndedSessionFailsTheReaderAndTheNextOneLogsInAgain(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History = 10 })
	source := connect(t, settings(t, server))
	reader, err := source.Open(t.Context(), event.Position{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := reader.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var position event.Position
	for i := range page.Events {
		position.Advance(&page.Events[i])
	}
	server.TerminateSessions()
	if _, err := reader.Next(t.Context()); err == nil {
		t.Fatal("reading went on in a session that had ended")
	}
	reader.Close(t.Context())
	last := position.Key
	rest := read(t, source, position, 1)
	if rest[0].Key != last+1 {
		t.Errorf("went on at key %d, want %d", rest[0].Key, last+1)
	}
}

func TestAReaderLeavesNoCollectorBehind(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History = 10 })
	source := connect(t, settings(t, server))
	for range 40 { // vCenter allows 32
		read(t, source, event.Position{}, 10)
	}
	if n := server.Collectors(); n != 0 {
		t.Errorf("%d collectors are left", n)
	}
}

func TestRefusedCredentialsAreTriedThreeTimesAndThenNotForAWhile(t *testing.T) {
	server := simulate(t, nil)
	config := settings(t, server)
	logins := 0
	config.Credentials = func(context.Context) (*url.Userinfo, error) {
		logins++
		return url.UserPassword(vcsimtest.User, "wrong"), nil
	}
	source := vcenter.NewSource(config.Name, vim.NewDialer(config, zerolog.Nop()).Dial, zerolog.Nop())
	for range 10 {
		_, err := source.Connect(t.Context())
		if !errors.Is(err, vim.ErrCredentials) {
			t.Fatalf("error is %v", err)
		}
		if strings.Contains(err.Error(), "wrong") {
			t.Fatalf("the error shows the password: %v", err)
		}
	}
	if logins != 3 {
		t.Errorf("%d logins were tried: that locks the account", logins)
	}
}

func TestACertificateThatIsNotTrustedGetsNoCredentials(t *testing.T) {
	server := simulate(t, nil)
	other := simulate(t, nil)
	for name, change := range map[string]func(*vim.Config){
		"system roots":    func(c *vim.Config) { c.CAFile = "" },
		"other authority": func(c *vim.Config) { c.CAFile = settings(t, other).CAFile },
		"other thumbprint": func(c *vim.Config) {
			c.CAFile, c.Thumbprint = "", other.Thumbprint()
		},
		"other thumbprint of a trusted certificate": func(c *vim.Config) { c.Thumbprint = other.Thumbprint() },
	} {
		config := settings(t, server)
		change(&config)
		config.Credentials = func(context.Context) (*url.Userinfo, error) {
			t.Errorf("%s: credentials were asked for", name)
			return url.UserPassword(vcsimtest.User, vcsimtest.Password), nil
		}
		if _, err := vcenter.NewSource(config.Name, vim.NewDialer(config, zerolog.Nop()).Dial, zerolog.Nop()).Connect(t.Context()); !errors.Is(err, vim.ErrCertificate) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestACertificateThatIsReplacedIsCheckedAgainstTheFileAsItIsNow(t *testing.T) {
	var source *vcenter.Source
	var first vcsim.Config
	authority := filepath.Join(t.TempDir(), "ca.pem")
	t.Run("first certificate", func(t *testing.T) { // at whose end the server does
		server := simulate(t, func(c *vcsim.Config) { c.CertFile = authority })
		first = vcsim.Config{Listen: server.URL().Host, InstanceUUID: server.InstanceUUID(), CertFile: authority}
		config := settings(t, server)
		config.CAFile = authority
		source = vcenter.NewSource(config.Name, vim.NewDialer(config, zerolog.Nop()).Dial, zerolog.Nop())
		if _, err := source.Now(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	simulate(t, func(c *vcsim.Config) { *c = first })
	if _, err := source.Now(t.Context()); !errors.Is(err, vim.ErrCertificate) && !errors.Is(err, vcenter.ErrSessionEnded) {
		t.Errorf("the session goes on with another certificate: %v", err)
	}
	if _, err := source.Now(t.Context()); err != nil {
		t.Errorf("the new certificate is in the file, and not trusted: %v", err)
	}
	source.Close(t.Context())
}

func TestACertificateIsTrustedByItsThumbprint(t *testing.T) {
	server := simulate(t, nil)
	config := settings(t, server)
	config.CAFile, config.Thumbprint = "", server.Thumbprint()
	connect(t, config)

	config.Thumbprint = ""
	config.KnownHosts = filepath.Join(t.TempDir(), "known_hosts")
	line := server.URL().Host + " " + server.Thumbprint() + "\n"
	if err := os.WriteFile(config.KnownHosts, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	connect(t, config)
}

func TestAnUnreadableAuthorityFileIsAFaultOfTheSettings(t *testing.T) {
	server := simulate(t, nil)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + ".missing"} {
		config := settings(t, server)
		config.CAFile = file
		_, err := vcenter.NewSource(config.Name, vim.NewDialer(config, zerolog.Nop()).Dial, zerolog.Nop()).Connect(t.Context())
		if !errors.Is(err, vim.ErrSettings) || !strings.Contains(err.Error(), file) {
			t.Errorf("error is %v", err)
		}
	}
}

func TestAnotherVCenterBehindTheSameURLIsNotTakenForTheFirst(t *testing.T) {
	var address string
	var source *vcenter.Source
	t.Run("first", func(t *testing.T) {
		server := simulate(t, nil)
		address = server.URL().Host
		config := settings(t, server)
		config.CAFile, config.Insecure = "", true
		source = vcenter.NewSource(config.Name, vim.NewDialer(config, zerolog.Nop()).Dial, zerolog.Nop())
		if _, err := source.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		source.Close(t.Context())
	})
	simulate(t, func(c *vcsim.Config) { c.Listen = address })
	if _, err := source.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "another vCenter") {
		t.Errorf("error is %v", err)
	}
}

// VmTeleportedEvent is a class that no client knows.
type VmTeleportedEvent struct { //nolint:revive // the name goes over the wire
	types.VmEvent

	Distance int `xml:"distance"`
}

func TestAnEventOfAnUnknownClassPassesThroughWhole(t *testing.T) {
	server := simulate(t, func(c *vcsim.Config) { c.History = 3 })
	server.Post(&VmTeleportedEvent{Distance: 42})
	server.Post(&types.VmPoweredOnEvent{})
	events := read(t, connect(t, settings(t, server)), event.Position{}, 5)
	unknown := events[3]
	if unknown.Key != 4 || unknown.Class != "VmTeleportedEvent" || !strings.Contains(string(unknown.Data), `"distance":"42"`) {
		t.Errorf("it arrives as %s %d: %s", unknown.Class, unknown.Key, unknown.Data)
	}
	if events[4].Key != 5 {
		t.Errorf("after it comes key %d", events[4].Key)
	}
}

func TestNextEndsWithItsContext(t *testing.T) {
	source := connect(t, settings(t, simulate(t, nil)))
	now, err := source.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reader, err := source.Open(t.Context(), event.Position{Start: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := reader.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
