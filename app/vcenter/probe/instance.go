package probe

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

// about notes what vCenter said at the login.
func (p *probe) about(context.Context) error {
	about := p.session.client.ServiceContent.About
	p.report.About = &About{
		Version: plain(about.Version), PatchLevel: plain(about.PatchLevel), APIVersion: plain(about.ApiVersion),
		Build: plain(about.Build), APIType: plain(about.ApiType), ProductLineID: plain(about.ProductLineId), OSType: plain(about.OsType),
	}
	return nil
}

const clockReads = 5

// clock asks for the time and believes the answer that came fastest.
func (p *probe) clock(ctx context.Context) error {
	fastest := time.Duration(-1)
	for range clockReads {
		began := time.Now()
		now, err := p.currentTime(ctx)
		if err != nil {
			return err
		}
		if took := time.Since(began); fastest < 0 || took < fastest {
			fastest, p.ahead = took, now.Sub(began.Add(took/2))
			p.report.Clock = &Clock{AheadMs: milliseconds(p.ahead), RoundTripMs: milliseconds(took)}
		}
	}
	return nil
}

func (p *probe) currentTime(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	now, err := methods.GetCurrentTime(ctx, p.session.client)
	if err != nil {
		return time.Time{}, err
	}
	return *now, nil
}

// manager notes maxCollector, whether there is a latestEvent, and whether its key and time can be had without the rest.
func (p *probe) manager(ctx context.Context) error {
	values, err := p.properties(ctx, "maxCollector", "latestEvent")
	if err != nil {
		return err
	}
	m := &Manager{}
	m.MaxCollector, _ = values["maxCollector"].(int32)
	_, m.LatestEvent = values["latestEvent"]
	if latest, ok := markOf(values["latestEvent"]); ok {
		m.LatestKey, m.LatestTime = latest.Key, &latest.Created
	}
	p.report.Manager = m
	values, err = p.properties(ctx, latestKey, latestTime)
	switch fault := faultOf(err); {
	case fault == "NotAuthenticated", err != nil && fault == "":
		return err
	case err == nil:
		_, m.LatestByPath = partsOf(values)
	}
	return nil
}

const (
	latestKey  = "latestEvent.key"
	latestTime = "latestEvent.createdTime"
)

// errNothing means that vCenter has no event that a measurement could be made with.
var errNothing = errors.New("no event")

// latest is the newest event that vCenter tells of, found false when it tells of none, or of one of a class that govmomi
// cannot read.
func (p *probe) latest(ctx context.Context) (mark vcenter.Mark, found bool, err error) {
	if p.report.Manager != nil && p.report.Manager.LatestByPath {
		values, err := p.properties(ctx, latestKey, latestTime)
		mark, found = partsOf(values)
		return mark, found, err
	}
	values, err := p.properties(ctx, "latestEvent")
	if err != nil {
		return vcenter.Mark{}, false, err
	}
	mark, found = markOf(values["latestEvent"])
	return mark, found, nil
}

// partsOf reads key and time from properties of their own.
func partsOf(values map[string]any) (vcenter.Mark, bool) {
	key, hasKey := values[latestKey].(int32)
	created, hasTime := values[latestTime].(time.Time)
	return vcenter.Mark{Key: key, Created: created.UTC()}, hasKey && hasTime
}

// markOf reads a property that holds an event. govmomi gives the struct itself, which is no BaseEvent: its pointer is one.
func markOf(value any) (vcenter.Mark, bool) {
	if value == nil {
		return vcenter.Mark{}, false
	}
	addressable := reflect.New(reflect.TypeOf(value))
	addressable.Elem().Set(reflect.ValueOf(value))
	event, ok := addressable.Interface().(types.BaseEvent)
	if !ok {
		return vcenter.Mark{}, false
	}
	return vcenter.Mark{Key: event.GetEvent().Key, Created: event.GetEvent().CreatedTime.UTC()}, true
}

// properties are those of the event manager that are set.
func (p *probe) properties(ctx context.Context, names ...string) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	manager := p.session.manager()
	answer, err := methods.RetrieveProperties(ctx, p.session.client, &types.RetrieveProperties{
		This: property.DefaultCollector(p.session.client).Reference(),
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{Obj: manager}},
			PropSet:   []types.PropertySpec{{Type: manager.Type, PathSet: names}},
		}},
	})
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for _, object := range answer.Returnval {
		for _, missing := range object.MissingSet {
			return nil, fmt.Errorf("read property: %w", soap.WrapVimFault(missing.Fault.Fault))
		}
		for _, property := range object.PropSet {
			values[property.Name] = property.Val
		}
	}
	return values, nil
}
