package fn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// errNotEvent marks a request whose body was read in full and is no CloudEvent: to deliver it again cannot help.
var errNotEvent = errors.New("no valid CloudEvent")

// decode reads a CloudEvent in binary or structured mode. An error that is not errNotEvent is one of the connection: the event
// may be sound and must come again.
func (s *Server) decode(r *http.Request) (cloudevents.Event, error) {
	body, err := s.readBody(r.Body)
	if err != nil {
		return cloudevents.Event{}, err
	}
	return parse(r.Context(), r.Header, body)
}

func (s *Server) readBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, s.cfg.MaxBodyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if int64(len(body)) > s.cfg.MaxBodyBytes {
		s.discard(r)
		return nil, fmt.Errorf("%w: body is larger than %d bytes", errNotEvent, s.cfg.MaxBodyBytes)
	}
	return body, nil
}

// discard reads on, within bounds: a caller that writes all before it reads would see a broken connection and not the answer, and
// would deliver the same event for ever.
func (s *Server) discard(body io.Reader) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 16*s.cfg.MaxBodyBytes))
}

// parse keeps the parser's own message to itself, for it quotes the body. The SDK panics on some headers (a bare "Ce-").
func parse(ctx context.Context, header http.Header, body []byte) (ev cloudevents.Event, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: malformed headers", errNotEvent)
		}
	}()
	msg := cehttp.NewMessage(header, io.NopCloser(bytes.NewReader(body)))
	parsed, err := binding.ToEvent(ctx, msg)
	if err != nil || parsed == nil {
		return ev, fmt.Errorf("%w: content type %q, %d bytes, neither structured nor binary mode",
			errNotEvent, header.Get("Content-Type"), len(body))
	}
	if err := parsed.Validate(); err != nil {
		return *parsed, fmt.Errorf("%w: %w", errNotEvent, err)
	}
	return *parsed, nil
}
