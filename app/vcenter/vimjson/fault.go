package vimjson

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

var (
	// ErrNotSOAP means that something else answered in vCenter's place: a login page, a proxy, a load balancer. The
	// error's text holds the beginning of what came.
	ErrNotSOAP = errors.New("answer is not a SOAP page")
	// ErrSyntax means that the page is not well-formed XML. What was read before it is good.
	ErrSyntax = errors.New("page is not well-formed")
	// ErrTooLarge means that one event has more bytes than Options.MaxEvent. Next goes on behind it.
	ErrTooLarge = errors.New("event is too large")
	// ErrTooDeep means that one event nests deeper than Options.MaxDepth. Next goes on behind it.
	ErrTooDeep = errors.New("event nests too deep")
)

// EventError says which event could not be read. It wraps the reason. With ErrTooLarge and ErrTooDeep only this event is
// lost, and the reader can go on; after any other reason the rest of the page is lost too.
type EventError struct {
	Event Event // what was known of it by then, without Data
	Err   error
}

func (e *EventError) Error() string {
	if e.Event.Key == 0 {
		return "read event of unknown key: " + e.Err.Error()
	}
	return "read event " + strconv.Itoa(int(e.Event.Key)) + ": " + e.Err.Error()
}

func (e *EventError) Unwrap() error { return e.Err }

// FaultError is a SOAP fault that came in place of events. Type decides what to do: NotAuthenticated means to log in
// again, ManagedObjectNotFound that the collector is gone.
type FaultError struct {
	Type    string // vSphere's class, e.g. NotAuthenticated, InvalidState; empty if the fault names none
	Code    string // faultcode
	Message string // faultstring
	Detail  []byte // the fault as JSON, in the reader's layout; nil without
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("vCenter answers with fault %s (%s): %s", e.Type, e.Code, e.Message)
}

// fault reads the element Fault that was just opened.
func (r *Reader) fault() error {
	fault := &FaultError{}
	depth := r.in.depth()
	r.in.mark(r.options.MaxEvent, depth+r.options.MaxDepth)
	for {
		token, err := r.in.next()
		switch {
		case err != nil:
			return fmt.Errorf("read fault: %w", err)
		case token == tokenEnd && r.in.depth() < depth:
			return fault
		case token != tokenStart:
		default:
			if err := r.faultPart(fault); err != nil {
				return fmt.Errorf("read fault: %w", err)
			}
		}
	}
}

func (r *Reader) faultPart(fault *FaultError) error {
	e := &r.emit
	e.begin()
	switch string(r.in.tag.local) {
	case "faultcode":
		return e.stringTo(&fault.Code)
	case "faultstring":
		return e.stringTo(&fault.Message)
	case "detail":
		return nil // what it holds comes next
	}
	fault.Type = faultType(&r.in.tag)
	if err := e.dynamic(lookup([]byte(fault.Type))); err != nil {
		return err
	}
	fault.Detail = bytes.Clone(e.out)
	return nil
}

// stringTo reads the element's text.
func (e *emitter) stringTo(target *string) error {
	if err := e.quoted(); err != nil {
		return err
	}
	*target = string(e.unquote(0))
	return nil
}

// faultType is the xsi:type, or the name of an element such as NotAuthenticatedFault.
func faultType(t *tag) string {
	if len(t.kind) > 0 {
		return string(afterColon(t.kind))
	}
	return string(bytes.TrimSuffix(t.local, []byte("Fault")))
}
