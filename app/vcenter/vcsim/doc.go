// Package vcsim is a simulated vCenter with a faithful event history: somewhere to try functions, and the server of
// the tests. Inventory, SOAP, sessions, property collector and tagging are govmomi's simulator; the event history,
// its collectors and the workload are ours, because the simulator's history keeps about 1,000 events and stalls a
// reader that falls further behind.
//
// # What a client can rely on
//
//   - A collector reads in commit order, without gap or repeat, however long the history is, and goes on with events
//     that arrive later. It starts at the oldest. Both ends of filter.time are inclusive, to the microsecond.
//   - A collector belongs to its login session: from another one, or once the session has ended, it is
//     ManagedObjectNotFound. A session holds at most 32 (InvalidState above).
//   - A page holds 1 to 1000 events (InvalidArgument otherwise).
//   - EventManager.latestEvent and a collector's latestPage are right when read, and reach WaitForUpdatesEx within some
//     20 ms; updates that follow each other faster are joined.
//   - Keys are int32, rise by one and wrap, as vCenter's counter does. Times never go back.
//   - What somebody does through the API (power on, clone, log in, ...) enters the same history.
//
// # What differs from vCenter
//
//   - filter.alarm, scheduledTask and tag are refused (InvalidArgument), never ignored.
//   - QueryEvents with a view (vSphere 9.0) is refused with NotSupported.
//   - fullFormattedMessage is left out only when disableFullMessage is true, as govc expects.
//   - Migrations are told but the inventory keeps its placement: a migrated machine arrives at the host it is on.
//     Power events do flip the machine's runtime.powerState.
//   - An event that a client posts (PostEvent) triggers no alarm.
//   - PostEvent keeps what is posted but for key, chainId, createdTime and, when empty, userName.
//   - The simulator below logs a few refused calls through the standard logger.
//
// # The control API
//
// Beside /sdk the listener serves JSON under /control, without authentication: it is a simulator, keep it on a
// trusted network. See control.go for the calls.
package vcsim
