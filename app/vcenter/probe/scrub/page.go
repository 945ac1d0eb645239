package scrub

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// ErrNotPage means that something is no page of events, or not one that can be taken apart to the last byte.
var ErrNotPage = errors.New("not a page of events")

const maxDepth = 10_000

// Page returns the page with placeholders. Its error is ErrNotPage.
func (s *Scrubber) Page(page []byte) ([]byte, error) {
	w := &walk{scrubber: s, decoder: xml.NewDecoder(bytes.NewReader(page)), page: page, prefixes: map[string]bool{}}
	for {
		err := w.step()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(w.open) > 0 || !w.whole {
		return nil, fmt.Errorf("%w: it ends early", ErrNotPage)
	}
	return w.out.Bytes(), nil
}

// walk is one way through a page.
type walk struct {
	scrubber *Scrubber
	decoder  *xml.Decoder
	page     []byte
	out      bytes.Buffer
	open     []element
	empty    bool            // the element on top was written as <a/>: its end tag comes without a text
	whole    bool            // the envelope has been seen to its end
	prefixes map[string]bool // those that stand for the schema instance: the xsi of xsi:type
}

// element is one that is open.
type element struct {
	xml.Name
	argument string // the text of the key in it, if that is on the list
}

// keeps tells it of the key and the value of an argument; the key comes first.
func (e *element) keeps(name, text string) bool {
	switch name {
	case "key":
		if _, listed := arguments[strings.ToLower(text)]; listed {
			e.argument = strings.ToLower(text)
			return true
		}
	case "value":
		harmless, listed := arguments[e.argument]
		return listed && harmless(text)
	}
	return false
}

func (w *walk) step() error {
	before := w.decoder.InputOffset()
	token, err := w.decoder.RawToken()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("%w: after %d bytes it is not well-formed", ErrNotPage, before) // the error itself quotes the page
	}
	switch t := token.(type) {
	case xml.StartElement:
		return w.start(t, bytes.HasSuffix(w.page[before:w.decoder.InputOffset()], []byte("/>")))
	case xml.EndElement:
		return w.end(t)
	case xml.CharData:
		return w.text(string(t))
	case xml.ProcInst:
		if t.Target == "xml" {
			w.out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
		}
		return nil
	case xml.Comment:
		return nil
	default:
		return fmt.Errorf("%w: it has a document type", ErrNotPage)
	}
}

var elementName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,80}$`)

func (w *walk) start(t xml.StartElement, empty bool) error {
	if err := w.check(t.Name); err != nil {
		return err
	}
	w.open = append(w.open, element{Name: t.Name})
	w.out.WriteString("<" + qualified(t.Name))
	for _, a := range t.Attr {
		if !isName(a.Name) {
			return fmt.Errorf("%w: an attribute has an unusual name", ErrNotPage)
		}
		w.attribute(a)
	}
	w.empty = empty
	if empty {
		w.out.WriteByte('/')
	}
	w.out.WriteByte('>')
	return nil
}

// check refuses what is no answer with events: the page of a proxy, a fault.
func (w *walk) check(name xml.Name) error {
	depth := len(w.open) + 1
	switch {
	case !isName(name):
		return fmt.Errorf("%w: an element has an unusual name", ErrNotPage)
	case depth > maxDepth:
		return fmt.Errorf("%w: it nests too deep", ErrNotPage)
	case depth == 1 && (name.Local != "Envelope" || w.whole),
		depth == 2 && name.Local != "Body" && name.Local != "Header",
		depth == 3 && w.top().Local == "Body" && !strings.HasSuffix(name.Local, "Response"):
		return fmt.Errorf("%w: it is no answer of SOAP with events", ErrNotPage)
	}
	return nil
}

func isName(name xml.Name) bool {
	return elementName.MatchString(name.Local) && (name.Space == "" || elementName.MatchString(name.Space))
}

func qualified(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}

func (w *walk) attribute(a xml.Attr) {
	value := a.Value
	if !w.keepsAttribute(a) && strings.TrimSpace(value) != "" {
		value = w.scrubber.Placeholder(value)
	}
	w.out.WriteString(" " + qualified(a.Name) + `="`)
	_ = xml.EscapeText(&w.out, []byte(value)) // a Buffer never fails
	w.out.WriteByte('"')
}

func (w *walk) keepsAttribute(a xml.Attr) bool {
	switch {
	case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
		if a.Value == schemaInstance {
			w.prefixes[a.Name.Local] = true
		}
		return namespaces.MatchString(a.Value)
	case w.prefixes[a.Name.Space] && a.Name.Local == "type":
		return isClass(a.Value)
	case w.prefixes[a.Name.Space] && a.Name.Local == "nil":
		return truth(a.Value)
	case a.Name.Space == "" && a.Name.Local == "type":
		return isManagedType(a.Value)
	default:
		return false
	}
}

func (w *walk) end(t xml.EndElement) error {
	if len(w.open) == 0 || w.top().Name != t.Name {
		return fmt.Errorf("%w: an element ends that did not begin", ErrNotPage)
	}
	w.open = w.open[:len(w.open)-1]
	w.whole = w.whole || len(w.open) == 0
	if w.empty {
		w.empty = false
		return nil
	}
	w.out.WriteString("</" + qualified(t.Name) + ">")
	return nil
}

func (w *walk) text(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		w.out.WriteString(text) // between elements
		return nil
	case len(w.open) == 0:
		return fmt.Errorf("%w: text stands outside of it", ErrNotPage)
	case !w.keepsText(text):
		text = w.scrubber.Placeholder(text)
	}
	_ = xml.EscapeText(&w.out, []byte(text))
	return nil
}

// keepsText looks the text's element up in the lists, by its name and by what it is in.
func (w *walk) keepsText(text string) bool {
	name, parent := w.top().Local, w.at(1)
	if len(w.open) == 5 && parent.Local == "returnval" {
		if harmless, listed := ofEvent[name]; listed {
			return harmless(text)
		}
	}
	if parent.Local == "arguments" && len(w.open) == 6 && parent.keeps(name, text) {
		return true
	}
	harmless, listed := anywhere[name]
	return listed && harmless(text)
}

func (w *walk) top() *element { return w.at(0) }

// at is the open element that many levels above the top; an empty one beyond the root.
func (w *walk) at(levels int) *element {
	if levels >= len(w.open) {
		return &element{}
	}
	return &w.open[len(w.open)-1-levels]
}
