package jaeger

import (
	"fmt"
	"strings"
	"unicode/utf8"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/trace"
	"github.com/kubewake/kubewake/trace/otlp"
)

const (
	// maxMessage is well below the 4 MiB that gRPC clients take unless told otherwise.
	maxMessage = 3 << 20
	// spansAtOnce are encoded before their sizes are looked at; it bounds what is held beside the trace itself.
	spansAtOnce = 256
	// longText is how much of a text stays where a span does not fit into a message.
	longText = 32 << 10
)

// messages splits a trace: each message has spans of this trace, in its order, at least one, and at most about limit bytes.
func messages(t *trace.Trace, limit int) []*tracepb.TracesData {
	p := packer{limit: limit}
	for from := 0; from < len(t.Spans); from += spansAtOnce {
		list := otlp.Services(t.ID, fitting(t.Spans[from:min(from+spansAtOnce, len(t.Spans))], limit))
		if from == 0 && len(t.Notes) > 0 {
			warn(list[0].ScopeSpans[0].Spans[0], cutTexts(t.Notes, limit/4))
		}
		for _, resource := range list {
			p.add(resource)
		}
	}
	p.flush()
	return p.out
}

// packer fills messages.
type packer struct {
	limit   int
	out     []*tracepb.TracesData
	message *tracepb.TracesData // being filled; nil: none
	size    int                 // of message, about
}

func (p *packer) flush() {
	if p.message != nil {
		p.out = append(p.out, p.message)
		p.message, p.size = nil, 0
	}
}

// add packs the spans of one resource.
func (p *packer) add(r *tracepb.ResourceSpans) {
	const around = 16 // bytes that a field takes beside its content, at most
	r.Resource.Attributes = append(r.Resource.Attributes, oneHost()...)
	scope := r.ScopeSpans[0] // otlp.Services makes one
	head := proto.Size(r.Resource) + proto.Size(scope.Scope) + 4*around
	var part *tracepb.ScopeSpans
	for _, span := range scope.Spans {
		n := proto.Size(span) + around
		if p.size+head+n > p.limit {
			p.flush()
			part = nil
		}
		if part == nil {
			if p.message == nil {
				p.message = &tracepb.TracesData{}
			}
			part = &tracepb.ScopeSpans{Scope: scope.Scope}
			p.message.ResourceSpans = append(p.message.ResourceSpans, &tracepb.ResourceSpans{Resource: r.Resource, ScopeSpans: []*tracepb.ScopeSpans{part}})
			p.size += head
		}
		part.Spans = append(part.Spans, span)
		p.size += n
	}
}

// oneHost are attributes by which Jaeger takes all spans for those of one host. Where they differ, or are absent, it corrects clocks: it
// moves a child that lies outside its parent, which is ordinary here, or where it was told not to it warns at every such span. Its two
// query paths look at one of them each.
func oneHost() []*commonpb.KeyValue {
	value := &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "kubewake"}}
	return []*commonpb.KeyValue{{Key: "host.id", Value: value}, {Key: "ip", Value: value}}
}

// fitting gives the spans with those shortened that alone are larger than a message may be: long texts first, then the last events.
// What was cut is said in the span. Bytes that are no UTF-8, which a message can not have, are replaced.
func fitting(spans []trace.Span, limit int) []trace.Span {
	out := spans
	for i := range spans {
		large, clean := textSize(&spans[i]) > limit, isClean(&spans[i])
		if !large && clean {
			continue
		}
		if &out[0] == &spans[0] {
			out = append([]trace.Span(nil), spans...)
		}
		if !clean {
			out[i] = mapped(&spans[i], func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") })
		}
		if large {
			out[i] = shortened(&out[i], limit)
		}
	}
	return out
}

func isClean(s *trace.Span) bool {
	clean := utf8.ValidString(s.Service) && utf8.ValidString(s.Name) && utf8.ValidString(s.Status) && cleanAttrs(s.Attrs)
	for i := range s.Events {
		clean = clean && utf8.ValidString(s.Events[i].Name) && cleanAttrs(s.Events[i].Attrs)
	}
	for i := range s.Links {
		clean = clean && cleanAttrs(s.Links[i].Attrs)
	}
	return clean
}

func cleanAttrs(attrs []trace.Attr) bool {
	for _, a := range attrs {
		if text, ok := a.Value.(string); ok && !utf8.ValidString(text) || !utf8.ValidString(a.Key) {
			return false
		}
	}
	return true
}

// mapped gives a span with every text changed.
func mapped(s *trace.Span, text func(string) string) trace.Span {
	c := *s
	c.Service, c.Name, c.Status, c.Attrs = text(s.Service), text(s.Name), text(s.Status), mappedAttrs(s.Attrs, text)
	c.Events = make([]trace.Event, len(s.Events))
	for i, e := range s.Events {
		c.Events[i] = trace.Event{At: e.At, Name: text(e.Name), Attrs: mappedAttrs(e.Attrs, text)}
	}
	c.Links = make([]trace.Link, len(s.Links))
	for i, l := range s.Links {
		c.Links[i] = trace.Link{Trace: l.Trace, Span: l.Span, Attrs: mappedAttrs(l.Attrs, text)}
	}
	return c
}

func mappedAttrs(attrs []trace.Attr, text func(string) string) []trace.Attr {
	out := make([]trace.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = trace.Attr{Key: text(a.Key), Value: a.Value}
		if s, ok := a.Value.(string); ok {
			out[i].Value = text(s)
		}
	}
	return out
}

// textSize is about what a span takes: its texts and something for each of them.
func textSize(s *trace.Span) int {
	n := 128 + len(s.Name) + len(s.Status) + attrsSize(s.Attrs)
	for i := range s.Events {
		n += eventSize(&s.Events[i])
	}
	for i := range s.Links {
		n += 64 + attrsSize(s.Links[i].Attrs)
	}
	return n
}

func eventSize(e *trace.Event) int { return 32 + len(e.Name) + attrsSize(e.Attrs) }

func attrsSize(attrs []trace.Attr) int {
	n := 0
	for _, a := range attrs {
		text, _ := a.Value.(string)
		n += 24 + len(a.Key) + len(text)
	}
	return n
}

func shortened(s *trace.Span, limit int) trace.Span {
	c := mapped(s, cutText)
	size := textSize(&c)
	for size > limit && len(c.Events) > 0 {
		last := len(c.Events) - 1
		size -= eventSize(&c.Events[last])
		c.Events = c.Events[:last]
	}
	for size > limit && len(c.Links) > 0 {
		last := len(c.Links) - 1
		size -= 64 + attrsSize(c.Links[last].Attrs)
		c.Links = c.Links[:last]
	}
	for size > limit && len(c.Attrs) > 0 {
		last := len(c.Attrs) - 1
		size -= attrsSize(c.Attrs[last:])
		c.Attrs = c.Attrs[:last]
	}
	note := fmt.Sprintf("Too large for one message to Jaeger: texts end after %d bytes, and %d of %d events, %d of %d links, %d of %d tags are left out.",
		longText, len(s.Events)-len(c.Events), len(s.Events), len(s.Links)-len(c.Links), len(s.Links), len(s.Attrs)-len(c.Attrs), len(s.Attrs))
	c.Attrs = append(c.Attrs[:len(c.Attrs):len(c.Attrs)], trace.Attr{Key: "kubewake.cut", Value: note})
	return c
}

// cutText ends a text that is too long with a mark, at a whole character.
func cutText(s string) string {
	if len(s) <= longText {
		return s
	}
	s = s[:longText]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + "… (cut)"
}

// cutTexts keeps the first texts that fit.
func cutTexts(list []string, limit int) []string {
	var out []string
	for i, s := range list {
		if limit -= len(s) + 16; limit < 0 {
			return append(out, fmt.Sprintf("%d more notes do not fit here", len(list)-i))
		}
		out = append(out, strings.ToValidUTF8(s, "\uFFFD"))
	}
	return out
}
