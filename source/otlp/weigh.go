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

// weightOf is how much memory the parts of a message take, and whether that is more than its size explains.
func weightOf(body []byte, into proto.Message, limit int) (weight int, tooDense bool) {
	left := weigh(body, into.ProtoReflect().Descriptor(), limit*memoryPerByte)
	return limit*memoryPerByte - left, left < 0
}

// weighing is the codec of messages that do not become much larger than they come.
type weighing struct {
	encoding.CodecV2
	limit int // of a message's bytes
}

// claimed is a message to read, with what is set aside for it.
type claimed struct {
	into  proto.Message
	claim *claim
	err   error // why it was not read, where that is not because of what it holds
}

// Unmarshal implements encoding.CodecV2.
func (w weighing) Unmarshal(data mem.BufferSlice, v any) error {
	c, ok := v.(*claimed)
	if !ok {
		return w.CodecV2.Unmarshal(data, v)
	}
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	weight, tooDense := weightOf(whole.ReadOnlyData(), c.into, w.limit)
	whole.Free()
	if tooDense {
		return errDense
	}
	if !c.claim.becomes(int64(bodyTwice*data.Len() + weight)) {
		c.err = overloaded()
		return c.err
	}
	return w.CodecV2.Unmarshal(data, c.into)
}
