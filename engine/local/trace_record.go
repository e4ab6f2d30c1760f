package local

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// record makes one entry of a history a record of a trace. A change whose request is known takes that one's begin and latency.
func (tr *tracing) record(e *engine.Entry, life *index.Life, byRV map[stateKey]int) trace.Record {
	r := trace.Record{Kind: e.Kind, Summary: e.Summary, Verb: e.Verb, Code: e.Code, Start: timeOf(e.When), ID: entryID(e)}
	r.End = r.Start
	r.Name = strings.TrimSpace(e.Verb + " " + e.Subresource)
	if e.Actor != nil {
		r.User = e.Actor.User
		actorTags(&r, e.Actor)
	}
	switch {
	case e.Revision != nil:
		tr.revision(&r, e.Revision, life, byRV)
	case e.End != nil:
		made(&r, e.End.Maker, e.End.Sources)
		r.Name = cmp.Or(r.Name, "end")
		str(&r, "resourceVersion", e.End.ResourceVersion)
	case e.Request != nil:
		r.Source = "audit"
		requestTags(&r, e.Request)
		r.Failed = e.Request.Code >= 400
	case e.Event != nil:
		eventTags(&r, e.Event)
	case e.Gap != nil:
		r.Source, r.Name = "gaps", "gap "+e.Gap.Reason
	case e.Span != nil:
		spanTags(&r, e.Span)
	}
	r.NoOp = isNoOp(r.Summary)
	if r.Failed {
		r.Status = r.Summary
	}
	if e.Request != nil && e.Request.Message != "" { // a tag of its own says it
		r.Summary = strings.TrimSuffix(r.Summary, ": "+e.Request.Message)
	}
	return r
}

// entryID is the identity of an entry; of a gap, which has none, of its words.
func entryID(e *engine.Entry) record.ID {
	if id, err := record.ParseID(e.ID); err == nil {
		return id
	}
	sum := sha256.Sum256([]byte(e.Kind + " " + e.ID))
	return record.ID(sum[:16])
}

func (tr *tracing) revision(r *trace.Record, rev *engine.Revision, life *index.Life, byRV map[stateKey]int) {
	made(r, rev.Maker, rev.Sources)
	switch {
	case r.Name != "":
	case rev.First:
		r.Name = "first seen"
	default:
		r.Name = "changed"
	}
	str(r, "resourceVersion", rev.ResourceVersion)
	str(r, "partial", rev.Partial)
	if rev.Conflict {
		str(r, "conflict", "two bodies were recorded of this state")
	}
	for _, c := range rev.Changes {
		r.Changes = append(r.Changes, trace.Change{Path: c.Path, Op: c.Op, From: c.From, To: c.To, Note: c.Note})
	}
	i, known := byRV[stateKey{rev.ResourceVersion, rev.Epoch}]
	if !tr.q.Verbose || !known || i == 0 {
		return
	}
	before, after := &life.States[i-1], &life.States[i]
	r.Verbose = append(r.Verbose, trace.Change{Path: "metadata.resourceVersion", Op: "change",
		From: []byte(strconv.FormatUint(uint64(before.RV), 10)), To: []byte(strconv.FormatUint(uint64(after.RV), 10))})
	from, to := generation(before.Value), generation(after.Value)
	if from != to {
		r.Verbose = append(r.Verbose, trace.Change{Path: "metadata.generation", Op: "change", From: []byte(from), To: []byte(to)})
	}
}

func generation(v *object.Value) string {
	return cmp.Or(v.Get("metadata", "generation").Text(), "null")
}

// made tells of the request that made a state or an end, and where it is not known, what is.
func made(r *trace.Record, m *engine.Maker, sources []string) {
	r.Source = "watch"
	if len(sources) > 0 {
		r.Source = sources[0]
	}
	if m == nil {
		return
	}
	if m.Certainty != engine.Exact {
		str(r, "certainty", string(m.Certainty))
		str(r, "evidence", strings.Join(m.Evidence, " "))
	}
	if len(m.Candidates) > 0 {
		r.Source = "audit"
		r.Attrs = append(r.Attrs, trace.Attr{Key: "candidates", Value: int64(len(m.Candidates))})
	}
	if q := m.Request; q != nil {
		r.Source = "audit"
		requestTags(r, q)
	}
}

// requestTags tells of a request, and takes its begin and latency.
func requestTags(r *trace.Record, q *engine.Request) {
	r.Start = q.ReceivedAt
	r.End = q.ReceivedAt.Add(time.Duration(q.LatencyMS * float64(time.Millisecond)))
	str(r, "subresource", q.Subresource)
	str(r, "auditID", q.AuditID)
	str(r, "reason", q.Reason)
	str(r, "message", q.Message)
	str(r, "notes", strings.Join(q.Notes, ", "))
	if q.DryRun {
		r.Attrs = append(r.Attrs, trace.Attr{Key: "dryRun", Value: true})
	}
	var causes []string
	for _, c := range q.Causes {
		causes = append(causes, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Field, c.Reason, c.Message)))
	}
	str(r, "causes", strings.Join(causes, "\n"))
}

func actorTags(r *trace.Record, a *engine.Actor) {
	str(r, "impersonator", a.Impersonator)
	str(r, "userAgent", a.UserAgent)
	str(r, "fieldManager", a.FieldManager)
	str(r, "sourceIP", strings.Join(a.SourceIPs, ","))
}

func eventTags(r *trace.Record, ev *engine.Event) {
	r.Source, r.Name = "events", cmp.Or(ev.Reason, "event")
	r.User = ev.Source
	r.Summary = ev.Note
	r.Failed = ev.Type == "Warning"
	if r.Failed {
		r.Summary = "Warning " + ev.Reason + ": " + ev.Note
	}
	str(r, "reason", ev.Reason)
	str(r, "type", ev.Type)
	str(r, "action", ev.Action)
	str(r, "eventName", ev.Name) // not "event", by which Jaeger calls the record itself
	str(r, "fieldPath", ev.FieldPath)
	if ev.Count > 1 {
		r.Attrs = append(r.Attrs, trace.Attr{Key: "count", Value: ev.Count})
	}
	if ev.Matched != "uid" {
		str(r, "matched", ev.Matched)
	}
}

// spanTags tells of a span, a log line or a pushed record that names the object.
func spanTags(r *trace.Record, s *engine.Span) {
	r.Source, r.Name, r.User = "spans", cmp.Or(s.Name, s.Form), s.Service
	r.Start, r.End = s.Start, latest(s.Start, *timeOr(s.End))
	r.Failed = s.Status == "error"
	str(r, "form", s.Form)
	str(r, "severity", s.Severity)
	str(r, "text", s.Text)
	str(r, "auditID", s.AuditID)
	str(r, "otherTraceID", s.TraceID) // of the sender's own trace
	str(r, "otherSpanID", s.SpanID)
	for _, key := range slices.Sorted(maps.Keys(s.Attributes)) {
		str(r, "attribute."+key, s.Attributes[key])
	}
}

func str(r *trace.Record, key, value string) {
	if value != "" {
		r.Attrs = append(r.Attrs, trace.Attr{Key: key, Value: value})
	}
}
