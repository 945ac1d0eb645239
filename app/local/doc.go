// Package local runs the apps of a dapr.yaml on this machine with nothing installed: the embedded NATS JetStream
// broker, one daprd sidecar per app, and the apps. It takes the place of `dapr run -f` for `vcrelay up` and for the
// end-to-end tests.
//
// What it guarantees:
//
//   - A run file is read strictly (package runfile): each unknown or misspelt key, missing path and bad value is
//     reported, all at once, each with its line. What the stock CLI accepts and this package cannot honour is refused,
//     never ignored.
//   - Nothing collides: ports given in the file are taken when they are free, else others are; the embedded broker
//     listens on a port of its own and the sidecars are pointed at it.
//   - Sidecars and the broker are started again on the same ports when they end.
//   - Nothing is left behind: when Run returns, every process that it started has ended; on Linux that also holds
//     when the program itself is killed with SIGKILL (for the processes it started, not for what those started).
//   - Apps are stopped before their sidecars, in reverse order of the file, and the broker last, so that an app can
//     store its last checkpoint.
//
// A Stack (stack.go, run.go) is a broker (broker.go) and, for each app (app.go), a sidecar (sidecar.go). A supervisor
// keeps each of these processes running; what they write goes through a processLog to the console.
package local
