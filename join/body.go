package join

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// body is what joining needs of one manifest; the slices alias the record's bytes.
type body struct {
	known     bool // a whole manifest
	top       []section
	meta      []section // metadata without what is read below
	managed   []managedEntry
	created   time.Time
	deletion  time.Time
	grace     int64
	hasGrace  bool
	gen       int64
	generated bool // metadata.generateName is set
	finalizer []string
}

// section is one member of an object, unparsed.
type section struct {
	key string
	raw []byte
}

// managedEntry is one entry of metadata.managedFields.
type managedEntry struct {
	manager, operation, subresource, apiVersion string
	time                                        time.Time
	fields                                      []byte
}

// same reports whether two entries are those of one manager.
func (m *managedEntry) same(o *managedEntry) bool {
	return m.manager == o.manager && m.operation == o.operation && m.subresource == o.subresource && m.apiVersion == o.apiVersion
}

// readBody reads what there is; a body that is no JSON object is not known.
func readBody(r *record.Record) body {
	var b body
	if r == nil || r.Revision == nil || len(r.Revision.Body) == 0 || r.Revision.Cut {
		return b
	}
	if r.Revision.Partial == record.PartialScale || r.Revision.Partial == record.PartialMoved {
		return b
	}
	b.known = r.Revision.Partial == record.Whole
	if !b.read(r.Revision.Body) {
		return body{}
	}
	return b
}

func (b *body) read(raw []byte) bool {
	var meta []byte
	err := rawjson.Object(raw, func(key, value []byte) error {
		switch string(key) {
		case "metadata":
			meta = value
		case "kind", "apiVersion":
		default:
			b.top = append(b.top, section{string(key), value})
		}
		return nil
	})
	if err != nil || meta == nil {
		return false
	}
	return rawjson.Object(meta, func(key, value []byte) error {
		switch string(key) {
		case "managedFields":
			b.managed = readManaged(value)
		case "creationTimestamp":
			b.created = timeOf(value)
		case "deletionTimestamp":
			b.deletion = timeOf(value)
		case "deletionGracePeriodSeconds":
			b.hasGrace = json.Unmarshal(value, &b.grace) == nil
		case "generation":
			_ = json.Unmarshal(value, &b.gen) // 0 where it is none
		case "finalizers":
			_ = json.Unmarshal(value, &b.finalizer)
		case "generateName":
			b.generated = len(value) > 2
			b.meta = append(b.meta, section{string(key), value})
		case "resourceVersion", "selfLink":
		default:
			b.meta = append(b.meta, section{string(key), value})
		}
		return nil
	}) == nil
}

func readManaged(raw []byte) []managedEntry {
	var list []managedEntry
	_ = rawjson.Array(raw, func(item []byte) error { // what can not be read proves nothing
		var m managedEntry
		err := rawjson.Object(item, func(key, value []byte) error {
			switch string(key) {
			case "manager":
				m.manager, _ = rawjson.String(value)
			case "operation":
				m.operation, _ = rawjson.String(value)
			case "subresource":
				m.subresource, _ = rawjson.String(value)
			case "apiVersion":
				m.apiVersion, _ = rawjson.String(value)
			case "time":
				m.time = timeOf(value)
			case "fieldsV1":
				m.fields = value
			}
			return nil
		})
		if err == nil {
			list = append(list, m)
		}
		return nil
	})
	return list
}

func timeOf(raw []byte) time.Time {
	s, ok := rawjson.String(raw)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func find(list []section, key string) []byte {
	for i := range list {
		if list[i].key == key {
			return list[i].raw
		}
	}
	return nil
}

// changedSections lists the members that differ, in a's order, then those only b has.
func changedSections(a, b []section) []string {
	var out []string
	for i := range a {
		if raw := find(b, a[i].key); raw == nil || !sameJSON(a[i].raw, raw) {
			out = append(out, a[i].key)
		}
	}
	for i := range b {
		if find(a, b[i].key) == nil {
			out = append(out, b[i].key)
		}
	}
	return out
}

// sameJSON compares by value: sources may order members differently.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if !sameBytes(a, b) && rawjson.IsCompact(a) && rawjson.IsCompact(b) && writtenOneWay(a) && writtenOneWay(b) {
		return false
	}
	x, okX := tree(a)
	y, okY := tree(b)
	return okX && okY && reflect.DeepEqual(x, y)
}

// writtenOneWay reports whether no letter in raw is written in one of several ways that JSON has for it: without \u and \/ the escapes that
// are left have no other form.
func writtenOneWay(raw []byte) bool {
	return !bytes.Contains(raw, []byte(`\u`)) && !bytes.Contains(raw, []byte(`\/`))
}

// sameBytes reports whether a and b are made of the same bytes, in whatever order: compact values written one way that are equal but for
// the order of members are, and most values that differ are not.
func sameBytes(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	var count [256]int32
	for i := range a {
		count[a[i]]++
		count[b[i]]--
	}
	return count == [256]int32{}
}

// tree decodes a value, numbers kept as written.
func tree(raw []byte) (any, bool) {
	if raw == nil {
		return nil, true
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	return v, true
}

// members splits an object; false where raw is none.
func members(raw []byte) ([]section, bool) {
	if raw == nil {
		return nil, true
	}
	var list []section
	err := rawjson.Object(raw, func(key, value []byte) error {
		list = append(list, section{string(key), value})
		return nil
	})
	return list, err == nil
}

// carries reports whether a manifest has this resourceVersion.
func carries(raw []byte, rv record.ResourceVersion) bool {
	s, ok := rawjson.String(rawjson.Get(raw, "metadata", "resourceVersion"))
	return ok && s == strconv.FormatUint(uint64(rv), 10)
}
