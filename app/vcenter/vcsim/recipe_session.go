package vcsim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// The events of this file have no entity.
var sessionRecipes = []recipe{
	{
		id: "UserLoginSessionEvent", class: "UserLoginSessionEvent", severity: info, weight: 8, about: "User login",
		body: func(m scene) types.BaseEvent {
			event := base("User %s@%s logged in as %s", administrator, m.clientAddress(), userAgent)
			return &types.UserLoginSessionEvent{
				SessionEvent: types.SessionEvent{Event: event},
				IpAddress:    m.clientAddress(), UserAgent: userAgent, Locale: "en", SessionId: m.sessionID(),
			}
		},
	},
	{
		id: "UserLogoutSessionEvent", class: "UserLogoutSessionEvent", severity: info, weight: 8, about: "User logout",
		body: func(m scene) types.BaseEvent {
			login := time.Date(2026, time.November, 20, 8, m.variant, 0, 0, time.UTC)
			event := base("User %s@%s logged out (login time: %s, number of API invocations: 42, user agent: %s)",
				administrator, m.clientAddress(), login.Format(time.RFC1123), userAgent)
			return &types.UserLogoutSessionEvent{
				SessionEvent: types.SessionEvent{Event: event},
				IpAddress:    m.clientAddress(), UserAgent: userAgent, CallCount: 42,
				SessionId: m.sessionID(), LoginTime: &login,
			}
		},
	},
	{
		id: "BadUsernameSessionEvent", class: "BadUsernameSessionEvent", severity: types.EventEventSeverityError,
		weight: 1, about: "Invalid user name",
		body: func(m scene) types.BaseEvent {
			event := base("Cannot login %s@%s", "guest", m.clientAddress())
			event.UserName = "guest"
			return &types.BadUsernameSessionEvent{
				SessionEvent: types.SessionEvent{Event: event}, IpAddress: m.clientAddress(),
			}
		},
	},
}

const userAgent = "VMware vim-java 1.0"

func (m scene) clientAddress() string { return fmt.Sprintf("10.20.30.%d", 40+m.variant) }

func (m scene) sessionID() string { return fmt.Sprintf("52e1f2d4-0000-4b7a-9c1d-%012d", m.variant) }
