package pebble

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// metadata is what the catalogue wants of a body.
type metadata struct {
	created int64
	rv      record.ResourceVersion
	labels  []record.KeyValue
	owners  []record.UID
}

var errEnough = errors.New("enough")

// readMetadata scans a body for its metadata. What is not there or does not parse stays empty: the source checked the body.
func readMetadata(body []byte) (m metadata) {
	if len(body) == 0 {
		return m
	}
	top := rawjson.NewCursor(body)
	_ = top.Object(func(key []byte) error {
		if string(key) != "metadata" {
			return nil
		}
		if err := top.Object(func(key []byte) error { return m.field(&top, key) }); err != nil {
			return err
		}
		return errEnough
	})
	slices.SortFunc(m.labels, comparePairs)
	m.labels = slices.Compact(m.labels)
	slices.Sort(m.owners)
	m.owners = slices.Compact(m.owners)
	return m
}

func (m *metadata) field(c *rawjson.Cursor, key []byte) error {
	switch string(key) {
	case "creationTimestamp":
		if t, err := time.Parse(time.RFC3339, text(c)); err == nil {
			m.created = t.Unix()
		}
	case "resourceVersion":
		n, _ := strconv.ParseUint(text(c), 10, 64)
		m.rv = record.ResourceVersion(n)
	case "labels":
		return c.Object(func(key []byte) error {
			name := string(key)
			m.labels = append(m.labels, record.KeyValue{Key: name, Value: text(c)})
			return nil
		})
	case "ownerReferences":
		return c.Array(func() error {
			return c.Object(func(key []byte) error {
				if string(key) == "uid" {
					m.owners = append(m.owners, record.UID(text(c)))
				}
				return nil
			})
		})
	}
	return nil
}

func text(c *rawjson.Cursor) string {
	raw, err := c.Raw()
	if err != nil {
		return ""
	}
	s, _ := rawjson.String(raw)
	return s
}

// told is what a record adds to the entry of one object.
type told struct {
	uid   record.UID
	entry entry
}

// nameOf gives the name by which a record calls its object.
func nameOf(r *record.Record) []named {
	return []named{{r.Ref.Group, r.Ref.Resource, r.Ref.Namespace, r.Ref.Name}}
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// tell gives what single records say of objects; at is the place where the record itself lies, if it has one.
func tell(r *record.Record, at place) []told {
	switch r.Kind {
	case record.KindRevision:
		if r.Ref.UID == "" {
			return nil
		}
		m := readMetadata(r.Revision.Body)
		rv := r.Revision.RV
		return []told{{r.Ref.UID, entry{flags: flagKnown, names: nameOf(r), kinds: one(r.Ref.Kind), version: r.Ref.Version, firstRV: rv, lastRV: rv,
			createdAt: m.created, labels: m.labels, owners: m.owners, places: []place{at}}}}
	case record.KindEnd:
		if r.Ref.UID == "" {
			return nil
		}
		return []told{{r.Ref.UID, endEntry(r, at)}}
	case record.KindRequest:
		return tellRequest(r)
	}
	return nil
}

func endEntry(r *record.Record, at place) entry {
	m := readMetadata(r.End.LastBody)
	e := entry{flags: flagKnown | flagEnded, names: nameOf(r), kinds: one(r.Ref.Kind), version: r.Ref.Version, lastRV: r.End.RV, endRV: r.End.RV,
		createdAt: m.created, labels: m.labels, owners: m.owners}
	for _, q := range r.End.Requests {
		from := unixNano(q.At)
		if from == 0 {
			from = unixNano(q.StageAt)
		}
		e.merge(&entry{endAt: from, endStage: unixNano(q.StageAt)})
	}
	if rv := endRV(r, m); rv != 0 {
		e.ends = []endPart{{at, rv}}
	}
	return e
}

// endRV is the resourceVersion beside which an End lies: its own, else that of the state it carries; zero if it has neither.
func endRV(r *record.Record, m metadata) record.ResourceVersion {
	if r.End.RV != 0 {
		return r.End.RV
	}
	return m.rv
}

// tellRequest: a request that failed or was a dry run may name a UID that never was, so it alone makes no entry that is shown.
func tellRequest(r *record.Record) []told {
	q := r.Request
	var flags entryFlags
	if q.Succeeded() && !q.Options().DryRun {
		flags = flagKnown
	}
	base := entry{flags: flags, kinds: one(r.Ref.Kind), version: r.Ref.Version, firstAt: unixNano(r.OccurredAt),
		lastAt: later(unixNano(r.OccurredAt), unixNano(q.StageAt))}
	if r.Ref.Name != "" {
		base.names = nameOf(r)
	}
	var out []told
	for _, uid := range [...]record.UID{r.Ref.UID, q.AnswerUID, q.NamedUID} {
		if uid == "" || slices.ContainsFunc(out, func(t told) bool { return t.uid == uid }) {
			continue
		}
		e := base
		if uid == q.AnswerUID && flags != 0 && q.Code == 201 && q.Answer == record.BodyObject && r.Ref.Subresource == "" {
			e.createdRV = q.AnswerRV
		}
		if uid != r.Ref.UID {
			e.kinds, e.version = nil, ""
		}
		out = append(out, told{uid, e})
	}
	for _, it := range q.Items {
		if it.UID == "" {
			continue
		}
		e := base
		e.kinds, e.version = nil, ""
		e.names = []named{{r.Ref.Group, r.Ref.Resource, cmp.Or(it.Namespace, r.Ref.Namespace), it.Name}}
		out = append(out, told{it.UID, e})
	}
	return out
}

// pinOf gives the key and value under which a request's pin is kept. Pins that made their resourceVersion are all kept; of the others, which
// only bound it from above, the earliest of each hour: a later one says less. That is a function of the facts.
func pinOf(r *record.Record) (key, value []byte, ok bool) {
	p, storage, ok := record.PinOf(r)
	if !ok {
		return nil, nil, false
	}
	before := unixNano(p.Before)
	key = appendRV(storageKey(famPin, r.Ref.Cluster, storage), p.RV)
	key = appendHour(key, hourOf(before))
	if !p.Made {
		return append(key, 0), encodePin(p), true
	}
	key = append(key, 1)
	key = binary.BigEndian.AppendUint64(key, uint64(before))
	key = binary.BigEndian.AppendUint64(key, uint64(unixNano(p.After)))
	return key, encodePin(p), true
}

// seenOf gives the mark that a request leaves: at which level requests of its resource were recorded in its hour, those that may change
// an object apart from all others.
func seenOf(r *record.Record) (key []byte, mark byte) {
	key = hourKey(famSeen, r.Ref.Cluster, hourOf(unixNano(r.OccurredAt)))
	key = appendString(appendString(key, r.Ref.Group), r.Ref.Resource)
	class := classRead
	if r.MayChange() {
		class = classWrite
	}
	key = append(key, class)
	mark = 1 << min(uint8(r.Request.Level), 6)
	if r.Request.Flags&(record.FlagTruncated|record.FlagBodyCut) != 0 {
		mark |= seenTruncated
	}
	return key, mark
}

func classOf(r *record.Record) byte {
	if r.Request.IsRead() {
		return classRead
	}
	return classWrite
}
