package vcsim_test

import (
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// A body is kept from its first event to the last: what differs between those is key, chain, time, and two fields of a task.
func TestAPrintedPageIsWhatTheEncoderWrites(t *testing.T) {
	server := newServer(t, vcsim.Config{History: 3000})
	server.Post(&types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Message: "<key>1</key> & <queueTime>"}})
	for _, brief := range []bool{false, true} {
		for _, when := range []string{"at first", "again"} {
			printed, encoded := server.Printed(t, brief), server.Encoded(t, brief)
			if len(printed) < 1_000_000 || len(printed) != len(encoded) {
				t.Fatalf("%s: %d bytes, want %d", when, len(printed), len(encoded))
			}
			for i := range printed {
				if printed[i] != encoded[i] {
					t.Fatalf("%s: printed %s\nencoded %s", when, printed[max(i-200, 0):i+50], encoded[max(i-200, 0):i+50])
				}
			}
		}
	}
}
