package main

import (
	"cmp"
	"context"
	"os"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/eventbridge"
)

// runEventBridge is `vcrelay component eventbridge`. The folder of sockets is Dapr's own variable.
func runEventBridge(ctx context.Context) error {
	log, err := config.ReadLog()
	if err != nil {
		return err
	}
	folder := cmp.Or(os.Getenv("DAPR_COMPONENTS_SOCKETS_FOLDER"), eventbridge.DefaultFolder)
	return eventbridge.New(folder, newLogger(log)).Run(ctx)
}
