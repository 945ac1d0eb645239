package vim

import (
	"context"
	"strings"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
)

// loadSeverities asks vCenter for the category (info, warning, error, user) of each event it knows. Without them the
// relay does its work as well, so an error is only logged.
func loadSeverities(ctx context.Context, client *vim25.Client, log zerolog.Logger) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var manager mo.EventManager
	err := property.DefaultCollector(client).RetrieveOne(ctx, *client.ServiceContent.EventManager, []string{"description.eventInfo"}, &manager)
	if err != nil {
		log.Warn().Err(err).Msg("severities of events not known")
		return nil
	}
	severities := make(map[string]string, len(manager.Description.EventInfo))
	for _, info := range manager.Description.EventInfo {
		name := info.Key
		if id, _, found := strings.Cut(info.FullFormat, "|"); found && (name == "EventEx" || name == "ExtendedEvent") {
			name = id // all of them share one key; the id stands before the format
		}
		severities[name] = info.Category
	}
	return severities
}
