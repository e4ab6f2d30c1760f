package pebble

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
)

// A stored record is record.Append of the record without what its key tells (cluster; UID and resourceVersion of a revision;
// OccurredAt of requests and Events, to which their other times are then relative), and with UUIDs as 16 bytes.

// appendPacked encodes r for storage behind dst, in phrases. r is not changed.
func appendPacked(dst []byte, r *record.Record) []byte {
	return phraseIndex().append(dst, appendPlainRecord(nil, r))
}

// decodePacked is the reverse, but for what the key tells.
func decodePacked(b []byte) (*record.Record, error) {
	plain, err := appendPlain(make([]byte, 0, plainLen(b)), b)
	if err != nil {
		return nil, err
	}
	return record.Decode(plain)
}

// appendPlainRecord encodes r without what its key tells behind dst.
func appendPlainRecord(dst []byte, r *record.Record) []byte {
	bare := *r
	bare.Ref.Cluster = ""
	switch r.Kind {
	case record.KindRequest:
		q := *r.Request
		base := unixNano(r.OccurredAt)
		bare.OccurredAt = time.Time{}
		q.StageAt = relative(q.StageAt, -base)
		q.AuditID = packUUID(q.AuditID, "")
		bare.Ref.UID = packUUID(r.Ref.UID, "")
		q.AnswerUID, q.NamedUID = packUUID(q.AnswerUID, r.Ref.UID), packUUID(q.NamedUID, r.Ref.UID)
		if len(q.Items) > 0 {
			q.Items = slices.Clone(q.Items)
			for i := range q.Items {
				q.Items[i].UID = packUUID(q.Items[i].UID, "")
			}
		}
		bare.Request = &q
		return record.Append(dst, &bare)
	case record.KindRevision:
		v := *r.Revision
		v.RV, bare.Ref.UID = 0, ""
		bare.Revision = &v
		return record.Append(dst, &bare)
	case record.KindEnd:
		bare.Ref.UID = ""
	case record.KindKubeEvent:
		v := *r.KubeEvent
		base := unixNano(r.OccurredAt)
		bare.OccurredAt = time.Time{}
		for _, t := range [...]*time.Time{&v.FirstSeen, &v.LastSeen, &v.EventTime, &v.CreatedAt} {
			*t = relative(*t, -base)
		}
		bare.Ref.UID = packUUID(r.Ref.UID, "")
		v.Regarding.UID, v.Related.UID = packUUID(v.Regarding.UID, ""), packUUID(v.Related.UID, "")
		bare.KubeEvent = &v
		return record.Append(dst, &bare)
	case record.KindSpan:
		bare.OccurredAt, bare.Span = time.Time{}, moved(r.Span, -unixNano(r.OccurredAt), packUUID[string])
		bare.Ref.UID = packUUID(r.Ref.UID, "")
		return record.Append(dst, &bare)
	}
	return record.Append(dst, &bare)
}

// moved gives a span whose times are moved, and whose audit ID is in another form.
func moved(s *record.Span, by int64, id func(s, other string) string) *record.Span {
	out := *s
	out.End, out.AuditID = relative(s.End, by), id(s.AuditID, "")
	out.Events = slices.Clone(s.Events)
	for i := range out.Events {
		out.Events[i].At = relative(s.Events[i].At, by)
	}
	return &out
}

// unpackTimed reads a stored request, Event or span, whose key tells cluster and time.
func unpackTimed(b []byte, c record.Cluster, nanos int64) (*record.Record, error) {
	r, err := decodePacked(b)
	if err != nil {
		return nil, err
	}
	r.Ref.Cluster, r.OccurredAt = c, fromUnixNano(nanos)
	r.Ref.UID = unpackUUID(r.Ref.UID, "")
	switch r.Kind {
	case record.KindRequest:
		q := r.Request
		q.StageAt = relative(q.StageAt, nanos)
		q.AuditID = unpackUUID(q.AuditID, "")
		q.AnswerUID, q.NamedUID = unpackUUID(q.AnswerUID, r.Ref.UID), unpackUUID(q.NamedUID, r.Ref.UID)
		for i := range q.Items {
			q.Items[i].UID = unpackUUID(q.Items[i].UID, "")
		}
	case record.KindKubeEvent:
		v := r.KubeEvent
		for _, t := range [...]*time.Time{&v.FirstSeen, &v.LastSeen, &v.EventTime, &v.CreatedAt} {
			*t = relative(*t, nanos)
		}
		v.Regarding.UID, v.Related.UID = unpackUUID(v.Regarding.UID, ""), unpackUUID(v.Related.UID, "")
	case record.KindSpan:
		r.Span = moved(r.Span, nanos, unpackUUID[string])
	default:
		return nil, fmt.Errorf("a %s among requests, events or spans", r.Kind)
	}
	return r, nil
}

// unpackRevision reads a stored revision, or the part of an End that lies beside the revisions.
func unpackRevision(b []byte, p revisionParts) (*record.Record, error) {
	plain, err := appendPlain(make([]byte, 0, plainLen(b)), b)
	if err != nil {
		return nil, err
	}
	return placed(plain, p)
}

// placed decodes what unpackRevision reads, once it is unpacked; the record aliases plain.
func placed(plain []byte, p revisionParts) (*record.Record, error) {
	r, err := record.Decode(plain)
	if err != nil {
		return nil, err
	}
	r.Ref.Cluster, r.Ref.UID = p.cluster, p.uid
	switch {
	case r.Kind == record.KindRevision && !p.end:
		r.Revision.RV = p.rv
	case r.Kind == record.KindEnd && p.end:
	default:
		return nil, fmt.Errorf("a %s among revisions", r.Kind)
	}
	return r, nil
}

func relative(t time.Time, by int64) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Unix(0, t.UnixNano()+by).UTC()
}

// packUUID writes a canonical UUID as 00 and 16 bytes, one equal to other as 02, and puts a 01 before anything that begins like these.
func packUUID[S ~string](s S, other S) S {
	if s == "" {
		return ""
	}
	if s == other {
		return "\x02"
	}
	if raw, ok := rawUUID(string(s)); ok {
		return "\x00" + S(raw[:])
	}
	if s[0] <= 2 {
		return "\x01" + s
	}
	return s
}

func unpackUUID[S ~string](s S, other S) S {
	switch {
	case s == "" || s[0] > 2:
		return s
	case s[0] == 2:
		return other
	case s[0] == 0 && len(s) == 17:
		return S(uuidString([]byte(s[1:])))
	}
	return s[1:]
}

// A value of the families of requests, Events and revisions is a list: what shares a key stays beside each other.

// One item alone, which is the rule, stands behind a 1; several stand behind their number, each behind its length.

const oneItem = 1

// eachItem calls f with every item; they alias value.
func eachItem(value []byte, f func(item []byte) error) error {
	if len(value) > 0 && value[0] == oneItem {
		return f(value[1:])
	}
	r := reader{buf: value}
	for range r.count() {
		item := r.bytes(r.num())
		if r.bad {
			break
		}
		if err := f(item); err != nil {
			return err
		}
	}
	if r.bad || len(r.buf) > 0 {
		return fmt.Errorf("list of %d bytes does not decode", len(value))
	}
	return nil
}

// packList encodes records as a list.
func packList(list []*record.Record) []byte {
	out := binary.AppendUvarint(nil, uint64(len(list)))
	var item []byte
	for _, r := range list {
		if len(list) == oneItem {
			return appendPacked(out, r)
		}
		item = appendPacked(item[:0], r)
		out = append(binary.AppendUvarint(out, uint64(len(item))), item...)
	}
	return out
}

// mergeTimed unites lists of requests or Events of one key: deliveries of one fact become one, the rest is sorted by ID.
func mergeTimed(c record.Cluster, nanos int64, lists [][]byte) ([]byte, error) {
	byID := map[record.ID]*record.Record{}
	for _, list := range lists {
		err := eachItem(list, func(item []byte) error {
			r, err := unpackTimed(item, c, nanos)
			if err != nil {
				return err
			}
			id := r.ID()
			if have := byID[id]; have != nil {
				r = record.Merge(have, r)
			}
			byID[id] = r
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	ids := make([]record.ID, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) })
	out := make([]*record.Record, len(ids))
	for i, id := range ids {
		out[i] = byID[id]
	}
	return packList(out), nil
}

// mergeVariants unites lists of bodies of one revision. Bodies that differ, in bytes or API version or in how much of the state they
// hold, are variants and all kept, in a fixed order: the fullest first.
func mergeVariants(p revisionParts, lists [][]byte) ([]byte, error) {
	var all []*record.Record
	for _, list := range lists {
		err := eachItem(list, func(item []byte) error {
			r, err := unpackRevision(item, p)
			if err == nil {
				all = append(all, r)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return packList(uniteVariants(all)), nil
}

// uniteVariants sorts variants of one resourceVersion and merges those that are the same but for where they came from.
func uniteVariants(all []*record.Record) []*record.Record {
	if len(all) < 2 {
		return all
	}
	slices.SortStableFunc(all, compareVariants)
	out := all[:1]
	for _, r := range all[1:] {
		last := out[len(out)-1]
		if compareVariants(last, r) != 0 {
			out = append(out, r)
			continue
		}
		merged := *last
		merged.Ref = maxRef(last.Ref, r.Ref)
		merged.Provenance = last.Provenance.Merge(r.Provenance)
		out[len(out)-1] = &merged
	}
	return out
}

func compareVariants(a, b *record.Record) int {
	x, y := a.Revision, b.Revision
	cut := func(v *record.Revision) int {
		if v.Cut {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(x.RV, y.RV), cmp.Compare(x.Partial, y.Partial), cmp.Compare(cut(x), cut(y)),
		cmp.Compare(a.Ref.Group, b.Ref.Group), cmp.Compare(a.Ref.Version, b.Ref.Version), bytes.Compare(x.Body, y.Body))
}

func maxRef(a, b record.ObjectRef) record.ObjectRef {
	return record.ObjectRef{Cluster: max(a.Cluster, b.Cluster), Group: max(a.Group, b.Group), Version: max(a.Version, b.Version),
		Kind: max(a.Kind, b.Kind), Resource: max(a.Resource, b.Resource), Subresource: max(a.Subresource, b.Subresource),
		Namespace: max(a.Namespace, b.Namespace), Name: max(a.Name, b.Name), UID: max(a.UID, b.UID)}
}
