package probe_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/vcrelay/vcrelay/app/vcenter/probe"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// element is one of a page, with what has to stay of it.
type element struct{ name, class, text string }

// elements lists those of a page in their order. The text is that of keys and times of events.
func elements(t *testing.T, page []byte) []element {
	t.Helper()
	var all []element
	depth := 0
	decoder := xml.NewDecoder(bytes.NewReader(page))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			all = append(all, element{name: e.Name.Local})
			for _, a := range e.Attr {
				if a.Name.Local == "type" {
					all[len(all)-1].class = a.Value
				}
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 5 && slices.Contains([]string{"key", "chainId", "createdTime"}, all[len(all)-1].name) {
				all[len(all)-1].text += string(e)
			}
		}
	}
}

func keysOf(page []element) (keys []string) {
	for _, e := range page {
		if e.name == "key" && e.text != "" {
			keys = append(keys, e.text)
		}
	}
	return keys
}

func TestAPageInTheFileHasTheElementsClassesKeysAndTimesOfTheOneThatVcenterSent(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 900})
	fault(t, server, "kind=unknown,count=3")
	fault(t, server, "kind=deep")
	w := between(t, server)
	result := measure(t, w.dial(t), probe.Options{Pages: 3})
	if len(result.Pages) != 3 {
		t.Fatalf("%d pages: %v", len(result.Pages), result.Report.Failed)
	}
	var originals [][]element
	for _, page := range w.pages {
		originals = append(originals, elements(t, page))
	}
	for i, page := range result.Pages {
		got := elements(t, page)
		if len(keysOf(got)) != 100 {
			t.Errorf("page %d has %d keys", i+1, len(keysOf(got)))
		}
		if !slices.ContainsFunc(originals, func(original []element) bool { return slices.Equal(original, got) }) {
			t.Errorf("page %d, of keys %v..., is none that was sent", i+1, keysOf(got)[:3])
		}
	}
}

func TestWithoutPagesNothingOfAnEventIsTakenAlong(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 100})
	result := measure(t, direct(server), probe.Options{})
	for name := range saved(t, result) {
		if len(result.Pages) > 0 || name == "pages/1.xml" {
			t.Errorf("%s is there", name)
		}
	}
}
