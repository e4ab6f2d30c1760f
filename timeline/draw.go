package timeline

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/object"
)

// MaxRows bounds the derived rows of one object.
const MaxRows = 100

// Object is what is drawn: the states of one object in order.
type Object struct {
	Group, Kind string
	States      []State
	Earlier     Earlier
	More        bool // there are later states, which are not given: bars that go on then do so at least until the last one given
	End         *End // nil: it has not ended
}

// Earlier says what lies before the first state given.
type Earlier int

// What lies before the first state given.
const (
	NoEarlier    Earlier = iota // nothing
	OtherEarlier                // a state of another status
	SameEarlier                 // a state of the same status, or nobody knows of which
)

// State is one state of an object.
type State struct {
	At    int64 // since when it holds
	Early int64 // since when it may have held already; 0: not known
	Value *object.Value
	// Assumed: only a part of the state was recorded, the rest is that of the one before. Fragment: there was none before.
	Assumed, Fragment bool
	ID, RV            string
}

// End of an object's life.
type End struct {
	At, Early int64
	ID, RV    string
	Soft      string
}

// The words of Bar.Soft.
const (
	SoftPartial  = "partial"  // of the state only a part was recorded, without its status
	SoftAssumed  = "assumed"  // the status is that of the state before
	SoftInferred = "inferred" // that it is so is known, since when is not
)

// Drawing is what is drawn of an object.
type Drawing struct {
	Bars    []Bar
	Derived []Derived
	Cut     string
}

// Derived is a row made from an object's states.
type Derived struct {
	Group string // phase, conditions, containers, replicas, rollout
	Name  string
	Bars  []Bar
	Steps []Step // of numbers
	Max   int64
}

// Step is a number that holds until the next.
type Step struct {
	At     int64
	Value  int64
	Wanted *int64
}

// Draw makes the bars of an object and, if asked, its derived rows, as far as they touch a frame. States that began before it are told from
// their beginning, as far as the states given go back.
func Draw(o *Object, f Frame, derived bool) *Drawing {
	c := NewCanvas(o.Group, o.Kind, f, derived)
	c.Earlier(o.Earlier)
	for i := range o.States {
		c.State(&o.States[i])
	}
	if o.End != nil {
		c.End(o.End)
	}
	return c.Drawing(o.More)
}

// Canvas draws an object state by state, so that not all of them need be held at a time. Not for concurrent use.
type Canvas struct {
	group, kind string
	frame       Frame
	main        track
	rows        *rows // nil: no derived ones
	at          int64 // of the last state
	earlier     Earlier
}

// NewCanvas is empty; derived asks for the derived rows too.
func NewCanvas(group, kind string, f Frame, derived bool) *Canvas {
	c := &Canvas{group: group, kind: kind, frame: f}
	if derived {
		c.rows = newRows(group, kind)
	}
	return c
}

// Earlier tells what lies before the first state that will be drawn.
func (c *Canvas) Earlier(e Earlier) { c.earlier = e }

// State draws the next state. It keeps nothing of its Value.
func (c *Canvas) State(s *State) {
	c.at = max(c.at, s.At)
	b := Bar{From: c.at, Early: s.Early, ID: s.ID, RV: s.RV}
	b.Status, b.Soft = s.status(c.group, c.kind)
	b.Earlier = c.earlier == SameEarlier
	c.main.add(b)
	b.Earlier = c.earlier != NoEarlier
	if c.rows != nil && !s.Fragment {
		c.rows.state(s, b)
	}
	c.earlier = NoEarlier
}

// End draws the end of the object's life.
func (c *Canvas) End(e *End) {
	b := Bar{From: max(c.at, e.At), Early: e.Early, ID: e.ID, RV: e.RV, Soft: e.Soft, Status: Status{Class: Deleted}}
	c.main.add(b)
	if c.rows != nil {
		c.rows.end(b.From)
	}
}

// Drawing gives what was drawn; more as in Object.
func (c *Canvas) Drawing(more bool) *Drawing {
	until := int64(0)
	if more {
		until = c.at
	}
	out := &Drawing{Bars: c.frame.bars(c.main, until)}
	if c.rows == nil {
		return out
	}
	out.Derived = c.rows.drawn(c.frame, until)
	if c.rows.left > 0 {
		out.Cut = strconv.Itoa(c.rows.left) + " rows of this object's states are not shown"
	}
	return out
}

// status of a state, and why it is not known exactly.
func (s *State) status(group, kind string) (Status, string) {
	if s.Fragment {
		if s.Value.Get("metadata", "deletionTimestamp").Str() != "" {
			return terminating(s.Value), ""
		}
		return Status{Class: Unknown}, SoftPartial
	}
	status := Of(group, kind, s.Value)
	switch {
	case status.Class == Unknown && s.Value == nil:
		return status, SoftPartial
	case s.Assumed && status.Class != There && status.Class != Deleting: // what is marked for deletion stays so
		return status, SoftAssumed
	}
	return status, ""
}

// rows are the derived rows under way.
type rows struct {
	group, kind string
	list        []*row
	of          map[rowKey]*row
	seq         int
	left        int
}

type rowKey struct{ group, name string }

type row struct {
	rowKey
	order int // of its group
	seq   int // state in which it was told last
	track track
	steps []Step
}

func newRows(group, kind string) *rows {
	return &rows{group: group, kind: kind, of: map[rowKey]*row{}}
}

// groups in their order.
func groupOrder(group string) int {
	return slices.Index([]string{"phase", "rollout", "replicas", "conditions", "containers"}, group)
}

// row finds or begins one; nil where there are too many.
func (r *rows) row(group, name string) *row {
	key := rowKey{group, clip(name)}
	if found := r.of[key]; found != nil {
		found.seq = r.seq
		return found
	}
	if len(r.list) >= MaxRows {
		r.left++
		return nil
	}
	key.name = strings.Clone(key.name) // of a whole manifest
	made := &row{rowKey: key, order: groupOrder(group), seq: r.seq}
	r.of[key] = made
	r.list = append(r.list, made)
	return made
}

// bar tells one status of a row; b is when, and by what.
func (r *rows) bar(group, name string, b Bar, s Status) {
	if w := r.row(group, name); w != nil {
		b.Status = Status{s.Class, clip(s.Text)}
		w.track.add(b)
	}
}

// step tells a number of a row.
func (r *rows) step(name string, at, value int64, wanted *int64) {
	w := r.row("replicas", name)
	if w == nil {
		return
	}
	if n := len(w.steps); n > 0 {
		last := &w.steps[n-1]
		if last.Value == value && equal(last.Wanted, wanted) {
			return
		}
	}
	w.steps = append(w.steps, Step{At: at, Value: value, Wanted: wanted})
}

func equal(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// end closes all rows.
func (r *rows) end(at int64) {
	for _, w := range r.list {
		if len(w.steps) > 0 {
			w.steps = append(w.steps, Step{At: at})
		} else {
			w.track.add(Bar{From: at})
		}
	}
}

// drawn gives the rows that touch a frame; what is open ends at until.
func (r *rows) drawn(f Frame, until int64) []Derived {
	slices.SortStableFunc(r.list, func(a, b *row) int { return cmp.Compare(a.order, b.order) })
	var out []Derived
	for _, w := range r.list {
		d := Derived{Group: w.group, Name: w.name}
		if len(w.steps) > 0 {
			d.Steps = f.steps(w.steps)
			for _, s := range w.steps {
				d.Max = max(d.Max, s.Value)
				if s.Wanted != nil {
					d.Max = max(d.Max, *s.Wanted)
				}
			}
		} else {
			d.Bars = f.bars(w.track, until)
		}
		if len(d.Steps) > 0 || len(d.Bars) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// steps within a frame: from the last one at or before its beginning; of a column at most the least, the greatest and the last.
func (f Frame) steps(list []Step) []Step {
	first := 0
	for i := range list {
		if list[i].At <= f.From {
			first = i
		}
	}
	var out []Step
	for i := first; i < len(list) && list[i].At < f.To; {
		end := i + 1
		for end < len(list) && list[end].At < f.To && f.Column(list[end].At) == f.Column(list[i].At) {
			end++
		}
		for _, s := range extremes(list[i:end]) {
			if n := len(out); n == 0 || out[n-1].Value != s.Value || !equal(out[n-1].Wanted, s.Wanted) {
				out = append(out, s)
			}
		}
		i = end
	}
	return out
}

// extremes of some steps: the least, the greatest and the last, in order.
func extremes(list []Step) []Step {
	if len(list) <= 3 {
		return list
	}
	least, most, last := 0, 0, len(list)-1
	for i := range list {
		if list[i].Value < list[least].Value {
			least = i
		}
		if list[i].Value > list[most].Value {
			most = i
		}
	}
	keep := []int{least, most, last}
	slices.Sort(keep)
	var out []Step
	for _, i := range slices.Compact(keep) {
		out = append(out, list[i])
	}
	return out
}
