//go:build e2e

package e2e_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

// A binding of object storage, here of files, gets one object per event, and the same one when an event is sent again.
func TestAnArchiveHasOneObjectPerEventHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	component := fmt.Sprintf("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: archive}\n"+
		"spec:\n  type: bindings.localstorage\n  version: v1\n  metadata: [{name: rootPath, value: %q}]\n", folder)
	dapr, hangUp, err := publish.Dial(address(sidecar(t, component)), "")
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp()
	hostile := relaytest.NewEvent(2, "vm-2")
	hostile.Class, hostile.TypeID = event.ClassEventEx, "../../../escaped"
	events := []event.Event{relaytest.NewEvent(1, "vm-1"), hostile}
	want := make(map[string]string)
	for name, metadata := range map[string]map[string]string{
		"2026-11-20/%s.json": nil,
		"fake/10/%s":         {"fileName": "{vcname}/{hour}/{name}"},
	} {
		b := publish.NewBinding(dapr, publish.BindingOptions{Component: "archive", Operation: "create", Metadata: metadata})
		if err := b.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := b.Publish(t.Context(), events); err != nil {
				t.Fatal(err)
			}
		}
		for i := range events {
			text := events[i].ID()
			if metadata != nil {
				text = event.Expand("{name}", &events[i])
			}
			want[fmt.Sprintf(name, text)] = string(event.AppendCloudEvent(nil, &events[i]))
		}
	}
	got := files(t, folder)
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s holds %q, want %s", name, got[name], text)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("there is %s as well", name)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "..", "*escaped*")); err != nil || len(left) > 0 {
		t.Errorf("an event left its folder: %v", left)
	}
}

// files are those of a folder, by their path in it.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	within := os.DirFS(folder)
	err := fs.WalkDir(within, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(within, path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
