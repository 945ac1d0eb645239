//go:build e2e

package backends_test

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/publish"
)

func TestAnArchiveOnS3HasOneObjectPerEventHoweverOftenItIsSent(t *testing.T) {
	m := startMoto(t)
	m.request("s3", http.MethodPut, "/vcenter-events",
		[]byte("<CreateBucketConfiguration><LocationConstraint>"+awsRegion+"</LocationConstraint></CreateBucketConfiguration>"), nil)
	stack := startSidecars(t, m.folder("s3-archive", "    - {name: forcePathStyle, value: \"true\"}\n"), "  - {appID: vcrelay, appDirPath: .}\n")
	dapr, hangUp, err := publish.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(stack.GRPCPort("vcrelay"))), "")
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp()
	events, archive := powered(1, 5), (*publish.Binding)(nil)
	for folder, metadata := range map[string]map[string]string{"2026-11-20/": nil, "fake/10/": {"key": "{vcname}/{hour}/{id}.json"}} {
		archive = publish.NewBinding(dapr, publish.BindingOptions{Component: "archive", Operation: "create", Metadata: metadata})
		if err := archive.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := archive.Publish(t.Context(), events); err != nil {
				t.Fatal(err)
			}
		}
		for i := range events {
			want := string(event.AppendCloudEvent(nil, &events[i]))
			if got := string(m.request("s3", http.MethodGet, "/vcenter-events/"+folder+events[i].ID()+".json", nil, nil)); got != want {
				t.Errorf("%s%s holds %s, want %s", folder, events[i].ID(), got, want)
			}
		}
	}
	listing := string(m.request("s3", http.MethodGet, "/vcenter-events?list-type=2", nil, nil))
	if count := strings.Count(listing, "<Key>"); count != 2*len(events) {
		t.Errorf("%d objects, want %d: %s", count, 2*len(events), listing)
	}
	m.process.Stop(t.Context(), awsPatience)
	if err := archive.Publish(t.Context(), events[:1]); err == nil {
		t.Error("an event was taken while there was no S3")
	}
}
