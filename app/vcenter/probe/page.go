package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vimcall"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// maxPage is the most bytes of a page that are taken.
const maxPage = 256 << 20

// errNotRead means that vCenter's answer is no page of events that can be read to its end.
var errNotRead = errors.New("page cannot be read")

// page is an answer with events: as it came, and what matters of it.
type page struct {
	raw    []byte
	events []head
	flawed int           // events without a key or time, or too large
	took   time.Duration // from the request to the last byte
}

// head is what the probe needs of an event.
type head struct {
	vcenter.Mark
	name string // EventTypeId, or the class
}

// next reads the next page of a collector.
func (c *collector) next(ctx context.Context, size int32) (*page, error) {
	return c.session.read(ctx, "ReadNextEvents", c.ref, fmt.Sprintf("<maxCount>%d</maxCount>", size))
}

// read makes a call whose answer is a page.
func (s *session) read(ctx context.Context, method string, this types.ManagedObjectReference, arguments string) (*page, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p := &page{}
	began := time.Now()
	err := vimcall.Do(ctx, s.client, method, this, arguments, func(answer io.Reader) (err error) {
		p.raw, err = io.ReadAll(io.LimitReader(answer, maxPage))
		return err
	})
	p.took = time.Since(began)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return p, p.parse()
}

func (p *page) parse() error {
	reader := vimjson.NewReader(bytes.NewReader(p.raw), vimjson.Options{})
	for {
		e, err := reader.Next()
		var fault *vimjson.FaultError
		switch {
		case err == nil && e.Flaw == nil:
			h := head{Mark: vcenter.Mark{Key: e.Key, Created: e.Created}, name: e.TypeID}
			if h.name == "" {
				h.name = e.Class
			}
			p.events = append(p.events, h)
		case err == nil, errors.Is(err, vimjson.ErrTooLarge), errors.Is(err, vimjson.ErrTooDeep):
			p.flawed++
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case errors.As(err, &fault):
			return fmt.Errorf("read events: %w", err)
		default:
			return fmt.Errorf("%w: %w", errNotRead, err)
		}
	}
}

// empty tells a page without any event from one with events that cannot be read.
func (p *page) empty() bool { return p.len() == 0 }

func (p *page) len() int { return len(p.events) + p.flawed }
