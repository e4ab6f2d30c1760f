package extend

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// auditIDTag is the tag of a request by which other systems know it.
const auditIDTag = "auditID"

// target is what can be asked about: an object's span, a request's, or a request that is shown within a span.
type target struct {
	span       trace.SpanID
	outer      []trace.Attr // of the span that it stands in
	inner      []trace.Attr // of its own, where it is no span
	start, end time.Time
}

// targetsOf goes over what can be asked about, in the order of the trace.
func targetsOf(spans []trace.Span, what string) iter.Seq[*target] {
	return func(yield func(*target) bool) {
		for i := range spans {
			s := &spans[i]
			own := &target{span: s.ID, outer: s.Attrs, start: s.Start, end: s.End}
			if what == forObjects {
				if isObject(s) && !yield(own) {
					return
				}
				continue
			}
			if text(s.Attrs, auditIDTag) != "" && !yield(own) {
				return
			}
			for k := range s.Events {
				e := &s.Events[k]
				if text(e.Attrs, auditIDTag) == "" {
					continue
				}
				took, _ := time.ParseDuration(text(e.Attrs, "took")) // none: zero
				if !yield(&target{span: s.ID, outer: s.Attrs, inner: e.Attrs, start: e.At, end: e.At.Add(max(0, took))}) {
					return
				}
			}
		}
	}
}

// isObject reports whether a span is an object's own, and not one of its records or of a group of them.
func isObject(s *trace.Span) bool {
	cluster, uid := text(s.Attrs, "cluster"), text(s.Attrs, "uid")
	return uid != "" && s.ID == trace.ObjectSpan(record.ObjectID(record.Cluster(cluster), record.UID(uid)))
}

// text gives an attribute as text; empty where there is none.
func text(attrs []trace.Attr, key string) string {
	i := slices.IndexFunc(attrs, func(a trace.Attr) bool { return a.Key == key })
	if i < 0 {
		return ""
	}
	if s, ok := attrs[i].Value.(string); ok {
		return s
	}
	return fmt.Sprint(attrs[i].Value)
}

// tag of the target: its own before that of the span around it.
func (t *target) tag(key string) string {
	if s := text(t.inner, key); s != "" {
		return s
	}
	return text(t.outer, key)
}

func (t *target) values(around time.Duration) values {
	v := values{tags: map[string]string{}, start: t.start.Add(-around), end: t.end.Add(around)}
	for _, list := range [][]trace.Attr{t.outer, t.inner} {
		for _, a := range list {
			v.tags[a.Key] = text([]trace.Attr{a}, a.Key)
		}
	}
	return v
}
