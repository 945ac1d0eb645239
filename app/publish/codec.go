package publish

import (
	"sync"

	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

const (
	smallMessage = 32 << 10 // gRPC has pools for what is not larger
	maxKept      = 4 << 20  // of a buffer: twice the largest request as a rule
)

// codec is gRPC's own for Protocol Buffers, but for the buffers of large messages: from its pool those have a mebibyte, which is
// cleared each time. For a request of a few events that takes longer than writing it.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(encodingproto.Name)} }

// Marshal is that of encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(proto.Message)
	if !ok || proto.Size(message) <= smallMessage {
		return c.CodecV2.Marshal(v)
	}
	buffer := messages.Get(proto.Size(message))
	data, err := proto.MarshalOptions{}.MarshalAppend((*buffer)[:0], message)
	if err != nil {
		messages.Put(buffer)
		return nil, err
	}
	*buffer = data
	return mem.BufferSlice{mem.NewBuffer(buffer, messages)}, nil
}

// bufferPool is a mem.BufferPool whose buffers are not cleared.
type bufferPool struct{ pool sync.Pool }

var messages = new(bufferPool)

// Get is that of mem.BufferPool.
func (p *bufferPool) Get(length int) *[]byte {
	buffer, ok := p.pool.Get().(*[]byte)
	if !ok || cap(*buffer) < length {
		made := make([]byte, length)
		return &made
	}
	*buffer = (*buffer)[:length]
	return buffer
}

// Put is that of mem.BufferPool.
func (p *bufferPool) Put(buffer *[]byte) {
	if cap(*buffer) <= maxKept {
		p.pool.Put(buffer)
	}
}
