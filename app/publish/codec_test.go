package publish_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/vcrelay/vcrelay/app/publish"
)

// Large messages are written into buffers that were used before, and are not cleared.
func TestMessagesOfAnySizeAreReadAsTheyWere(t *testing.T) {
	codec := publish.Codec()
	for i, size := range []int{10, 3 << 20, 40 << 10, 0, 5 << 20, 33 << 10, 2 << 20} {
		data := bytes.Repeat([]byte{byte('a' + i)}, size)
		message, err := codec.Marshal(wrapperspb.Bytes(data))
		if err != nil {
			t.Fatal(err)
		}
		got := new(wrapperspb.BytesValue)
		if err := codec.Unmarshal(message, got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.GetValue(), data) {
			t.Errorf("a message of %d bytes is read as another", size)
		}
		message.Free()
	}
}
