// Package local runs the apps of a dapr.yaml on this machine: the brokers that their components need, one daprd sidecar
// per app, and the apps. With the embedded NATS JetStream broker nothing has to be installed. It takes the place of
// `dapr run -f` for `vcrelay up` and for the end-to-end tests.
//
// What it guarantees:
//
//   - A run file is read strictly (package runfile): each unknown or misspelt key, missing path and bad value is
//     reported, all at once, each with its line. What the stock CLI accepts and this package cannot honour is refused,
//     never ignored.
//   - Nothing collides: ports given in the file are taken when they are free, else others are; a broker that is started
//     listens on a port of its own and the sidecars are pointed at it. One that answers already where a component says, but
//     for NATS, is used as it is.
//   - Apps with a port are started first, and the others when those have subscribed: some brokers forget what is
//     published before.
//   - Sidecars and brokers are started again on the same ports when they end, and so is the process of a component that is one:
//     `vcrelay component eventbridge`, for resources of the type pubsub.vcrelay.eventbridge. It listens before a sidecar starts.
//   - Nothing is left behind: when Run returns, every process that it started has ended; on Linux that also holds
//     when the program itself is killed with SIGKILL (for the processes it started, not for what those started).
//   - Apps are stopped before their sidecars, in reverse order of their start, and the brokers last, so that an app can
//     store its last checkpoint.
//
// A Stack (stack.go, run.go) is its brokers (backend.go, broker.go), the process of a component (component.go) and, for each app
// (app.go), a sidecar (sidecar.go). A supervisor keeps each of these processes running; what they write goes through a processLog
// to the console.
package local
