package trace

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

func TestDayID(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 30, 0, 5, time.UTC)
	object, other := record.ObjectID("c", "u1"), record.ObjectID("c", "u2")
	id := DayID(object, noon)
	if same := DayID(object, noon.Add(11*time.Hour)); same != id {
		t.Errorf("one day, two IDs: %v %v", id, same)
	}
	for _, different := range []ID{DayID(object, noon.Add(12*time.Hour)), DayID(other, noon)} {
		if different == id {
			t.Errorf("one ID for another day or object: %v", id)
		}
	}
	high := binary.BigEndian.Uint64(id[:8])
	start, length := int64(high>>20&maxStart), int64(high&(1<<20-1))<<8|int64(id[8])
	if midnight := noon.Truncate(24 * time.Hour).Unix(); start != midnight || length != 86400 || high>>60 != dayVersion {
		t.Errorf("%v says start %d, length %d, version %d", id, start, length, high>>60)
	}
	if _, err := id.Question(); err == nil {
		t.Error("an exported day passes for a question")
	}
	if RecordSpan(record.ID{}) == (SpanID{}) || ObjectSpan(object) == (SpanID{}) {
		t.Error("a span ID of zeros")
	}
}
