package probe_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/probe"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// secrets are what must not be seen, in no form.
var secrets = []string{
	"Ärger & Söhne <vm>", "ACME-Payroll", "hunter2-S3cr3t", "esx-bonn-17.acme.example", "10.20.30.40", "fd00:dead:beef::17",
	"00:50:56:9a:be:ef", "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b", "[acme-ds-01] web/web.vmx", "VM Network Bonn", "Folder Köln", "DC Köln-Süd",
	`ACME\jürgen.müller`, "com.acme.payroll.Started", "acme-argument", "syslog.acme.example", user, password, "naa.60a9800041764b6c",
}

// hostile posts events that hold the secrets wherever an event can hold a text.
func hostile(server *vcsim.Server) {
	reference := func(kind, value string) types.ManagedObjectReference {
		return types.ManagedObjectReference{Type: kind, Value: value, ServerGUID: secrets[7]}
	}
	base := types.Event{
		UserName: secrets[12], FullFormattedMessage: "Password " + secrets[2] + " of " + secrets[0] + " was sent to " + secrets[4], ChangeTag: secrets[7],
		Vm:         &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: secrets[0]}, Vm: reference("VirtualMachine", "vm-"+secrets[1])},
		Host:       &types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: secrets[3]}, Host: reference("HostSystem", secrets[7])},
		Datacenter: &types.DatacenterEventArgument{EntityEventArgument: types.EntityEventArgument{Name: secrets[11]}, Datacenter: reference(secrets[1], "dc")},
		Ds:         &types.DatastoreEventArgument{EntityEventArgument: types.EntityEventArgument{Name: secrets[8]}, Datastore: reference("Datastore", "ds")},
		Net:        &types.NetworkEventArgument{EntityEventArgument: types.EntityEventArgument{Name: secrets[9]}, Network: reference("Network", "n")},
	}
	arguments := []types.KeyAnyValue{{Key: "acme-argument", Value: secrets[4]}, {Key: "count", Value: secrets[4]}, {Key: "eventType", Value: secrets[13]}}
	for _, secret := range secrets {
		arguments = append(arguments, types.KeyAnyValue{Key: secret, Value: secret},
			types.KeyAnyValue{Key: "list", Value: types.ArrayOfString{String: []string{secret}}},
			types.KeyAnyValue{Key: "encoded", Value: base64.StdEncoding.EncodeToString([]byte(secret))},
			types.KeyAnyValue{Key: "bytes", Value: types.ByteSlice(secret)})
	}
	for range 40 {
		server.Post(&types.EventEx{
			Event: base, EventTypeId: secrets[13], Severity: secrets[1], Message: secrets[2], Arguments: arguments,
			ObjectId: secrets[7], ObjectType: secrets[1], ObjectName: secrets[0],
			Fault: &types.LocalizedMethodFault{Fault: &types.FileNotFound{FileFault: types.FileFault{File: secrets[8]}}, LocalizedMessage: secrets[2]},
		})
		server.Post(&types.ExtendedEvent{
			GeneralEvent: types.GeneralEvent{Event: base, Message: secrets[2]}, EventTypeId: secrets[13], ManagedObject: reference("Folder", secrets[10]),
			Data: []types.ExtendedEventPair{{Key: secrets[14], Value: secrets[10]}, {Key: "mac", Value: secrets[6]}, {Key: "ip6", Value: secrets[5]}},
		})
		server.Post(&types.VmReconfiguredEvent{VmEvent: types.VmEvent{Event: base}, ConfigSpec: types.VirtualMachineConfigSpec{
			Name: secrets[0], Uuid: secrets[7], Annotation: secrets[2], Files: &types.VirtualMachineFileInfo{VmPathName: secrets[8]},
			ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: secrets[14], Value: secrets[15]}},
		}})
		server.Post(&types.BadUsernameSessionEvent{SessionEvent: types.SessionEvent{Event: base}, IpAddress: secrets[4]})
	}
}

// forms are the ways in which a text may be written.
func forms(text string) map[string]string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text))
	quoted, _ := json.Marshal(text)
	var latin1, wide, decimal, numbers, lines []byte
	for _, r := range text {
		latin1 = append(latin1, byte(r))
		decimal = append(decimal, "&#"+strconv.Itoa(int(r))+";"...)
	}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for _, b := range []byte(text) {
		numbers = append(numbers, strconv.Itoa(int(int8(b)))+","...)
		lines = append(lines, "<byte>"+strconv.Itoa(int(int8(b)))+"</byte>"...)
	}
	all := map[string]string{
		"plain": text, "XML": escaped.String(), "HTML": html.EscapeString(text), "JSON": string(quoted[1 : len(quoted)-1]),
		"ASCII": strings.Trim(strconv.QuoteToASCII(text), `"`), "a URL's query": url.QueryEscape(text), "a URL's path": url.PathEscape(text),
		"hex": hex.EncodeToString([]byte(text)), "upper hex": strings.ToUpper(hex.EncodeToString([]byte(text))), "Latin-1": string(latin1),
		"UTF-16": string(wide), "decimal entities": string(decimal), "numbers": string(numbers), "a ByteSlice": string(lines),
		"lower case": strings.ToLower(text), "upper case": strings.ToUpper(text),
	}
	for shift := range 3 { // base64 depends on what stands before
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
		core := whole[(shift*8+5)/6 : len(whole)-4]
		all["base64 "+strconv.Itoa(shift)] = core
		all["base64 of URLs "+strconv.Itoa(shift)] = strings.NewReplacer("+", "-", "/", "_").Replace(core)
	}
	return all
}

func TestNothingThatNamesAVcenterIsLeftInTheFileOrOnStandardOutput(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 200, InstanceUUID: secrets[7]})
	hostile(server)
	setOption(t, server, "event.forward", secrets[15])
	entries := saved(t, measure(t, direct(server), probe.Options{Watch: time.Second / 5, Pages: 8}.Hasty()))
	if len(entries) < 8 {
		t.Fatalf("only %d entries", len(entries))
	}
	posted := 0
	names := []string{"DC0_H0_VM0", "127.0.0.1", server.URL().Host, "web.vmx"}
	for name, content := range entries {
		posted += bytes.Count(content, []byte(`type="VmReconfiguredEvent"`))
		for _, secret := range append(names, secrets...) {
			for form, text := range forms(secret) {
				if at := bytes.Index(content, []byte(text)); at >= 0 && len(text) >= 6 { // a shorter one stands anywhere
					t.Errorf("%s holds %q (%s of %q): %q", name, text, form, secret, content[max(0, at-60):min(len(content), at+60)])
				}
			}
		}
	}
	if posted == 0 {
		t.Error("no page has one of the posted events: nothing was tested")
	}
	if !bytes.Contains(entries["report.json"], []byte(`"event.forward"`)) {
		t.Error("the setting with a text was not read: nothing was tested")
	}
}

// setOption sets a setting of the vCenter.
func setOption(t *testing.T, server *vcsim.Server, name, value string) {
	t.Helper()
	client, err := direct(server)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = methods.UpdateOptions(t.Context(), client, &types.UpdateOptions{
		This: *client.ServiceContent.Setting, ChangedValue: []types.BaseOptionValue{&types.OptionValue{Key: name, Value: value}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := methods.Logout(t.Context(), client, &types.Logout{This: *client.ServiceContent.SessionManager}); err != nil {
		t.Fatal(err)
	}
}
