package vcenter

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// readPage asks a collector for its next page, and has the events transcoded while they arrive. It is a call of our own
// beside govmomi's because building govmomi's structs takes most of the time of a relay.
func readPage(ctx context.Context, client *vim25.Client, collector types.ManagedObjectReference) ([]item, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, client.URL().String(), strings.NewReader(envelope(collector)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	request.Header.Set("SOAPAction", client.Namespace+"/"+client.Version)
	var page []item
	err = client.Do(ctx, request, func(answer *http.Response) error {
		if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusInternalServerError { // a fault comes with 500
			return fmt.Errorf("vCenter answers %s", answer.Status)
		}
		page, err = readItems(answer.Body)
		return err
	})
	if err != nil {
		return nil, err // what was read of a page that broke off is read again
	}
	return page, nil
}

// item is one event of a page, or why it could not be read.
type item struct {
	vimjson.Event
	err error
}

// readItems reads a page to its end. An event that is too large or nests too deep is no reason to lose the others.
func readItems(body io.Reader) ([]item, error) {
	reader := vimjson.NewReader(body, vimjson.Options{})
	page := make([]item, 0, pageSize)
	for {
		e, err := reader.Next()
		var broken *vimjson.EventError
		switch {
		case err == nil:
			page = append(page, item{Event: e, err: e.Flaw})
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return page, nil
		case errors.As(err, &broken) && (errors.Is(err, vimjson.ErrTooLarge) || errors.Is(err, vimjson.ErrTooDeep)):
			page = append(page, item{Event: broken.Event, err: broken.Err})
		default:
			return nil, err
		}
	}
}

func envelope(collector types.ManagedObjectReference) string {
	var id strings.Builder
	_ = xml.EscapeText(&id, []byte(collector.Value)) // a Builder never fails
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><ReadNextEvents xmlns="urn:vim25">`+
		`<_this type="EventHistoryCollector">%s</_this><maxCount>%d</maxCount></ReadNextEvents></Body></Envelope>`, id.String(), pageSize)
}
