package ingest

import "github.com/kubewake/kubewake/record"

// Split gives batches of at most maxBytes (see Size; a larger record is one of its own) that, delivered in this order, say the same. What tells
// how far a source has come, Progress and marks, comes in the last: whoever stops in between has not come that far.
func (b Batch) Split(maxBytes int64) []Batch {
	if b.Size() <= maxBytes {
		return []Batch{b}
	}
	var out []Batch
	part, size := Batch{Cluster: b.Cluster}, int64(0)
	add := func(r *record.Record) {
		n := int64(Size(r))
		if size+n > maxBytes && len(part.Records) > 0 {
			out = append(out, part)
			part, size = Batch{Cluster: b.Cluster}, 0
		}
		part.Records, size = append(part.Records, r), size+n
	}
	for _, late := range [...]bool{false, true} {
		for _, r := range b.Records {
			if late == (r.Kind == record.KindProgress) {
				add(r)
			}
		}
	}
	part.Marks = b.Marks
	return append(out, part)
}
