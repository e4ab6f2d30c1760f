package tempo

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

const (
	defaultLimit = 20 // traces, as Tempo gives
	maxLimit     = 1500
	defaultSpans = 3 // of a trace, within the answer to a search
	latest       = 1 << 40
)

func (f *Face) search(ctx context.Context, r *http.Request) (*document, error) {
	values, err := parametersOf(r)
	if err != nil {
		return nil, err
	}
	m, spans, err := readSearch(values)
	if err != nil {
		return nil, err
	}
	answer := searchAnswer{Traces: []searchTrace{}, Metrics: searchMetrics{CompletedJobs: 1, TotalJobs: 1}}
	if m.never {
		answer.Notes = []string{"the conditions exclude each other"}
		return jsonDocument(answer)
	}
	result, err := f.config.Engine.Traces(ctx, m.q)
	if engine.KindOf(err) == engine.KindNotFound { // no such cluster: nothing, as Tempo has it
		answer.Notes = []string{err.Error()}
		return jsonDocument(answer)
	}
	if err != nil {
		return nil, err
	}
	if result.Cut != "" {
		answer.Notes = []string{result.Cut}
	}
	for i := range result.Found {
		answer.Traces = append(answer.Traces, traceOf(&result.Found[i], spans))
	}
	answer.Metrics.InspectedTraces = len(result.Found)
	return jsonDocument(answer)
}

// readSearch reads the parameters of a search in TraceQL (q) or by tags, and how many spans of each trace are wanted.
func readSearch(values url.Values) (m *meaning, spans int, err error) {
	conditions, err := parse(values.Get("q"))
	if err != nil {
		return nil, 0, err
	}
	if tags := values.Get("tags"); tags != "" {
		if values.Get("q") != "" {
			return nil, 0, badParam("give q or tags, not both")
		}
		if conditions, err = parseTags(tags); err != nil {
			return nil, 0, err
		}
	}
	if m, err = mean(conditions); err != nil {
		return nil, 0, err
	}
	if m.q.Window, err = readWindow(values); err != nil {
		return nil, 0, err
	}
	if m.q.Limit, err = readCount(values, "limit", defaultLimit); err != nil {
		return nil, 0, err
	}
	m.q.Limit = min(m.q.Limit, maxLimit)
	if spans, err = readCount(values, "spss", defaultSpans); err != nil {
		return nil, 0, err
	}
	for name, op := range map[string]string{"minDuration": ">=", "maxDuration": "<="} {
		s := values.Get(name)
		if s == "" {
			continue
		}
		if err := m.duration(&condition{op: op, value: s}); err != nil {
			return nil, 0, badParam("%s: %q is no duration, as 100ms or 2h", name, clip(s))
		}
	}
	if m.q.MaxDuration > 0 && m.q.MaxDuration < m.q.MinDuration {
		m.never = true
	}
	return m, spans, nil
}

func parametersOf(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParam("the parameters can not be read: %v", err)
	}
	return values, nil
}

// readWindow reads start and end, seconds since 1970; open where they are not given.
func readWindow(values url.Values) (w query.Window, err error) {
	for name, to := range map[string]*time.Time{"start": &w.From, "end": &w.To} {
		s := values.Get(name)
		if s == "" || s == "0" {
			continue
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 || n > latest {
			return w, badParam("%s: %q is no time in seconds since 1970", name, clip(s))
		}
		*to = time.Unix(n, 0).UTC()
	}
	if !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		return w, badParam("start must be before end: start=%d end=%d", w.From.Unix(), w.To.Unix())
	}
	return w, nil
}

// readCount reads a number; absent or 0: the default.
func readCount(values url.Values, name string, absent int) (int, error) {
	s := values.Get(name)
	if s == "" || s == "0" {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0, badParam("%s: %q is no number of things", name, clip(s))
	}
	return int(n), nil
}

type searchAnswer struct {
	Traces  []searchTrace `json:"traces"`
	Metrics searchMetrics `json:"metrics"`
	// Notes say what a limit left out. They are ours: clients of Tempo do not look there.
	Notes []string `json:"notes,omitempty"`
}

type searchMetrics struct {
	InspectedTraces int `json:"inspectedTraces,omitempty"`
	CompletedJobs   int `json:"completedJobs"`
	TotalJobs       int `json:"totalJobs"`
}

type searchTrace struct {
	TraceID    string    `json:"traceID"`
	Service    string    `json:"rootServiceName"`
	Name       string    `json:"rootTraceName"`
	Start      string    `json:"startTimeUnixNano"`
	DurationMS uint32    `json:"durationMs,omitempty"`
	SpanSet    *spanSet  `json:"spanSet"` // the first of SpanSets, for older clients
	SpanSets   []spanSet `json:"spanSets"`
}

type spanSet struct {
	Spans   []searchSpan `json:"spans"`
	Matched int          `json:"matched"`
}

type searchSpan struct {
	SpanID     string      `json:"spanID"`
	Name       string      `json:"name"`
	Start      string      `json:"startTimeUnixNano"`
	Duration   string      `json:"durationNanos"`
	Attributes []attribute `json:"attributes"`
}

type attribute struct {
	Key   string            `json:"key"`
	Value map[string]string `json:"value"`
}

// traceOf shows what was found as a trace of one matching span, that of the object. No trace is drawn for a search, so what stands above
// the object is not known: it is shown as the root.
func traceOf(f *engine.TraceFound, spans int) searchTrace {
	took := max(0, f.Last.Sub(f.First))
	out := searchTrace{TraceID: f.ID, Service: f.Object.Resource, Name: nameOf(f.Object), Start: nanos(f.First),
		DurationMS: uint32(min(took.Milliseconds(), math.MaxUint32))}
	set := spanSet{Matched: 1, Spans: []searchSpan{}}
	if spans > 0 {
		set.Spans = append(set.Spans, searchSpan{
			SpanID: trace.ObjectSpan(record.ObjectID(record.Cluster(f.Object.Cluster), record.UID(f.Object.UID))).String(), Name: out.Name,
			Start: out.Start, Duration: strconv.FormatInt(int64(took), 10), Attributes: attributesOf(f),
		})
	}
	out.SpanSet, out.SpanSets = &set, []spanSet{set}
	return out
}

// attributesOf become the columns of Grafana's table; the same for every span.
func attributesOf(f *engine.TraceFound) []attribute {
	status := "unset"
	if f.Failed > 0 {
		status = "error"
	}
	text := func(key, value string) attribute { return attribute{key, map[string]string{"stringValue": value}} }
	number := func(key string, n int) attribute {
		return attribute{key, map[string]string{"intValue": strconv.Itoa(n)}}
	}
	return []attribute{text("cluster", f.Object.Cluster), number("failed", f.Failed), number("records", f.Records),
		text("service.name", f.Object.Resource), text("status", status)}
}

func nanos(t time.Time) string { return strconv.FormatInt(max(0, t.UnixNano()), 10) }

// nameOf is the name of an object's span.
func nameOf(o engine.Ref) string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}
