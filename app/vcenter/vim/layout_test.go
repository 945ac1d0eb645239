package vim_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

func TestEachCursorBringsEventsInTheLayoutOfItsConfig(t *testing.T) {
	server := serve(t, func(c *vcsim.Config) { c.History, c.Version = 2500, "9.0.0" })
	for layout, beginning := range map[event.Layout]string{
		event.LayoutVIJSON: `{"_typeName":"`, event.LayoutPascalCase: `{"Key":`, event.LayoutXML: "<",
	} {
		session, err := vim.NewDialer(vim.Config{
			URL: server.URL(), Name: "lab", Thumbprint: server.Thumbprint(), Layout: layout, Credentials: vcsimtest.Credentials,
		}, zerolog.Nop()).Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { session.Close(context.Background()) })
		byTime, err := session.OpenSpan(t.Context(), vcenter.Span{})
		if err != nil {
			t.Fatal(err)
		}
		for name, cursor := range map[string]vcenter.Cursor{"by time": byTime, "by key": session.OpenAfter(0)} {
			for range 3 { // a reader is used again for the third page
				items, err := cursor.Next(t.Context())
				if err != nil || len(items) == 0 {
					t.Fatalf("%s: %d events, %v", name, len(items), err)
				}
				for i := range items {
					if data := items[i].Data; !bytes.HasPrefix(data, []byte(beginning)) || items[i].Severity == "" || items[i].Err != nil {
						t.Fatalf("%s in layout %d: severity %q, %v: %s", name, layout, items[i].Severity, items[i].Err, data)
					}
				}
			}
			cursor.Close(t.Context())
		}
	}
}
