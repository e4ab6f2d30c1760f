package otlp

import (
	"errors"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kubewake/kubewake/internal/rawjson"
)

// What a request may become in memory, for each byte that it may have. Two bytes are an empty span, of hundreds of bytes in memory; what exporters
// send is about ten for each.
const (
	memoryPerByte = 16
	bytesPerPart  = 8 // of JSON: objects, lists and what is separated by commas
)

var errDense = errors.New("it has too many small parts for its size; send smaller batches")

// weigh estimates how much memory the parts of a message take once it is read, and stops where that is more than the most. What can not be read is
// left to whoever reads it.
func weigh(body []byte, of protoreflect.MessageDescriptor, most int) (left int) {
	left = most - 48 - 20*of.Fields().Len()
	for len(body) > 0 && left >= 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 {
			return left
		}
		body = body[n:]
		if n = protowire.ConsumeFieldValue(number, kind, body); n < 0 {
			return left
		}
		value := body[:n]
		body = body[n:]
		field := of.Fields().ByNumber(number)
		if field == nil || kind != protowire.BytesType {
			continue
		}
		if inner := field.Message(); inner != nil {
			if part, k := protowire.ConsumeBytes(value); k >= 0 {
				left = weigh(part, inner, left)
			}
		} else {
			left -= 16
		}
	}
	return left
}

// dense reports whether JSON has more parts than its size explains.
func dense(text []byte, limit int) bool { return rawjson.Parts(text) > limit/bytesPerPart }

// weighing is the codec of messages that do not become much larger than they come.
type weighing struct {
	encoding.CodecV2
	most int
}

// Unmarshal implements encoding.CodecV2.
func (w weighing) Unmarshal(data mem.BufferSlice, v any) error {
	if m, ok := v.(proto.Message); ok {
		whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
		left := weigh(whole.ReadOnlyData(), m.ProtoReflect().Descriptor(), w.most)
		whole.Free()
		if left < 0 {
			return errDense
		}
	}
	return w.CodecV2.Unmarshal(data, v)
}
