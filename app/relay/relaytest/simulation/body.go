package simulation

import (
	"fmt"
	"strconv"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// body is what vCenter stores for an event.
type body struct {
	number  int // index in the record's rows
	class   string
	typeID  string
	entity  event.Ref
	user    string
	hidden  bool // the account may not see it
	broken  bool // it cannot be read
	unknown bool // of a class that nobody knows
	late    bool // it became visible after its key was allotted
	visible time.Duration
	burst   *history.Notice // it tells of one
}

func hidden(row *history.Row) bool { return row.Body.(*body).hidden }

func identity(of any) history.Identity {
	b := of.(*body)
	if b.user == "" {
		return history.Identity{}
	}
	return history.Identity{Class: b.class, Object: b.entity.Value, User: b.user}
}

// appendData writes the event as VI/JSON, or what of it the relay and the judge look at.
func (b *body) appendData(to []byte) []byte {
	to = append(to, `{"row":`...)
	to = strconv.AppendInt(to, int64(b.number), 10)
	if b.burst != nil && b.burst.Kind == history.BurstCompressed {
		to = fmt.Appendf(to, `,"arguments":[{"key":"eventType","value":{"_value":%q}},{"key":"objectId","value":{"_value":%q}},`+
			`{"key":"count","value":{"_value":%d}},{"key":"burstStartTime","value":{"_value":%q}}]`,
			b.burst.Class, b.burst.Object, b.burst.Count, b.burst.Start.Format(time.RFC3339Nano))
	}
	return append(to, '}')
}

func (b *body) burstCount() int {
	if b.burst == nil {
		return 0
	}
	return b.burst.Count
}

var noticeNames = [...]string{"EventBurstStartedEvent", "EventBurstCompressedEvent", "EventBurstEndedEvent", "AllEventBurstsEndedEvent"}
