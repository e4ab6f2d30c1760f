package trace

import (
	"encoding/binary"
	"time"

	"github.com/kubewake/kubewake/record"
)

// dayVersion marks the IDs under which objects are exported: an object and a day of UTC, in the layout of the others. They name no question:
// what is exported is fixed when it is sent, what is asked for is made when it is asked.
const dayVersion = 2

// DayID is the ID of the trace in which an object's day is exported, whatever else was in the day.
func DayID(object record.ID, at time.Time) ID {
	start := clamp(at) / day * day
	var id ID
	binary.BigEndian.PutUint64(id[:8], uint64(dayVersion)<<60|uint64(start)<<20|day>>8)
	id[8] = byte(day & 0xff)
	copy(id[9:], object[len(object)-hashBytes:])
	return id
}

// RecordSpan is the ID of the span that shows one record.
func RecordSpan(id record.ID) SpanID { return spanOf(id[:]) }

// ObjectSpan is the ID of an object's own span, in every trace that has one.
func ObjectSpan(object record.ID) SpanID { return spanOf(object[:]) }
