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
	key, value []byte // the key with its quotes
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

// object compares two objects. As long as the members come in the same order they are compared in place, which skips
// over equal values of the answer without reading them; the rest goes through unordered.
func (d *differ) object(sent, answered []byte, depth int) {
	s, a := NewCursor(sent), NewCursor(answered)
	i, j := 1, 1 // behind the braces
	for i < len(sent) && j < len(answered) && sent[i] == '"' && answered[j] == '"' {
		keyEnd := s.skipString(i)
		if keyEnd < 0 || !bytes.HasPrefix(answered[j:], sent[i:keyEnd]) {
			break
		}
		value := keyEnd + 1 // behind the colon
		other := j + keyEnd - i + 1
		end := s.skip(value, depth)
		if end < 0 || end >= len(sent) || other >= len(answered) || answered[other-1] != ':' {
			break
		}
		otherEnd := other + end - value
		if otherEnd >= len(answered) || !bytes.Equal(sent[value:end], answered[other:otherEnd]) || answered[otherEnd] != ',' && answered[otherEnd] != '}' {
			if otherEnd = a.skip(other, depth); otherEnd < 0 || otherEnd >= len(answered) {
				break
			}
			d.member(sent[i:keyEnd], sent[value:end], answered[other:otherEnd], depth)
		}
		i, j = end+1, otherEnd+1
		if sent[end] == '}' && answered[otherEnd] == '}' {
			return
		}
		if sent[end] == '}' {
			i = end
		}
		if answered[otherEnd] == '}' {
			j = otherEnd
		}
	}
	d.unordered(sent, i, answered, j, depth)
}

// member compares the values of one member that both objects have.
func (d *differ) member(key, sent, answered []byte, depth int) {
	if d.managed(key, depth) {
		return
	}
	d.at(unquoted(key), func() {
		outer := d.inMetadata
		d.inMetadata = depth == 0 && string(key) == `"metadata"`
		d.value(sent, answered, depth+1)
		d.inMetadata = outer
	})
}

// push reads an object's members from position i on onto the stack and gives their range.
func (d *differ) push(raw []byte, i int) (from, to int) {
	from = len(d.members)
	c := NewCursor(raw)
	for i >= 0 && i < len(raw) && raw[i] == '"' {
		keyEnd := c.skipString(i)
		if keyEnd < 0 {
			break
		}
		end := c.skip(keyEnd+1, 0)
		if end < 0 {
			break
		}
		d.members = append(d.members, member{key: raw[i:keyEnd], value: raw[keyEnd+1 : end]})
		i = end + 1
	}
	return from, len(d.members)
}

func (d *differ) unordered(sent []byte, i int, answered []byte, j int, depth int) {
	s, sEnd := d.push(sent, i)
	a, aEnd := d.push(answered, j)
	var byKey map[string]int
	if aEnd-a > scanned {
		byKey = make(map[string]int, aEnd-a)
		for j := aEnd - 1; j >= a; j-- {
			byKey[string(d.members[j].key)] = j
		}
	}
	next := a
	for i := s; i < sEnd; i++ {
		m := d.members[i]
		j := d.find(m.key, next, a, aEnd, byKey)
		if j < 0 {
			if !d.managed(m.key, depth) {
				d.at(unquoted(m.key), func() { d.addSet(m.value) })
			}
			continue
		}
		d.members[j].matched = true
		next = j + 1
		if other := d.members[j].value; !bytes.Equal(m.value, other) {
			d.member(m.key, m.value, other, depth)
		}
	}
	for j := a; j < aEnd; j++ {
		if key := d.members[j].key; !d.members[j].matched && !d.managed(key, depth) {
			d.at(unquoted(key), d.addUnset)
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
	case `"managedFields"`, `"resourceVersion"`, `"uid"`, `"generation"`, `"creationTimestamp"`:
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
