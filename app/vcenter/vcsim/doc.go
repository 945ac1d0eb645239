// Package vcsim is a simulated vCenter with a faithful event history: somewhere to try functions, and the server of
// the tests. Inventory, SOAP, sessions, property collector and tagging are govmomi's simulator; the event history,
// its collectors and the workload are ours, because the simulator's history keeps about 1,000 events and stalls a
// reader that falls further behind.
//
// # What a client can rely on
//
//   - A collector reads without gap or repeat, however long the history is, and goes on with events that arrive later.
//     It starts at the oldest. Its order is that of the Readings; all of them are the order of commit until a fault
//     makes them differ. Both ends of filter.time are inclusive.
//   - A collector belongs to its login session: from another one, or once the session has ended, it is
//     ManagedObjectNotFound. A session holds at most 32 (InvalidState above).
//   - A page holds 1 to 1000 events (InvalidArgument otherwise).
//   - EventManager.latestEvent, its fields (latestEvent.key, latestEvent.createdTime, ...; a reading refuses them) and a
//     collector's latestPage are right when read, and reach WaitForUpdatesEx within some 20 ms; updates that follow each
//     other faster are joined.
//   - From version 9.0 on QueryEvents reads by id (EventManagerViewByStartId); before, that is an InvalidRequest.
//   - Keys are int32 and rise by one. Times are those of the vCenter's clock, which goes back only if a fault steps it.
//   - What somebody does through the API (power on, clone, log in, ...) enters the same history.
//   - Without a fault that was asked for, none happens: the burst filter, too, is off.
//
// # What differs from vCenter
//
//   - filter.alarm, scheduledTask and tag are refused (InvalidArgument), never ignored.
//   - filter.delayedInit is accepted in every version and changes nothing: latestPage is filled when somebody looks.
//   - There is no VI/JSON, which vCenter has from 8.0.1.0 on.
//   - fullFormattedMessage is left out only when disableFullMessage is true, as govc expects.
//   - Migrations are told but the inventory keeps its placement: a migrated machine arrives at the host it is on.
//     Power events do flip the machine's runtime.powerState.
//   - An event that a client posts (PostEvent) triggers no alarm.
//   - PostEvent keeps what is posted but for key, chainId, createdTime and, when empty, userName.
//   - A service that is away still accepts connections, and resets them or answers 503 when it is asked something: the
//     control API answers on the same port.
//   - The simulator below logs a few refused calls through the standard logger.
//
// # Faults and readings
//
// The event database is package history, with a setting for each thing that is not known about vCenter: Readings. Faults
// (wireKinds, historyKinds, serviceKinds, eventKinds) strike from the start, by Config.Faults, or at run time, by
// Server.Fault and the control API.
//
// # The control API
//
// Beside /sdk the listener serves JSON under /control, without authentication: it is a simulator, keep it on a
// trusted network. See control.go for the calls.
package vcsim
