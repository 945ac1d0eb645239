package relay

import (
	"bytes"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// A window of large events is a short one: 200 of a mebibyte would be all the memory that a relay has.
func TestAWindowOfLargeEventsIsShort(t *testing.T) {
	d := newDelivery(&Stream{}, new(event.Position), time.Now())
	page := event.Page{}
	for key := range int32(100) {
		page.Events = append(page.Events, event.Event{Key: key, Data: bytes.Repeat([]byte("x"), 1<<20)})
	}
	d.page = &page
	next := make(chan struct{}, 1)
	for taken := 0; taken < 100; {
		d.takeOver(next)
		n := len(d.window.entries)
		if n == 0 || n > 9 {
			t.Fatalf("%d events of a mebibyte are in the window", n)
		}
		d.window.mark(d.window.entries, flying)
		d.window.mark(d.window.entries, done)
		taken += d.window.advance(&d.position)
	}
	if d.window.size != 0 || len(next) != 1 {
		t.Errorf("%d bytes are left, the next page is asked for: %v", d.window.size, len(next) == 1)
	}
}
