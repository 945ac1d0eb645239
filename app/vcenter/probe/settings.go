package probe

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// Settings of vCenter that matter to a reader of events. A name with a dot at its end is a group.
var wantedSettings = []string{
	"event.", "config.vpxd.event.", // among them maxEventId, the collectors of a session, how long events are kept
	maxEventID, sessionTimeout,
}

const (
	maxEventID     = "config.vpxd.event.maxEventId"
	sessionTimeout = "config.vmacore.soap.sessionTimeout" // of a session that nobody uses
)

var settingName = regexp.MustCompile(`^(event|config\.vpxd\.event|config\.vmacore\.soap)(\.[A-Za-z][A-Za-z0-9]{0,40}){1,4}$`)

// settings reads what can be read; an account with the role Read-only may not be able to.
func (p *probe) settings(ctx context.Context) error {
	p.report.Unreadable = map[string]string{}
	if p.session.client.ServiceContent.Setting == nil {
		p.report.Unreadable["all"] = "vCenter names no OptionManager"
		return nil
	}
	for _, name := range wantedSettings {
		if _, known := p.setting(name); known {
			continue // its group was read
		}
		options, err := p.query(ctx, name)
		switch fault := faultOf(err); {
		case fault == "NotAuthenticated", err != nil && fault == "":
			return err
		case err != nil:
			p.report.Unreadable[name] = fault
		default:
			p.addSettings(options)
		}
	}
	return nil
}

func (p *probe) query(ctx context.Context, name string) ([]types.BaseOptionValue, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := methods.QueryOptions(ctx, p.session.client, &types.QueryOptions{
		This: *p.session.client.ServiceContent.Setting, Name: name,
	})
	if err != nil {
		return nil, err
	}
	return answer.Returnval, nil
}

func (p *probe) addSettings(options []types.BaseOptionValue) {
	for _, option := range options {
		if option == nil {
			continue // of a class that govmomi does not know
		}
		value := option.GetOptionValue()
		if !settingName.MatchString(value.Key) {
			continue
		}
		option := Option{Name: value.Key}
		if harmless, ok := number(value.Value); ok {
			option.Value = harmless
		} else {
			option.Text = true
		}
		p.report.Options = append(p.report.Options, option)
	}
}

var duration = regexp.MustCompile(`^[0-9]{1,9}(ms|s|m|h)$`)

// number reads a number or a truth value, also from a text, and lets a span of time pass such as 1800s.
func number(value any) (any, bool) {
	switch v := value.(type) {
	case bool, int8, int16, int32, int64, float32, float64:
		return v, true
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, true
		}
		if truth := strings.ToLower(v); truth == "true" || truth == "false" {
			return truth == "true", true
		}
		return v, duration.MatchString(v)
	}
	return nil, false
}

func (p *probe) setting(name string) (any, bool) {
	for _, option := range p.report.Options {
		if option.Name == name {
			return option.Value, true
		}
	}
	return nil, false
}
