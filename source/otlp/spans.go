package otlp

import (
	"fmt"
	"math"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

const (
	// maxResource bounds the attributes kept of a resource.
	maxResource = 32
	// maxCopied bounds the bytes of them that the spans of one request keep together: a small request of many spans would be gigabytes.
	maxCopied = 64 << 20
)

// teller is who told some spans.
type teller struct {
	cluster    record.Cluster
	service    string
	attributes attributes
	cut, found bool
	bytes      int // of what is kept of the attributes
}

// teller reads a resource; false: what it tells is refused, n spans or log lines.
func (b *batch) teller(res *resourcepb.Resource, n int) (t teller, ok bool) {
	v := reading{d: &b.r.decode}
	t.attributes = v.pairs(res.GetAttributes(), maxRead)
	t.service = t.attributes.get(serviceAttribute)
	t.cluster = record.Cluster(t.attributes.get(clusterAttribute))
	if t.cluster == "" {
		if only, ok := b.access.Only(); ok {
			t.cluster = record.Cluster(only)
		} else {
			t.cluster = record.Cluster(b.r.settings.Cluster)
		}
	}
	switch {
	case t.cluster == "":
		b.refuse(refusedCluster, "which cluster? Set the resource attribute k8s.cluster.name, or the receiver's setting otlp.cluster", n)
		return t, false
	case ingest.CheckCluster(t.cluster) != nil:
		b.refuse(refusedCluster, "the resource attribute k8s.cluster.name is no cluster's name", n)
		return t, false
	case !b.access.Allows(string(t.cluster)):
		b.refuse(refusedCluster, fmt.Sprintf("%s may not speak for cluster %q", b.access.Who, t.cluster), n)
		return t, false
	}
	t.cut, t.found = v.cut, v.found
	kept, _ := t.kept()
	for _, kv := range kept {
		t.bytes += len(kv.Key) + len(kv.Value)
	}
	return t, true
}

// kept are the resource's attributes as far as each record keeps them.
func (t *teller) kept() ([]record.KeyValue, bool) {
	if len(t.attributes) > maxResource {
		return t.attributes[:maxResource], true
	}
	return t.attributes, t.cut
}

// traces reads what an exporter of traces sends.
func (b *batch) traces(list []*tracepb.ResourceSpans) {
	for _, rs := range list {
		n := 0
		for _, ss := range rs.GetScopeSpans() {
			n += len(ss.GetSpans())
		}
		t, ok := b.teller(rs.GetResource(), n)
		if !ok {
			continue
		}
		for _, ss := range rs.GetScopeSpans() {
			for _, sp := range ss.GetSpans() {
				b.span(&t, ss.GetScope(), sp)
			}
		}
	}
}

func (b *batch) span(t *teller, scope *common.InstrumentationScope, sp *tracepb.Span) {
	s := &record.Span{Form: record.FormSpan, Kind: kindOf(sp.GetKind())}
	if !id(s.TraceID[:], sp.GetTraceId()) || !id(s.SpanID[:], sp.GetSpanId()) {
		b.refuse(refusedID, "a span without trace ID or span ID", 1)
		return
	}
	id(s.ParentID[:], sp.GetParentSpanId()) // none: a root
	rec, v := b.record(t, scope, s, sp.GetAttributes())
	rec.OccurredAt, s.End = moment(sp.GetStartTimeUnixNano()), moment(sp.GetEndTimeUnixNano())
	if s.End.Before(rec.OccurredAt) {
		s.End = rec.OccurredAt
	}
	s.Name = v.text(sp.GetName(), maxValueBytes)
	switch sp.GetStatus().GetCode() {
	case tracepb.Status_STATUS_CODE_OK:
		s.Status = record.SpanOK
	case tracepb.Status_STATUS_CODE_ERROR:
		s.Status = record.SpanError
	}
	if sp.GetDroppedAttributesCount() > 0 || v.cut {
		s.Flags |= record.SpanAttributesCut
	}
	v.cut = false
	if s.Text = v.text(sp.GetStatus().GetMessage(), maxTextBytes); v.cut {
		s.Flags |= record.SpanTextCut
	}
	b.parts(s, sp, v)
	b.finish(rec, v)
}

// parts adds events and links.
func (b *batch) parts(s *record.Span, sp *tracepb.Span, v *reading) {
	v.cut = false
	for _, ev := range sp.GetEvents() {
		if len(s.Events) == maxEvents {
			v.cut = true
			break
		}
		s.Events = append(s.Events, record.SpanEvent{At: moment(ev.GetTimeUnixNano()), Name: v.text(ev.GetName(), maxValueBytes), Attributes: v.pairs(ev.GetAttributes(), maxInner)})
	}
	if v.cut || sp.GetDroppedEventsCount() > 0 {
		s.Flags |= record.SpanEventsCut
	}
	v.cut = false
	for _, l := range sp.GetLinks() {
		if len(s.Links) == maxLinks {
			v.cut = true
			break
		}
		var link record.SpanLink
		if id(link.TraceID[:], l.GetTraceId()) && id(link.SpanID[:], l.GetSpanId()) {
			link.Attributes = v.pairs(l.GetAttributes(), maxInner)
			s.Links = append(s.Links, link)
		}
	}
	if v.cut || sp.GetDroppedLinksCount() > 0 {
		s.Flags |= record.SpanLinksCut
	}
}

// record makes what spans and log lines share: who told it, its attributes, what it names. Values about a kind whose content is
// redacted are redacted more closely.
func (b *batch) record(t *teller, scope *common.InstrumentationScope, s *record.Span, list []*common.KeyValue) (*record.Record, *reading) {
	v := &reading{d: &b.r.decode, found: t.found}
	all := attributes(v.pairs(list, maxRead))
	names, cut := b.r.rules.named(all, t.attributes)
	rec := &record.Record{Kind: record.KindSpan, Ref: record.ObjectRef{Cluster: t.cluster}, Span: s}
	if len(names) > 0 {
		rec.Ref, s.Also = names[0], names[1:]
		rec.Ref.Cluster = t.cluster
		if len(s.Also) == 0 {
			s.Also = nil
		}
		if v.gr = rec.Ref.GroupResource(); v.gr == (record.GroupResource{Resource: "secrets"}) {
			all = v.pairs(list, maxRead)
		}
	}
	if cut {
		s.Flags |= record.SpanObjectsCut
	}
	s.AuditID = b.r.rules.auditID(all)
	s.Service, s.Scope = v.short(t.service, maxKeyBytes), v.short(scope.GetName(), maxKeyBytes)
	if len(all) > b.r.rules.attributes {
		all, v.cut = all[:b.r.rules.attributes], true
	}
	s.Attributes = all
	if b.copied += t.bytes; b.copied > maxCopied {
		v.cut = true
		return rec, v
	}
	var more bool
	if s.Resource, more = t.kept(); more {
		v.cut = true
	}
	return rec, v
}

func (b *batch) finish(rec *record.Record, v *reading) {
	if v.found {
		rec.Span.Flags |= record.SpanRedacted
	}
	b.add(rec)
}

// id copies an ID; false if it is none: of another length, or all zero.
func id(dst, src []byte) bool {
	if len(src) != len(dst) {
		return false
	}
	copy(dst, src)
	for _, c := range src {
		if c != 0 {
			return true
		}
	}
	return false
}

func moment(nanos uint64) time.Time {
	if nanos == 0 || nanos > math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(0, int64(nanos)).UTC()
}

func kindOf(k tracepb.Span_SpanKind) record.SpanKind {
	if k < 0 || k > tracepb.Span_SPAN_KIND_CONSUMER {
		return record.SpanKindUnspecified
	}
	return record.SpanKind(k)
}
