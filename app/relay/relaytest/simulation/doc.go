// Package simulation runs the real reader and the real relay for a day against a simulated vCenter, a target and a
// checkpoint store that fail by a script, and has package judge say whether the promise was kept. All that happens on a
// day is drawn from its seed, and the day runs under testing/synctest, so it takes milliseconds and can be repeated:
//
//	make simulate SEEDS=1 FIRST=<seed>
//
// A day has at least 2,000 events, in stretches that are busy and quiet, and at least ten faults, most of them near each
// other and near the busy stretches. What nobody could measure of a real vCenter is drawn as well: see Readings.
//
// On half of the days the relay has two or three streams of the vCenter, each with a target and a record of its own, and some of them
// begin later. They share readers, and each is judged as a stream of its own.
//
// Two things are not repeatable to the last: the order of goroutines that are ready at the same instant, and the relay's
// jitter between two attempts.
package simulation
