package publish

import "google.golang.org/grpc/encoding"

// Codec is what Dial writes messages with.
func Codec() encoding.CodecV2 { return newCodec() }
