// Package publish hands events to a Dapr sidecar, which hands them to whatever broker its component names.
package publish
