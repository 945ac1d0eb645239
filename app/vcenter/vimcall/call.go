// Package vimcall calls vCenter through govmomi's client, for answers that are read while they arrive: govmomi would make
// structs of them first.
package vimcall

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// maxRest is what may follow of an answer that was read.
const maxRest = 64 << 10

// Do calls a method and hands the answer to read, a SOAP fault like any other. Arguments are XML.
func Do(ctx context.Context, client *vim25.Client, method string, this types.ManagedObjectReference, arguments string, read func(io.Reader) error) error {
	call := strings.NewReader(envelope(method, this, arguments))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, client.URL().String(), call)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	request.Header.Set("SOAPAction", client.Namespace+"/"+client.Version)
	return client.Do(ctx, request, func(answer *http.Response) error {
		if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusInternalServerError { // a fault comes with 500
			return fmt.Errorf("vCenter answers %s", answer.Status)
		}
		if err := read(answer.Body); err != nil {
			return err
		}
		_, _ = io.CopyN(io.Discard, answer.Body, maxRest) // a connection with a body that was not read to its end is not used again
		return nil
	})
}

func envelope(method string, this types.ManagedObjectReference, arguments string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Body>`+
		`<%[1]s xmlns="urn:vim25"><_this type="%[2]s">%[3]s</_this>%[4]s</%[1]s></Body></Envelope>`,
		method, Escape(this.Type), Escape(this.Value), arguments)
}

// Escape is text as it stands in XML.
func Escape(text string) string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // a Buffer never fails
	return escaped.String()
}
