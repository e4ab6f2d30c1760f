package local

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Limits of spans in answers.
const (
	maxObjectSpans  = 5000 // of one name
	maxRequestSpans = 500  // of one request
	maxTraceSpans   = 20_000
)

// aroundRequest is how far from a request its spans are looked for: clocks differ, and a span may begin before the request was received.
const aroundRequest = time.Minute

// longestRequest bounds how long after a request began its spans are looked for: its times are as the audit log told them.
const longestRequest = 24 * time.Hour

// objectSpans gives what names an object and lies in a window, by rising time; cut says what a limit left out.
func (e *Engine) objectSpans(ctx context.Context, ref record.ObjectRef, between store.TimeRange) (list []*record.Record, cut string, err error) {
	known := map[record.ID]int{}
	scan := store.SpanScan{Cluster: ref.Cluster, Resource: ref.GroupResource(), Namespace: ref.Namespace, Name: ref.Name, Between: between}
	for r, err := range e.st.Spans(ctx, scan) {
		if err != nil {
			return nil, "", err
		}
		if i, again := known[r.ID()]; again { // a key that was pushed again with another time
			list[i] = record.Merge(list[i], r)
			continue
		}
		if len(list) == maxObjectSpans {
			return list, "more than " + itoa(maxObjectSpans) + " spans name the object", nil
		}
		known[r.ID()] = len(list)
		list = append(list, r)
	}
	return list, "", nil
}

// ofLife reports whether a span that names an object's name means one life of it: by its UID, or, where it tells none that is known, by time.
func ofLife(r *record.Record, life *index.Life, known map[record.UID]bool) bool {
	own := life.Entry.Ref
	for _, ref := range append([]record.ObjectRef{r.Ref}, r.Span.Also...) {
		if ref.GroupResource() != own.GroupResource() || ref.Namespace != own.Namespace || ref.Name != own.Name {
			continue
		}
		if ref.UID == own.UID || !known[ref.UID] && life.Within(r.OccurredAt) {
			return true
		}
	}
	return false
}

// addSpans lists the spans that name the object, but for those that hang under a request that is listed.
func (h *history) addSpans(ctx context.Context) error {
	t := h.target
	if t.name == "" {
		return nil
	}
	ref := record.ObjectRef{Cluster: t.cluster, Group: t.resource.Group, Resource: t.resource.Resource, Namespace: t.namespace, Name: t.name}
	list, cut, err := h.e.objectSpans(ctx, ref, store.TimeRange{From: h.q.Window.From, To: h.q.Window.To})
	if err != nil || len(list) == 0 {
		return err
	}
	h.cut = cmp.Or(h.cut, cut)
	requests := map[string]bool{}
	for i := range h.entries {
		if q := requestIn(&h.entries[i].entry); q != nil {
			requests[q.AuditID] = true
		}
	}
	for _, r := range list {
		if r.Span.AuditID != "" && requests[r.Span.AuditID] {
			continue
		}
		uid, shown := "", h.q.AllLife || t.meant < 0
		for _, life := range h.loaded {
			if ofLife(r, life, h.known) {
				uid, shown = string(life.Entry.Ref.UID), true
				break
			}
		}
		if shown {
			h.entries = append(h.entries, placed{at: r.OccurredAt, rank: rankSpan, entry: spanEntry(r, uid)})
		}
	}
	return nil
}

// requestIn is the request that an entry is, or that made what it is; nil where that is not one known request.
func requestIn(e *engine.Entry) *engine.Request {
	switch {
	case e.Request != nil:
		return e.Request
	case e.Revision != nil && e.Revision.Maker != nil:
		return e.Revision.Maker.Request
	case e.End != nil && e.End.Maker != nil:
		return e.End.Maker.Request
	}
	return nil
}

// hangSpans sets the Spans of entries: those of the requests that they are or were made by, each under the first entry of its request.
func (e *Engine) hangSpans(ctx context.Context, cluster record.Cluster, entries []engine.Entry) (cut string, err error) {
	calls := map[string]call{}
	for i := range entries {
		if q := requestIn(&entries[i]); q != nil && q.AuditID != "" {
			took := time.Duration(q.LatencyMS * float64(time.Millisecond))
			calls[q.AuditID] = calls[q.AuditID].with(q.ReceivedAt.Add(-aroundRequest), q.ReceivedAt.Add(took+aroundRequest))
		}
	}
	spans, cut, err := e.requestSpans(ctx, cluster, calls)
	if err != nil {
		return "", err
	}
	for i := range entries {
		q := requestIn(&entries[i])
		if q == nil || spans[q.AuditID] == nil {
			continue
		}
		list := spans[q.AuditID]
		delete(spans, q.AuditID)
		entries[i].SpansLeft = max(len(list)-maxRequestSpans, 0)
		for _, r := range list[:min(len(list), maxRequestSpans)] {
			entries[i].Spans = append(entries[i].Spans, *spanOf(r))
		}
	}
	return cut, nil
}

// call is when a request was under way.
type call struct{ from, to time.Time }

func (c call) with(from, to time.Time) call {
	if c.from.IsZero() {
		return call{from, to}
	}
	return call{earliest(c.from, from), latest(c.to, to)}
}

// requestSpans gives the spans of requests by audit ID, each list by time: those that carry it, those above them that the same service told, and
// all below, as far as they belong to no other request. It costs a few seeks for each request in hours that hold spans at all.
func (e *Engine) requestSpans(ctx context.Context, cluster record.Cluster, calls map[string]call) (out map[string][]*record.Record, cut string, err error) {
	asked := byHour[string]{}
	for id, c := range calls {
		asked.add(id, c)
	}
	traces, loose := &traceSet{parts: map[record.TraceID]*traced{}, asked: byHour[record.TraceID]{}}, map[string][]*record.Record{}
	for _, hour := range asked.hours() {
		scan := store.SpanScan{Cluster: cluster, AuditIDs: asked[hour], Between: store.TimeRange{From: hour, To: hour.Add(time.Hour)}}
		for r, err := range e.st.Spans(ctx, scan) {
			if err != nil {
				return nil, "", err
			}
			if r.Span.TraceID == (record.TraceID{}) {
				loose[r.Span.AuditID] = append(loose[r.Span.AuditID], r)
				continue
			}
			traces.name(r, calls[r.Span.AuditID])
		}
	}
	if cut, err = traces.read(ctx, e.st, cluster); err != nil {
		return nil, "", err
	}
	out = loose
	for _, t := range traces.parts {
		for id := range t.requests {
			out[id] = append(out[id], t.under(id)...)
		}
	}
	for id, list := range out {
		slices.SortFunc(list, func(a, b *record.Record) int {
			x, y := a.ID(), b.ID()
			return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), b.Span.End.Compare(a.Span.End), bytes.Compare(x[:], y[:]))
		})
		out[id] = slices.CompactFunc(list, func(a, b *record.Record) bool { return a.ID() == b.ID() })
	}
	return out, cut, nil
}

// byHour is what is looked for in which hours: a store keeps spans by hour.
type byHour[T any] map[time.Time][]T

func (b byHour[T]) add(id T, c call) {
	to := earliest(c.to, c.from.Add(longestRequest))
	for hour := c.from.UTC().Truncate(time.Hour); !hour.After(to); hour = hour.Add(time.Hour) {
		b[hour] = append(b[hour], id)
	}
}

func (b byHour[T]) hours() []time.Time {
	return slices.SortedFunc(maps.Keys(b), time.Time.Compare)
}

// traceSet is the traces in which requests were found.
type traceSet struct {
	parts map[record.TraceID]*traced
	asked byHour[record.TraceID]
}

// traced is one of them, as far as it was read.
type traced struct {
	requests map[string]bool // audit IDs asked for
	spans    map[record.SpanID]*record.Record
	below    map[record.SpanID][]*record.Record // also log lines, by the span that they were written in
}

func (s *traceSet) name(r *record.Record, c call) {
	id := r.Span.TraceID
	if s.parts[id] == nil {
		s.parts[id] = &traced{requests: map[string]bool{}, spans: map[record.SpanID]*record.Record{}, below: map[record.SpanID][]*record.Record{}}
	}
	if t := s.parts[id]; !t.requests[r.Span.AuditID] {
		t.requests[r.Span.AuditID] = true
		s.asked.add(id, c)
	}
}

func (s *traceSet) read(ctx context.Context, st store.Store, cluster record.Cluster) (cut string, err error) {
	n := 0
	for _, hour := range s.asked.hours() {
		ids := s.asked[hour]
		slices.SortFunc(ids, func(a, b record.TraceID) int { return bytes.Compare(a[:], b[:]) })
		scan := store.SpanScan{Cluster: cluster, TraceIDs: slices.Compact(ids), Between: store.TimeRange{From: hour, To: hour.Add(time.Hour)}}
		for r, err := range st.Spans(ctx, scan) {
			if err != nil {
				return "", err
			}
			if n++; n > maxTraceSpans {
				return "more than " + itoa(maxTraceSpans) + " spans in the traces of the requests", nil
			}
			s.parts[r.Span.TraceID].add(r)
		}
	}
	return "", nil
}

func (t *traced) add(r *record.Record) {
	above := r.Span.ParentID
	if r.Span.Form == record.FormSpan {
		t.spans[r.Span.SpanID] = r
	} else {
		above = r.Span.SpanID
	}
	t.below[above] = append(t.below[above], r)
}

// under gives what belongs to a request.
func (t *traced) under(audit string) (out []*record.Record) {
	taken := map[record.ID]bool{}
	var take func(r *record.Record)
	take = func(r *record.Record) {
		id := r.ID()
		if taken[id] || !belongs(r, audit) {
			return
		}
		taken[id] = true
		out = append(out, r)
		if r.Span.Form != record.FormSpan {
			return
		}
		for _, child := range t.below[r.Span.SpanID] {
			if child.Span.Kind == record.SpanKindServer && child.Span.Service == r.Span.Service && child.Span.AuditID != audit {
				continue // a server that called itself: another request
			}
			take(child)
		}
	}
	for _, list := range t.below {
		for _, r := range list {
			if r.Span.AuditID == audit {
				take(t.top(r, audit))
				take(r)
			}
		}
	}
	return out
}

func belongs(r *record.Record, audit string) bool {
	return r.Span.AuditID == "" || r.Span.AuditID == audit
}

// top climbs from a span to the first one of its service that is still of the same request.
func (t *traced) top(r *record.Record, audit string) *record.Record {
	for range len(t.spans) {
		above := t.spans[r.Span.ParentID]
		if above == nil || above == r || above.Span.Service != r.Span.Service || !belongs(above, audit) {
			break
		}
		r = above
	}
	return r
}
