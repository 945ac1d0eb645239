package judge

import "time"

// Record is a simulated day as an observer beside the relay has seen it. Times are since the beginning of the day unless
// they are vCenter's.
type Record struct {
	Instance string // vCenter's instance uuid
	Rows     []Row  // in the order in which their keys were allotted
	Steps    []Step // in the order in which they happened
	Trouble  []Span // when nobody can expect the relay to deliver
	Restores []Restore
	Wraps    []time.Duration // when the keys began anew
	Clock    []Clock         // how vCenter's clock went, from the beginning of the day
	Faults   []string        // what the simulation itself found: a relay that hung, or ended by itself
	Batch    int             // the most events that one process may leave acknowledged and not stored
}

// Row is one event of vCenter's database.
type Row struct {
	Key      int32
	Created  int64 // createdTime in unix microseconds, by vCenter's clock
	Entity   string
	Visible  time.Duration // when it could be read first
	Ended    time.Duration // when it went
	Fate     Fate
	Delayed  bool // it became visible later than its key was allotted
	Absent   bool // it never came to be; its key is missing
	Hidden   bool // the account could not see it
	Unstored bool // the burst filter kept it out; a reader that was there may have seen it
	Broken   bool // it cannot be read
	Burst    int  // it says that so many events were kept out
}

// Fate is what became of a row.
type Fate uint8

// What became of a row.
const (
	Stored Fate = iota // to the end
	Purged
	Erased // by a restore
)

// Span is a stretch of time.
type Span struct{ Begin, End time.Duration }

// Clock says how far vCenter's clock is ahead of the relay's from a moment on, and what it shows then.
type Clock struct {
	At, Ahead time.Duration
	Shows     int64 // unix microseconds
}

// Restore is a return to an older database.
type Restore struct{ At time.Duration }

// Act is what happened in a step.
type Act uint8

// What happened in a step.
const (
	Acquired Act = iota // a process took over the stream
	Taken               // the target has a delivery
	Accepted            // the relay was told that the target has all deliveries of an attempt
	Refused             // the relay was told that the target may not have all of an attempt
	Written             // a position was stored
)

// Step is something that happened.
type Step struct {
	At       time.Duration
	Act      Act
	Process  int      // which one did it
	Attempt  int      // of Taken and Accepted: the call of the target
	Delivery Delivery // of Taken
	Events   int      // of Accepted: how many the attempt had
	Position string   // of Written, as JSON
}

// Delivery is a CloudEvent as the target has it. Data of a row begins with {"row":<index in Rows>.
type Delivery struct {
	ID   string
	Type string
	Late bool
	Data string
}
