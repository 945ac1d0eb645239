// Package backends certifies component folders: `make certify BACKEND=<folder>` runs the relay on the real broker with a live
// workload and one fault after the other, and compares what the function received with the simulated vCenter's own log. The judge
// (judge.go) reads two lists and shares no code with the relay. docs/backends.md is made from the results.
package backends
