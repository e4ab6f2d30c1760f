package local

import (
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
)

func spanEntry(r *record.Record, uid string) engine.Entry {
	s := spanOf(r)
	when := engine.When{At: timePtr(r.OccurredAt), NotBefore: timePtr(r.OccurredAt), NotAfter: timePtr(latest(r.OccurredAt, r.Span.End))}
	return engine.Entry{ID: s.ID, Kind: "span", When: when, UID: uid, Summary: spanSummary(s), Span: s}
}

func spanOf(r *record.Record) *engine.Span {
	s := r.Span
	out := &engine.Span{ID: r.ID().String(), Form: s.Form.String(), TraceID: s.TraceID.String(), SpanID: s.SpanID.String(), ParentID: s.ParentID.String(),
		Service: s.Service, Scope: s.Scope, Name: s.Name, Kind: s.Kind.String(), Status: s.Status.String(), Severity: s.Severity, Text: s.Text,
		Start: r.OccurredAt.UTC(), End: timePtr(s.End), Attributes: attributes(s.Attributes), Resource: attributes(s.Resource), AuditID: s.AuditID, Key: s.Key}
	for _, ev := range s.Events {
		out.Events = append(out.Events, engine.SpanEvent{At: timePtr(ev.At), Name: ev.Name, Attributes: attributes(ev.Attributes)})
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, engine.SpanLink{TraceID: l.TraceID.String(), SpanID: l.SpanID.String(), Attributes: attributes(l.Attributes)})
	}
	for _, ref := range append([]record.ObjectRef{r.Ref}, s.Also...) {
		if ref.Name != "" {
			ref.Cluster = r.Ref.Cluster
			out.Objects = append(out.Objects, refOf(ref))
		}
	}
	for _, n := range spanNotes {
		if s.Flags.Has(n.flag) {
			out.Notes = append(out.Notes, n.note)
		}
	}
	return out
}

var spanNotes = [...]struct {
	flag record.SpanFlags
	note string
}{
	{record.SpanAttributesCut, "attributes cut at the limit"},
	{record.SpanEventsCut, "events cut at the limit"},
	{record.SpanLinksCut, "links cut at the limit"},
	{record.SpanTextCut, "text cut at the limit"},
	{record.SpanObjectsCut, "names more objects than are kept"},
	{record.SpanRedacted, "redacted"},
}

func attributes(list []record.KeyValue) map[string]string {
	if len(list) == 0 {
		return nil
	}
	out := make(map[string]string, len(list))
	for _, kv := range list {
		out[kv.Key] = kv.Value
	}
	return out
}

// spanSummary is what it says in one line: "Reconcile 12ms, error: conflict", "ERROR sync failed".
func spanSummary(s *engine.Span) string {
	words := make([]string, 0, 4)
	for _, word := range []string{s.Severity, s.Name} {
		if word != "" {
			words = append(words, word)
		}
	}
	if s.End != nil && s.End.After(s.Start) {
		words = append(words, s.End.Sub(s.Start).Round(time.Microsecond).String())
	}
	line := strings.Join(words, " ")
	if s.Status == "error" {
		line = strings.TrimPrefix(line+", error", ", ")
	}
	if text, _, more := strings.Cut(s.Text, "\n"); text != "" {
		if line != "" {
			line += ": "
		}
		if line += text; more {
			line += " ..."
		}
	}
	return line
}
