package probe

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"time"

	"github.com/vmware/govmomi/vim25/soap"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

const (
	unusual = "[unusual]"
	lost    = "connection lost"
)

var (
	plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$`)
	className = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{1,80}$`)
)

// plain lets a version, a build or a product id pass, and nothing that could be a sentence or an address.
func plain(text string) string {
	if text == "" || plainWord.MatchString(text) {
		return text
	}
	return unusual
}

// faultOf is the class of vCenter's fault, empty if err is none.
func faultOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) { // govmomi looks only at the error itself
		name := ""
		inPage, isInPage := err.(*vimjson.FaultError) //nolint:errorlint // the loop unwraps
		switch {
		case isInPage:
			name = inPage.Type
		case soap.IsSoapFault(err):
			name = nameOf(soap.ToSoapFault(err).VimFault())
		case soap.IsVimFault(err):
			name = nameOf(soap.ToVimFault(err))
		default:
			continue
		}
		if !className.MatchString(name) {
			return "a fault"
		}
		return name
	}
	return ""
}

func nameOf(fault any) string {
	typ := reflect.TypeOf(fault)
	if typ == nil {
		return ""
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.Name()
}

// reason says why a call failed, without the words of the error: they may hold names and addresses.
func reason(err error) string {
	if fault := faultOf(err); fault != "" {
		return fault
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within " + callTimeout.String()
	case errors.Is(err, errNotRead):
		return "the page could not be read"
	case errors.Is(err, errNothing):
		return "there was no event to do it with"
	default:
		return lost
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
