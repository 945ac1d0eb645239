// Package history is the event database of a simulated vCenter: keys, orders, cursors, and everything that goes wrong
// with them. It knows neither SOAP nor govmomi, starts nothing and waits for nothing, and its time is a clock that is
// passed in, so that the same database serves a real endpoint and a simulation of a million runs.
//
// # What is known, and what is a setting
//
// What vCenter does in the following cases is documented badly or not at all. Each has a setting, so that a reader can
// be tried against every reading of it:
//
//   - the order in which a collector reads (Options.Order);
//   - whether a page of events that the account may not see moves the cursor (Options.StuckInHole);
//   - whether latestEvent shows such an event (Options.LatestHidden);
//   - how exact the ends of a time filter are (Options.TimePrecision);
//   - where the key counter goes on behind its end (Options.MaxKey, Options.WrapTo);
//   - whether a collector that is open during a burst gets what the burst filter suppresses (Burst.Live).
//
// # What a cursor is
//
// A Cursor stands between two places of the order, not at an index: a row that becomes visible behind it is not
// returned, one that is purged ahead of it is not either, and neither moves it. Permissions are applied after a page
// has been taken, so pages come short. After Restore a cursor stays where it was: read by key, the keys that are given
// out once more lie behind it, until they pass it; read by time or by commit, they lie ahead. A real restore ends the
// sessions, and with them the cursors, which is left to the caller.
package history
