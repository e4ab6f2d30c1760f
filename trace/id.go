package trace

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/kubewake/kubewake/record"
)

// idVersion is the layout of an ID, its first four bits. It is never zero, so no ID is all zero.
const idVersion = 1

// Bounds of what an ID can say.
const (
	maxNumber = 15        // of a mode and of a modifier
	maxLength = 1<<28 - 1 // seconds of a window: eight and a half years
	maxStart  = 1<<32 - 1 // seconds since 1970: the year 2106
	day       = 24 * 3600 // seconds
	hashBytes = 7         // of record.ObjectID, its last ones
)

// ErrID is what the errors of ParseID and of Question wrap.
var ErrID = errors.New("not a trace ID of kubewake")

// Question is what an ID says: whose trace, over which window, shown how.
type Question struct {
	Mode, Modifier uint8 // their numbers, 0 to 15; modifier 0: the mode's own
	Window         Window
	// Object is the end of the object's record.ObjectID.
	Object [hashBytes]byte
}

// Window is an interval on the grid of trace IDs: whole seconds, To excluded.
type Window struct{ From, To time.Time }

// HashOf gives what an ID says of an object.
func HashOf(cluster record.Cluster, uid record.UID) (hash [hashBytes]byte) {
	id := record.ObjectID(cluster, uid)
	copy(hash[:], id[len(id)-hashBytes:])
	return hash
}

// ID packs the question: version, mode and modifier (4 bits each), the window's start (32 bits, seconds since 1970) and length (28 bits,
// seconds), then the object's hash (56 bits). The window is put on the grid first.
func (q Question) ID() ID {
	w := Grid(q.Window.From, q.Window.To)
	start, length := uint64(w.From.Unix()), uint64(w.To.Unix()-w.From.Unix())
	var id ID
	high := uint64(idVersion)<<60 | uint64(q.Mode&maxNumber)<<56 | uint64(q.Modifier&maxNumber)<<52 | start<<20 | length>>8
	binary.BigEndian.PutUint64(id[:8], high)
	id[8] = byte(length)
	copy(id[9:], q.Object[:])
	return id
}

// ParseID reads 32 hexadecimal digits and checks that they are an ID of ours.
func ParseID(text string) (ID, error) {
	var id ID
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("%w: want 32 hexadecimal digits", ErrID)
	}
	copy(id[:], b)
	_, err = id.Question()
	return id, err
}

// Question unpacks an ID. Its error says why the ID is none that ID() gives.
func (id ID) Question() (Question, error) {
	var q Question
	high := binary.BigEndian.Uint64(id[:8])
	if version := high >> 60; version != idVersion {
		return q, fmt.Errorf("%w: its version is %d, this program knows version %d", ErrID, version, idVersion)
	}
	q.Mode, q.Modifier = uint8(high>>56&maxNumber), uint8(high>>52&maxNumber)
	start, length := int64(high>>20&maxStart), int64(high&(1<<20-1))<<8|int64(id[8])
	q.Window = Window{time.Unix(start, 0).UTC(), time.Unix(start+length, 0).UTC()}
	copy(q.Object[:], id[9:])
	if q.Mode == 0 {
		return q, fmt.Errorf("%w: it names no display mode", ErrID)
	}
	if onGrid := Grid(q.Window.From, q.Window.To); onGrid != q.Window {
		return q, fmt.Errorf("%w: its window does not lie on the grid", ErrID)
	}
	return q, nil
}

// grids are the steps that windows are widened to, and up to which length, in seconds.
func grids() [4]struct{ step, upTo int64 } {
	return [4]struct{ step, upTo int64 }{{60, 3600}, {300, 12 * 3600}, {3600, 14 * day}, {day, maxLength}}
}

// Grid widens a window, so that the same question a moment later has the same ID: to whole minutes up to an hour, to five minutes
// up to twelve hours, to hours up to fourteen days, else to days. An empty window becomes one step long. Of a window longer than an
// ID can say the end is kept. Grid of what it gives is the same again.
func Grid(from, to time.Time) Window {
	first, last := clamp(from), clamp(to)
	if to.After(time.Unix(last, 0)) && last < maxStart {
		last++ // a fraction of a second
	}
	for _, g := range grids() {
		start := first / g.step * g.step
		end := (max(last, start+1) + g.step - 1) / g.step * g.step
		if end-start <= g.upTo {
			return Window{time.Unix(start, 0).UTC(), time.Unix(end, 0).UTC()}
		}
	}
	end := (last + day - 1) / day * day
	return Window{time.Unix(end-maxLength/day*day, 0).UTC(), time.Unix(end, 0).UTC()}
}

func clamp(t time.Time) int64 { return min(max(t.Unix(), 0), maxStart) }

// objectSpan is the ID of an object's own span.
func objectSpan(cluster record.Cluster, uid record.UID) SpanID {
	id := record.ObjectID(cluster, uid)
	return spanOf(id[:])
}

// spanOf takes the first eight bytes of an identity.
func spanOf(identity []byte) (id SpanID) {
	copy(id[:], identity)
	if id == (SpanID{}) {
		id[len(id)-1] = 1
	}
	return id
}
