package object

// Op says what happened to a field.
type Op string

// The operations of a Change.
const (
	OpAdd    Op = "add"
	OpRemove Op = "remove"
	OpChange Op = "change"
	OpMove   Op = "move" // the items of a list only changed places, or did so besides
)

// Change is one field that differs. A subtree that came or went is one change at its top.
type Change struct {
	Path Path
	Op   Op
	From *Value // nil for OpAdd
	To   *Value // nil for OpRemove
	// Place is where in its list an added item stands.
	Place int
	// Match tells how the innermost list item on the path was matched, where not by a key that the API knows:
	// "name", "position", "value", or other keys joined by commas.
	Match string
	Note  string
}

// Notes on values that were redacted.
const (
	NoteOtherKey    = "not comparable: redacted under another key"
	NoteOneRedacted = "not comparable: only one side is redacted"
)

// Difference is the answer of Diff.
type Difference struct {
	Changes []Change
	// Incomparable lists fields of which it cannot be said whether they changed; Note says why. They are no changes.
	Incomparable []Change
	Folded       int // changes left out as noise
}

// Empty reports whether nothing changed, noise included, and everything could be compared.
func (d *Difference) Empty() bool {
	return len(d.Changes) == 0 && len(d.Incomparable) == 0 && d.Folded == 0
}

// DiffOptions of Diff.
type DiffOptions struct {
	Schema Schema
	// Noise keeps changes of managedFields, resourceVersion and generation, which are otherwise only counted.
	Noise bool
	// PassNoise, without Noise, passes over such changes: they are not counted either, and managedFields need not be read.
	PassNoise bool
}

// Diff compares two states of one object per field, in the order of fields' names; nil stands for no object.
// Values of equal meaning (numbers, quantities, timestamps, null and missing members) do not differ.
func Diff(a, b *Value, o DiffOptions) Difference {
	d := differ{noise: o.Noise, pass: o.PassNoise && !o.Noise}
	switch {
	case a.Kind() == Object && b.Kind() == Object:
		d.members(a, b, o.Schema)
	default:
		d.value(a, b, o.Schema)
	}
	return d.out
}

type differ struct {
	out   Difference
	path  Path // of the values at hand; reused
	match string
	place int
	noise bool
	pass  bool
}

func (d *differ) emit(op Op, from, to *Value) {
	if !d.noise && isNoise(d.path) {
		d.out.Folded++
		return
	}
	d.out.Changes = append(d.out.Changes, d.change(op, from, to))
}

func (d *differ) change(op Op, from, to *Value) Change {
	return Change{Path: append(Path(nil), d.path...), Op: op, From: from, To: to, Match: d.match, Place: d.place}
}

// isNoise reports whether a path leads to what every write changes.
func isNoise(p Path) bool {
	if len(p) < 2 || p[0].Name != "metadata" {
		return false
	}
	return p[1].Kind == StepField && noisy(p[1].Name)
}

// noisy are the fields of metadata that every write changes.
func noisy(name string) bool {
	return name == "managedFields" || name == "resourceVersion" || name == "generation"
}

// at runs f with one more step on the path.
func (d *differ) at(s Step, f func()) {
	d.path = append(d.path, s)
	f()
	d.path = d.path[:len(d.path)-1]
}

func (d *differ) members(a, b *Value, s Schema) {
	for pair := range memberPairs(a, b) {
		if pair.a == pair.b {
			continue
		}
		if d.pass && len(d.path) == 1 && d.path[0].Name == "metadata" && noisy(pair.name) {
			continue
		}
		d.at(Step{Name: pair.name}, func() { d.value(pair.a, pair.b, s.field(pair.name)) })
	}
}

func (d *differ) value(a, b *Value, s Schema) {
	switch {
	case a == b || a.absent() && b.absent():
	case !a.absent() && !b.absent() && asWritten(a, b):
	case a.absent():
		d.emit(OpAdd, nil, b)
	case b.absent():
		d.emit(OpRemove, a, nil)
	case a.kind == Object && b.kind == Object:
		d.members(a, b, s)
	case a.kind == Array && b.kind == Array && !(a.leaf() && b.leaf()):
		d.items(a, b, s)
	default:
		d.leaf(a, b, s)
	}
}

func (d *differ) leaf(a, b *Value, s Schema) {
	switch sameMeaning(a, b, s) {
	case different:
		d.emit(OpChange, a, b)
	case incomparable:
		c := d.change(OpChange, a, b)
		c.Note = NoteOtherKey
		if !isRedacted(a) || !isRedacted(b) {
			c.Note = NoteOneRedacted
		}
		d.out.Incomparable = append(d.out.Incomparable, c)
	}
}

func (d *differ) items(a, b *Value, s Schema) {
	outer := d.match
	defer func() { d.match = outer }()
	m := matchItems(a.Items(), b.Items(), s)
	if m.by.kind == StepIndex && permuted(a, b, s) {
		d.match = m.how
		d.emit(OpMove, a, b)
		return
	}
	if m.moved {
		d.match = m.how
		d.emit(OpMove, a, b)
	}
	item := s.item()
	for _, i := range m.gone {
		d.match = m.how
		d.at(m.by.step(a.Items()[i], i), func() { d.emit(OpRemove, a.Items()[i], nil) })
	}
	for i, from := range m.from {
		d.match = m.how
		d.at(m.by.step(b.Items()[i], i), func() {
			if from < 0 {
				d.place = i
				d.emit(OpAdd, nil, b.Items()[i])
				d.place = 0
				return
			}
			d.value(a.Items()[from], b.Items()[i], item)
		})
	}
}

// permuted reports whether b holds the items of a in another order.
func permuted(a, b *Value, s Schema) bool {
	if len(a.Items()) != len(b.Items()) || len(a.Items()) < 2 {
		return false
	}
	item, moved := s.item(), false
	for i := range a.Items() {
		if sameMeaning(a.Items()[i], b.Items()[i], item) != same {
			moved = true
			break
		}
	}
	if !moved {
		return false
	}
	count := make(map[string]int, len(a.Items()))
	for _, v := range a.Items() {
		count[v.String()]++
	}
	for _, v := range b.Items() {
		id := v.String()
		if count[id] == 0 {
			return false
		}
		count[id]--
	}
	return true
}
