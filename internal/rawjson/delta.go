package rawjson

import (
	"bytes"
	"strconv"
)

// Delta tells how the document sent differs from the one answered: {"set": {pointer: value sent}, "unset": [pointers
// that only the answer has]}, RFC 6901 pointers, empty parts left out, "{}" where they agree. List items are
// compared by position. What the apiserver manages (metadata.managedFields, resourceVersion, uid, generation,
// creationTimestamp) is left out. Both documents must be objects; the cost is a few passes over them.
func Delta(sent, answered []byte) ([]byte, error) {
	for _, doc := range [...][]byte{sent, answered} {
		if _, err := Valid(doc); err != nil {
			return nil, err
		}
		if c := NewCursor(doc); c.Kind() != '{' {
			return nil, &SyntaxError{Reason: "no object"}
		}
	}
	var d differ
	d.object(Compact(nil, sent), Compact(nil, answered), 0)
	return d.result(), nil
}

// DeltaOf is Delta of two compact objects that were checked before: one pass less.
func DeltaOf(sent, answered []byte) []byte {
	var d differ
	d.object(sent, answered, 0)
	return d.result()
}

type member struct {
	key, value []byte
	matched    bool
}

type differ struct {
	path       []byte
	set, unset []byte
	members    []member // stack: each level's members lie above its parents'
	inMetadata bool
}

func (d *differ) result() []byte {
	out := make([]byte, 0, len(d.set)+len(d.unset)+24)
	out = append(out, '{')
	if len(d.set) > 0 {
		out = append(append(append(out, `"set":{`...), d.set...), '}')
	}
	if len(d.unset) > 0 {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, `"unset":[`...), d.unset...), ']')
	}
	return append(out, '}')
}

// push reads an object's members onto the stack and gives their range.
func (d *differ) push(raw []byte) (from, to int) {
	from = len(d.members)
	c := NewCursor(raw)
	_ = c.Object(func(key []byte) error {
		value, err := c.Raw()
		if err == nil {
			d.members = append(d.members, member{key: key, value: value})
		}
		return err
	})
	return from, len(d.members)
}

func (d *differ) object(sent, answered []byte, depth int) {
	s, sEnd := d.push(sent)
	a, aEnd := d.push(answered)
	var byKey map[string]int
	if aEnd-a > scanned {
		byKey = make(map[string]int, aEnd-a)
		for j := aEnd - 1; j >= a; j-- {
			byKey[string(d.members[j].key)] = j
		}
	}
	next := a
	for i := s; i < sEnd; i++ {
		key := d.members[i].key
		j := d.find(key, next, a, aEnd, byKey)
		if j < 0 {
			if !d.managed(key, depth) {
				d.at(key, func() { d.addSet(d.members[i].value) })
			}
			continue
		}
		d.members[j].matched = true
		next = j + 1
		if bytes.Equal(d.members[i].value, d.members[j].value) || d.managed(key, depth) {
			continue
		}
		d.at(key, func() {
			outer := d.inMetadata
			d.inMetadata = depth == 0 && string(key) == "metadata"
			d.value(d.members[i].value, d.members[j].value, depth+1)
			d.inMetadata = outer
		})
	}
	for j := a; j < aEnd; j++ {
		if key := d.members[j].key; !d.members[j].matched && !d.managed(key, depth) {
			d.at(key, d.addUnset)
		}
	}
	d.members = d.members[:s]
}

// scanned bounds the objects whose members are searched one by one when the order differs.
const scanned = 32

// find looks for key where the same order would have it, then everywhere.
func (d *differ) find(key []byte, next, from, to int, byKey map[string]int) int {
	if next < to && bytes.Equal(d.members[next].key, key) && !d.members[next].matched {
		return next
	}
	if byKey != nil {
		if j, ok := byKey[string(key)]; ok && !d.members[j].matched {
			return j
		}
		return -1
	}
	for j := from; j < to; j++ {
		if bytes.Equal(d.members[j].key, key) && !d.members[j].matched {
			return j
		}
	}
	return -1
}

func (d *differ) managed(key []byte, depth int) bool {
	if depth != 1 || !d.inMetadata {
		return false
	}
	switch string(key) {
	case "managedFields", "resourceVersion", "uid", "generation", "creationTimestamp":
		return true
	}
	return false
}

func (d *differ) value(sent, answered []byte, depth int) {
	switch {
	case bytes.Equal(sent, answered):
	case depth > MaxDepth || sent[0] != answered[0]:
		d.addSet(sent)
	case sent[0] == '{':
		d.object(sent, answered, depth)
	case sent[0] == '[':
		d.array(sent, answered, depth)
	default:
		d.addSet(sent)
	}
}

func (d *differ) array(sent, answered []byte, depth int) {
	var both [2][][]byte
	for n, raw := range [...][]byte{sent, answered} {
		c := NewCursor(raw)
		_ = c.Array(func() error {
			item, err := c.Raw()
			if err == nil {
				both[n] = append(both[n], item)
			}
			return err
		})
	}
	for i := range max(len(both[0]), len(both[1])) {
		key := strconv.AppendInt(nil, int64(i), 10)
		switch {
		case i >= len(both[0]):
			d.at(key, d.addUnset)
		case i >= len(both[1]):
			d.at(key, func() { d.addSet(both[0][i]) })
		default:
			d.at(key, func() { d.value(both[0][i], both[1][i], depth+1) })
		}
	}
}

// at runs f with the path one step longer.
func (d *differ) at(key []byte, f func()) {
	n := len(d.path)
	d.path = append(d.path, '/')
	for _, b := range key {
		switch b {
		case '~':
			d.path = append(d.path, '~', '0')
		case '/':
			d.path = append(d.path, '~', '1')
		default:
			d.path = append(d.path, b)
		}
	}
	f()
	d.path = d.path[:n]
}

func (d *differ) addSet(value []byte) {
	if len(d.set) > 0 {
		d.set = append(d.set, ',')
	}
	d.set = append(append(AppendString(d.set, d.path), ':'), value...)
}

func (d *differ) addUnset() {
	if len(d.unset) > 0 {
		d.unset = append(d.unset, ',')
	}
	d.unset = AppendString(d.unset, d.path)
}
