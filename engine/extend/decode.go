package extend

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/trace"
)

// Bounds of one foreign span.
const (
	maxAttrs  = 100
	maxEvents = 100
	maxText   = 4 << 10 // bytes
)

// foreign is a span of another system. Its Parent is the one that it has there.
type foreign struct {
	trace trace.ID
	span  trace.Span
}

// traceIDOf reads hexadecimal digits, of which leading zeros may be missing, or base64, which the JSON of protobuf has.
func traceIDOf(s string) (id trace.ID, ok bool) {
	return id, idInto(id[:], s)
}

func spanIDOf(s string) (id trace.SpanID, ok bool) {
	return id, idInto(id[:], s)
}

func idInto(id []byte, s string) bool {
	if s == "" {
		return false
	}
	if base64.StdEncoding.EncodedLen(len(id)) == len(s) && strings.HasSuffix(s, "=") {
		b, err := base64.StdEncoding.DecodeString(s)
		return err == nil && len(b) == len(id) && copy(id, b) > 0
	}
	if len(s) > 2*len(id) {
		return false
	}
	_, err := hex.Decode(id, []byte(strings.Repeat("0", 2*len(id)-len(s))+s))
	return err == nil
}

// tidy gives attributes as ours are: sorted, each key once, bounded.
func tidy(attrs []trace.Attr) []trace.Attr {
	slices.SortStableFunc(attrs, func(a, b trace.Attr) int { return strings.Compare(a.Key, b.Key) })
	attrs = slices.CompactFunc(attrs, func(a, b trace.Attr) bool { return a.Key == b.Key })
	return attrs[:min(len(attrs), maxAttrs)]
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "..."
	}
	return s
}

// number reads a number that is written as one or as text.
func number(raw json.RawMessage) (int64, bool) {
	text := strings.Trim(string(raw), `"`)
	if text == "" {
		return 0, false
	}
	n, err := json.Number(text).Int64()
	return n, err == nil
}

// between gives times within what can be shown, the end not before the start.
func between(start time.Time, took time.Duration) (from, to time.Time) {
	return start, start.Add(max(0, took))
}

// moment is nanoseconds since 1970 as a time; what is no time is 1970.
func moment(ns int64) time.Time { return time.Unix(0, max(0, ns)).UTC() }

// micros is microseconds since 1970 as a time.
func micros(us int64) time.Time { return time.UnixMicro(min(max(0, us), math.MaxInt64/1000)).UTC() }

func event(at time.Time, name string, attrs []trace.Attr) trace.Event {
	if name == "" {
		name = "event"
	}
	return trace.Event{At: at, Name: clip(name), Attrs: tidy(attrs)}
}

// byTime orders the events of a span, and bounds them.
func byTime(events []trace.Event) []trace.Event {
	slices.SortStableFunc(events, func(a, b trace.Event) int { return a.At.Compare(b.At) })
	return events[:min(len(events), maxEvents)]
}
