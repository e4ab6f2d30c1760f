package object

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Managed is one entry of metadata.managedFields: who manages which fields.
type Managed struct {
	Manager     string
	Operation   string // Update, Apply
	APIVersion  string
	Subresource string
	Time        time.Time // whole seconds; zero where the entry has none

	fields *Value // fieldsV1
}

// ManagedFields reads the entries of a manifest, in their order.
func ManagedFields(v *Value) []Managed {
	items := v.Get("metadata", "managedFields").Items()
	if len(items) == 0 {
		return nil
	}
	out := make([]Managed, len(items))
	for i, m := range items {
		out[i] = Managed{
			Manager: m.Get("manager").Str(), Operation: m.Get("operation").Str(), APIVersion: m.Get("apiVersion").Str(),
			Subresource: m.Get("subresource").Str(), Time: timeOf(m.Get("time")), fields: m.Get("fieldsV1"),
		}
	}
	return out
}

// NewestManaged gives the entries of a manifest with the latest time; none where no entry has a time.
func NewestManaged(v *Value) []Managed {
	var newest []Managed
	for _, m := range ManagedFields(v) {
		switch {
		case m.Time.IsZero():
		case len(newest) == 0 || m.Time.After(newest[0].Time):
			newest = []Managed{m}
		case m.Time.Equal(newest[0].Time):
			newest = append(newest, m)
		}
	}
	return newest
}

func (m *Managed) sameEntry(o *Managed) bool {
	return m.Manager == o.Manager && m.Operation == o.Operation && m.APIVersion == o.APIVersion && m.Subresource == o.Subresource
}

// ManagedChanged gives the entries of next that show a write since prev: new ones, those with a new time, and
// those that manage more fields at the same time (a second write within its second). An entry that only lost fields
// shows that another manager took them over, and is not given. Prev may be nil: then all are new.
func ManagedChanged(prev, next *Value) []Managed {
	return managedChanged(ManagedFields(prev), ManagedFields(next))
}

func managedChanged(before, after []Managed) []Managed {
	var out []Managed
	for _, m := range after {
		i := slices.IndexFunc(before, func(o Managed) bool { return o.sameEntry(&m) })
		if i < 0 || !before[i].Time.Equal(m.Time) || grown(before[i].fields, m.fields) {
			out = append(out, m)
		}
	}
	return out
}

// grown reports whether b names a field that a does not.
func grown(a, b *Value) bool {
	if a == b {
		return false
	}
	for _, m := range b.Members() {
		old := a.member(m.Name)
		if old == nil || grown(old, m.Value) {
			return true
		}
	}
	return false
}

// owners finds who manages single fields of one state.
type owners struct {
	state   *Value
	entries []Managed
	keys    map[string]*Value // parsed k: and v: elements
}

func newOwners(state *Value) *owners {
	return &owners{state: state, entries: ManagedFields(state), keys: map[string]*Value{}}
}

// claim is the part of one entry's field set that lies below the place at hand.
type claim struct {
	entry int
	set   *Value
}

// of gives the entries that manage the field at a path of the state: those that name the field itself, else those that
// name a whole subtree it is part of.
func (o *owners) of(path Path) []Managed {
	claims := make([]claim, 0, len(o.entries))
	for i := range o.entries {
		if o.entries[i].fields.Kind() == Object {
			claims = append(claims, claim{i, o.entries[i].fields})
		}
	}
	var above []claim
	at := o.state
	for _, step := range path {
		below := claims[:0:0]
		ended := above[:0:0]
		child, place := descend(at, step)
		for _, c := range claims {
			set := o.below(c.set, step, child, place)
			switch {
			case set != nil:
				below = append(below, claim{c.entry, set})
			case len(c.set.Members()) == 0 && c.set != o.entries[c.entry].fields:
				ended = append(ended, c)
			}
		}
		if len(ended) > 0 {
			above = ended
		}
		claims, at = below, child
	}
	if len(claims) == 0 {
		claims = above
	}
	out := make([]Managed, 0, len(claims))
	for _, c := range claims {
		out = append(out, o.entries[c.entry])
	}
	return out
}

// below gives the part of a field set that a step leads to, nil if it names nothing there.
func (o *owners) below(set *Value, step Step, child *Value, place int) *Value {
	if step.Kind == StepField {
		return set.member("f:" + step.Name)
	}
	for _, m := range set.Members() {
		kind, text, _ := strings.Cut(m.Name, ":")
		switch kind {
		case "k":
			if o.hasKeys(child, text) {
				return m.Value
			}
		case "v":
			if v := o.parsed(text); v != nil && sameMeaning(v, child, Schema{}) == same {
				return m.Value
			}
		case "i":
			if n, err := strconv.Atoi(text); err == nil && n == place {
				return m.Value
			}
		}
	}
	return nil
}

func (o *owners) hasKeys(item *Value, text string) bool {
	keys := o.parsed(text)
	if keys.Kind() != Object || len(keys.Members()) == 0 {
		return false
	}
	for _, k := range keys.Members() {
		if v := item.member(k.Name); v != nil && sameMeaning(v, k.Value, Schema{}) != same ||
			v == nil && !(k.Name == "protocol" && k.Value.Str() == "TCP") {
			return false
		}
	}
	return true
}

func (o *owners) parsed(text string) *Value {
	v, ok := o.keys[text]
	if !ok {
		v, _ = Parse([]byte(text)) // nil if malformed: matches nothing
		o.keys[text] = v
	}
	return v
}

// descend follows one step; place is where the item stands in its list.
func descend(v *Value, s Step) (child *Value, place int) {
	switch s.Kind {
	case StepField:
		return v.member(s.Name), -1
	case StepIndex:
		if s.Index < len(v.Items()) {
			return v.Items()[s.Index], s.Index
		}
	case StepKeys:
		for i, item := range v.Items() {
			if s.matches(item) {
				return item, i
			}
		}
	case StepValue:
		for i, item := range v.Items() {
			if item.String() == s.Value {
				return item, i
			}
		}
	}
	return nil, -1
}

func (s Step) matches(item *Value) bool {
	for _, k := range s.Keys {
		if keyText(item, k.Name) != k.Value {
			return false
		}
	}
	return item.Kind() == Object && len(s.Keys) > 0
}

// At follows a path from v; nil where it leads nowhere. Of several list items that a step's keys match, the first counts.
func (v *Value) At(path Path) *Value {
	for _, s := range path {
		v, _ = descend(v, s)
	}
	return v
}
