package record

import (
	"bytes"
	"cmp"
	"slices"
)

// Merge of two deliveries of one fact (equal IDs, equal kinds), for every kind but Revision, whose differing
// bodies are variants and are all kept. It is commutative, associative and idempotent, so arrival order never shows.
// The result is a new record; a and b are unchanged.
func Merge(a, b *Record) *Record {
	out := *fuller(a, b)
	out.Provenance = a.Provenance.Merge(b.Provenance)
	if a.Kind == KindEnd {
		end := MergeEnd(*a.End, *b.End)
		out.End = &end
		out.Ref = fullerRef(a.Ref, b.Ref)
	}
	if a.Kind == KindProgress {
		p := *a.Progress
		p.RV = max(p.RV, b.Progress.RV)
		out.Progress = &p
	}
	return &out
}

// MergeEnd unites what two sources told about one object's end.
func MergeEnd(a, b End) End {
	out := End{RV: max(a.RV, b.RV), After: max(a.After, b.After), Sources: a.Sources | b.Sources}
	out.Before = a.Before
	if a.Before == 0 || (b.Before != 0 && b.Before < a.Before) {
		out.Before = b.Before
	}
	out.LastBody = a.LastBody
	if len(b.LastBody) > len(a.LastBody) || (len(b.LastBody) == len(a.LastBody) && bytes.Compare(b.LastBody, a.LastBody) > 0) {
		out.LastBody = b.LastBody
	}
	out.Requests = append(slices.Clone(a.Requests), b.Requests...)
	slices.SortFunc(out.Requests, func(x, y EndRequest) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	out.Requests = slices.CompactFunc(out.Requests, func(x, y EndRequest) bool { return x.ID == y.ID })
	if len(out.Requests) == 0 {
		out.Requests = nil
	}
	return out
}

// fuller picks the delivery that tells more: the higher audit level, then the one not cut, then the longer encoding,
// then the greater bytes; provenance does not count.
func fuller(a, b *Record) *Record {
	if a.Kind == KindRequest {
		if c := cmp.Compare(a.Request.Level, b.Request.Level); c != 0 {
			return pick(a, b, c)
		}
		if c := cmp.Compare(b.Request.Flags&(FlagTruncated|FlagBodyCut), a.Request.Flags&(FlagTruncated|FlagBodyCut)); c != 0 {
			return pick(a, b, c)
		}
	}
	ea, eb := encodeBare(a), encodeBare(b)
	if c := cmp.Compare(len(ea), len(eb)); c != 0 {
		return pick(a, b, c)
	}
	return pick(a, b, bytes.Compare(ea, eb))
}

func pick(a, b *Record, c int) *Record {
	if c >= 0 {
		return a
	}
	return b
}

func encodeBare(r *Record) []byte {
	bare := *r
	bare.Provenance = Provenance{}
	return Append(nil, &bare)
}

// fullerRef unites two references to one object; where both tell, the greater string wins.
func fullerRef(a, b ObjectRef) ObjectRef {
	return ObjectRef{
		Cluster: max(a.Cluster, b.Cluster), Group: max(a.Group, b.Group), Version: max(a.Version, b.Version),
		Kind: max(a.Kind, b.Kind), Resource: max(a.Resource, b.Resource), Namespace: max(a.Namespace, b.Namespace),
		Name: max(a.Name, b.Name), UID: max(a.UID, b.UID),
	}
}
