// Package lint reads the resource folders of a Dapr sidecar, and tells which of their settings lose events. It knows the lossy
// defaults of the brokers that the folders under components/ are for, as components-contrib v1.18.0 has them. It sees files only:
// what a broker itself was told is not in them.
package lint
