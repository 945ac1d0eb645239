// Package checkpoint keeps the position of each stream in a Dapr state store, one record per stream.
//
// Every write is a compare-and-swap on the record's ETag, so an owner that was paused while another took its stream
// cannot overwrite the newer position: the very write that would do harm is the one that fails. Stores without ETags
// are refused.
package checkpoint
