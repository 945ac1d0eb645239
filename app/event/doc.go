// Package event is the contract between the rooms of vcrelay: what an event is, where one stands in a vCenter's
// history, and how an event looks as a CloudEvent. It imports nothing of ours, and nothing of vCenter or Dapr.
//
// # Identity
//
// A CloudEvent id is <instanceUuid>-<key>-<createdTime in unix microseconds>. It depends on nothing but what vCenter
// stored, so the same event read again, replayed, or read by another replica has the same id for ever, and consumers
// and brokers can drop duplicates by it. The instance uuid is part of it because brokers de-duplicate by id alone and
// keys are only unique within one vCenter; the time is part of it because keys wrap (int32) and go back when a vCenter
// is restored from backup.
//
// # Position
//
// A [Position] says which events are done. It is moved by [Position.Advance], once per acknowledged event and in the
// order of reading, and asked by [Position.Done] when history is read again. It never relies on keys growing.
package event
