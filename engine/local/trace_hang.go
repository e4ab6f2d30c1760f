package local

import (
	"cmp"
	"context"
	"slices"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// hang puts the spans of requests (of an apiserver that traces, and what is below them) under the first record of each request. It is one
// look for all requests of a cluster.
func (tr *tracing) hang(ctx context.Context, in *trace.Input) error {
	for cluster := range tr.reading.infos {
		calls, under := map[string]call{}, map[string]*trace.Record{}
		for i := range in.Objects {
			if in.Objects[i].Ref.Cluster != cluster {
				continue
			}
			for k := range in.Objects[i].Records {
				r := &in.Objects[i].Records[k]
				audit := auditOf(r)
				if audit == "" {
					continue
				}
				calls[audit] = calls[audit].with(r.Start.Add(-aroundRequest), r.End.Add(aroundRequest))
				if first := under[audit]; first == nil || earlierRecord(r, first) {
					under[audit] = r
				}
			}
		}
		spans, cut, err := tr.e.requestSpans(ctx, cluster, calls)
		if err != nil {
			return err
		}
		if cut != "" {
			in.Notes = append(in.Notes, cut)
		}
		for audit, list := range spans {
			r := under[audit]
			if r == nil {
				continue
			}
			if left := len(list) - maxRequestSpans; left > 0 {
				list = list[:maxRequestSpans]
				str(r, "spansLeft", itoa(left)+" more spans of this request are not shown")
			}
			r.Spans = nested(list)
		}
	}
	return nil
}

// auditOf is the audit ID of the request that a record is, or was made by.
func auditOf(r *trace.Record) string {
	if r.Kind == "span" {
		return ""
	}
	for _, a := range r.Attrs {
		if a.Key == "auditID" {
			return a.Value.(string)
		}
	}
	return ""
}

func earlierRecord(a, b *trace.Record) bool {
	return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.ID[:], b.ID[:])) < 0
}

// nested puts spans under their parents, as far as these are among them; log lines under the span that they were written in. The list is by
// time, and stays so at each level.
func nested(list []*record.Record) []trace.Record {
	known := map[record.SpanID]bool{}
	for _, r := range list {
		if r.Span.Form == record.FormSpan {
			known[r.Span.SpanID] = true
		}
	}
	below := map[record.SpanID][]*record.Record{}
	for _, r := range list {
		above := r.Span.ParentID
		if r.Span.Form != record.FormSpan {
			above = r.Span.SpanID
		}
		if !known[above] || above == r.Span.SpanID && r.Span.Form == record.FormSpan {
			above = record.SpanID{}
		}
		below[above] = append(below[above], r)
	}
	placed := map[record.ID]bool{}
	var build func(of record.SpanID) []trace.Record
	build = func(of record.SpanID) (out []trace.Record) {
		for _, r := range below[of] {
			if placed[r.ID()] {
				continue // foreign spans may name each other in a circle
			}
			placed[r.ID()] = true
			one := spanRecord(r)
			if r.Span.Form == record.FormSpan && r.Span.SpanID != (record.SpanID{}) {
				one.Spans = build(r.Span.SpanID)
			}
			out = append(out, one)
		}
		return out
	}
	out := build(record.SpanID{})
	for _, r := range list { // what only a circle holds
		if !placed[r.ID()] {
			placed[r.ID()] = true
			out = append(out, spanRecord(r))
		}
	}
	return out
}

func spanRecord(r *record.Record) trace.Record {
	out := trace.Record{ID: r.ID(), Kind: "span"}
	told := spanOf(r)
	spanTags(&out, told)
	if out.Failed {
		out.Status = cmp.Or(told.Text, "error")
	}
	return out
}
