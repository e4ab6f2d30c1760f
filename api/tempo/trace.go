package tempo

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
	"github.com/kubewake/kubewake/trace/otlp"
)

// noteAttr is the attribute of a trace's first span that says what a reader should know; Tempo's older answer has no other place for it.
const noteAttr = "kubewake.note"

// Numbers of the fields of Tempo's message TraceByIDResponse. Its message Trace is OTLP's TracesData by another name.
const (
	protoTrace   = 1
	protoMetrics = 2
	protoStatus  = 3
	protoMessage = 4

	statusPartial = 1
)

// found is the trace that an ID names, as OTLP.
type found struct {
	data    *tracepb.TracesData
	partial bool
	message string
}

func (f *Face) traceByID(ctx context.Context, r *http.Request) (*found, error) {
	values, err := parametersOf(r)
	if err != nil {
		return nil, err
	}
	if q, err := parse(values.Get("q")); err != nil || len(q.list) > 0 {
		return nil, badParam("q: traces are shown whole here; search with /api/search")
	}
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	// start and end are left aside: the ID names its time.
	answer, err := f.config.Engine.Trace(ctx, query.Trace{ID: id.String()})
	switch engine.KindOf(err) {
	case engine.KindBadQuestion, engine.KindNotFound, engine.KindNotCovered:
		return nil, fmt.Errorf("%w: %s", errNoTrace, err.Error())
	}
	if err != nil {
		return nil, err
	}
	if len(answer.Spans) == 0 {
		return nil, fmt.Errorf("%w: nothing was recorded in its time", errNoTrace)
	}
	return foundOf(answer), nil
}

func foundOf(a *engine.Trace) *found {
	notes := slices.Clone(a.Notes)
	for _, s := range []string{a.Cut, a.Pending} {
		if s != "" {
			notes = append(notes, s)
		}
	}
	t := a.Trace
	if len(notes) > 0 {
		t.Spans = slices.Clone(t.Spans)
		t.Spans[0].Attrs = append(slices.Clone(t.Spans[0].Attrs), trace.Attr{Key: noteAttr, Value: strings.Join(notes, "\n")})
	}
	return &found{data: otlp.Encode(&t), partial: a.Cut != "" || a.Pending != "", message: strings.Join(notes, "; ")}
}

// parseID reads a trace ID as Tempo does: up to 32 hexadecimal digits, where leading zeros may be missing.
func parseID(s string) (trace.ID, error) {
	var id trace.ID
	if s == "" || len(s) > 2*len(id) {
		return id, badParam("trace IDs have 1 to 32 hexadecimal digits, not %d", len(s))
	}
	if _, err := hex.Decode(id[:], []byte(strings.Repeat("0", 2*len(id)-len(s))+s)); err != nil {
		return id, badParam("trace IDs can only contain hex characters: %.32q", s)
	}
	return id, nil
}

// traceV1 gives the bare trace.
func (f *Face) traceV1(ctx context.Context, r *http.Request) (*document, error) {
	t, err := f.traceByID(ctx, r)
	if err != nil {
		return nil, err
	}
	if wantsProtobuf(r) {
		body, err := proto.Marshal(t.data)
		return &document{typeProtobuf, body}, err
	}
	spans, err := t.spans()
	if err != nil {
		return nil, err
	}
	return jsonDocument(map[string]any{"batches": spans})
}

// traceV2 gives the trace within an answer that can say that it is not whole.
func (f *Face) traceV2(ctx context.Context, r *http.Request) (*document, error) {
	t, err := f.traceByID(ctx, r)
	if err != nil {
		return nil, err
	}
	if wantsProtobuf(r) {
		body, err := t.protobuf()
		return &document{typeProtobuf, body}, err
	}
	spans, err := t.spans()
	if err != nil {
		return nil, err
	}
	doc := map[string]any{"trace": map[string]any{"resourceSpans": spans}, "metrics": struct{}{}}
	if t.partial {
		doc["status"] = "PARTIAL"
	}
	if t.message != "" {
		doc["message"] = t.message
	}
	return jsonDocument(doc)
}

// protobuf is Tempo's TraceByIDResponse.
func (t *found) protobuf() ([]byte, error) {
	body, err := proto.Marshal(t.data)
	if err != nil {
		return nil, fmt.Errorf("encode trace: %w", err)
	}
	out := make([]byte, 0, len(body)+len(t.message)+32)
	out = protowire.AppendBytes(protowire.AppendTag(out, protoTrace, protowire.BytesType), body)
	out = protowire.AppendBytes(protowire.AppendTag(out, protoMetrics, protowire.BytesType), nil)
	if t.partial {
		out = protowire.AppendVarint(protowire.AppendTag(out, protoStatus, protowire.VarintType), statusPartial)
	}
	if t.message != "" {
		out = protowire.AppendString(protowire.AppendTag(out, protoMessage, protowire.BytesType), t.message)
	}
	return out, nil
}

// spans are the ResourceSpans in the JSON of protobuf, as Tempo writes it: IDs in base64, kinds and states by name. (OTLP's own JSON has
// hexadecimal IDs.)
func (t *found) spans() (json.RawMessage, error) {
	body, err := protojson.Marshal(t.data)
	if err != nil {
		return nil, fmt.Errorf("encode trace: %w", err)
	}
	var doc struct {
		ResourceSpans json.RawMessage `json:"resourceSpans"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("encode trace: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, doc.ResourceSpans); err != nil { // protojson's spaces differ from build to build
		return nil, fmt.Errorf("encode trace: %w", err)
	}
	return compact.Bytes(), nil
}

func wantsProtobuf(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), typeProtobuf)
}
