package record

import (
	"testing"
	"time"
)

// The identity of a span is its trace and span ID, that of a pushed record its source and key, that of a log line all that it says; none
// of them depends on the redaction key, and each is apart from the others.
func TestSpanIdentity(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	with := func(form SpanForm, change func(*Record, *Span)) ID {
		s := &Span{Form: form, TraceID: TraceID{1}, SpanID: SpanID{2}, Service: "s", Key: "k", Name: "n", Text: "token redacted:0011aabb:00112233445566778899aabbccddeeff used",
			Attributes: []KeyValue{{"url", "https://x/?token=redacted%3A0011aabb%3A00112233445566778899aabbccddeeff&a=b"}}}
		r := &Record{Kind: KindSpan, OccurredAt: at, Ref: ObjectRef{Cluster: "c", Name: "web"}, Span: s}
		change(r, s)
		return r.ID()
	}
	otherKey := func(_ *Record, s *Span) {
		s.Text = "token redacted:ffffffff:ffffffffffffffffffffffffffffffff used"
		s.Attributes = []KeyValue{{"url", "https://x/?token=redacted%3Affffffff%3Affffffffffffffffffffffffffffffff&a=b"}}
	}
	changes := map[string]func(*Record, *Span){
		"cluster":       func(r *Record, _ *Span) { r.Ref.Cluster = "d" },
		"object":        func(r *Record, _ *Span) { r.Ref.Name = "other" },
		"trace":         func(_ *Record, s *Span) { s.TraceID[3] = 9 },
		"span":          func(_ *Record, s *Span) { s.SpanID[3] = 9 },
		"name":          func(_ *Record, s *Span) { s.Name = "other" },
		"service":       func(_ *Record, s *Span) { s.Service = "other" },
		"key":           func(_ *Record, s *Span) { s.Key = "other" },
		"time":          func(r *Record, _ *Span) { r.OccurredAt = at.Add(1) },
		"text":          func(_ *Record, s *Span) { s.Text += "!" },
		"attribute":     func(_ *Record, s *Span) { s.Attributes[0].Value += "!" },
		"redaction key": otherKey,
	}
	tells := map[SpanForm][]string{
		FormSpan:   {"cluster", "trace", "span"},
		FormLog:    {"cluster", "trace", "span", "name", "service", "time", "text", "attribute"},
		FormPushed: {"cluster", "service", "key"},
	}
	seen := map[ID]bool{}
	for form, words := range tells {
		base := with(form, func(*Record, *Span) {})
		if seen[base] {
			t.Errorf("%s shares an ID with another form", form)
		}
		seen[base] = true
		told := map[string]bool{}
		for _, w := range words {
			told[w] = true
		}
		for name, change := range changes {
			if differs := with(form, change) != base; differs != told[name] {
				t.Errorf("%s: another %s changed the identity: %v", form, name, differs)
			}
		}
	}
}

func TestTraceIDs(t *testing.T) {
	const text = "0102030405060708090a0b0c0d0e0f10"
	id, err := ParseTraceID(text)
	if err != nil || id.String() != text {
		t.Errorf("%v, %v", id, err)
	}
	for _, bad := range []string{"", "01", text + "00", "zz02030405060708090a0b0c0d0e0f10"} {
		if id, err := ParseTraceID(bad); err == nil {
			t.Errorf("%q gave %v", bad, id)
		}
	}
	if s := (TraceID{}).String() + (SpanID{}).String(); s != "" {
		t.Errorf("none is written %q", s)
	}
}
