package jaeger

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
	"github.com/kubewake/kubewake/trace/otlp"
)

// The newer dialect, below /api/v3: Jaeger UI from Jaeger 2.21 on, and Grafana's data source where it is told to.

func (f *Face) servicesV3(ctx context.Context, _ *http.Request) (any, error) {
	s, err := f.config.Engine.Services(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"services": emptyNotNull(s.Services)}, nil
}

func (f *Face) operationsV3(ctx context.Context, r *http.Request) (any, error) {
	names, err := f.operationsOf(ctx, r.URL.Query().Get("service"))
	if err != nil {
		return nil, err
	}
	list := make([]operation, len(names))
	for i, name := range names {
		list[i] = operation{Name: name, Kind: "internal"}
	}
	return map[string]any{"operations": list}, nil
}

func (f *Face) traceV3(ctx context.Context, r *http.Request) (any, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, badParam("malformed parameter trace_id: %v", err)
	}
	t, err := f.traceByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return resultV3(nil, t)
}

func (f *Face) searchV3(ctx context.Context, r *http.Request) (any, error) {
	q, err := readSearchV3(r)
	if err != nil {
		return nil, err
	}
	var traces []*trace.Trace
	cut, err := f.findTraces(ctx, q, func(t *trace.Trace) error {
		traces = append(traces, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(traces) == 0 {
		return nil, errNoTraces
	}
	return resultV3(notEmpty(cut), traces...)
}

// resultV3 is OTLP JSON as the newer dialect wraps it. Notes go where Jaeger looks for warnings.
func resultV3(notes []string, traces ...*trace.Trace) (any, error) {
	list := make([]*trace.Trace, len(traces))
	for i, t := range traces {
		list[i] = withWarnings(t)
	}
	doc, err := otlp.JSON(list...)
	if err != nil {
		return nil, err
	}
	return written{otlp: doc, notes: notes}, nil
}

// written is a result that is JSON already.
type written struct {
	otlp  []byte
	notes []string
}

// MarshalJSON is for who wants it indented.
func (d written) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := d.writeJSON(&b)
	return b.Bytes(), err
}

func (d written) writeJSON(w io.Writer) error {
	tail := []byte("}")
	if len(d.notes) > 0 {
		tail = append(appendTexts([]byte(`,"notes":`), d.notes), '}')
	}
	for _, part := range [][]byte{[]byte(`{"result":`), d.otlp, tail} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// withNotes is a document of the newer dialect, and beside it what a limit left out, where clients of Jaeger do not look.
func withNotes(name string, list any, notes []string) map[string]any {
	doc := map[string]any{name: list}
	if len(notes) > 0 {
		doc["notes"] = notes
	}
	return doc
}

// warningsAttr is the attribute of a span from which Jaeger takes the warnings that it shows.
const warningsAttr = "@jaeger@warnings"

func withWarnings(t *trace.Trace) *trace.Trace {
	if len(t.Notes) == 0 || len(t.Spans) == 0 {
		return t
	}
	c := *t
	c.Spans = slices.Clone(t.Spans)
	c.Spans[0].Attrs = append(slices.Clone(c.Spans[0].Attrs), trace.Attr{Key: warningsAttr, Value: strings.Join(t.Notes, "\n")})
	return &c
}

type summary struct {
	TraceID   string           `json:"traceId"`
	Service   string           `json:"rootServiceName"`
	Operation string           `json:"rootOperationName"`
	Start     string           `json:"minStartTimeUnixNano"`
	End       string           `json:"maxEndTimeUnixNano"`
	Spans     int              `json:"spanCount"`
	Errors    int              `json:"errorSpanCount"`
	Orphans   int              `json:"orphanSpanCount"`
	Services  []serviceSummary `json:"services"`
}

type serviceSummary struct {
	Name   string `json:"name"`
	Spans  int    `json:"spanCount"`
	Errors int    `json:"errorSpanCount"`
}

// summariesV3 answers from what the search found, without drawing any trace: it counts records of the object, not spans.
func (f *Face) summariesV3(ctx context.Context, r *http.Request) (any, error) {
	q, err := readSearchV3(r)
	if err != nil {
		return nil, err
	}
	found, err := f.find(ctx, q)
	if err != nil {
		return nil, err
	}
	list := make([]summary, len(found.Found))
	for i, t := range found.Found {
		list[i] = summary{TraceID: t.ID, Service: t.Object.Resource, Operation: nameOf(t.Object),
			Start: strconv.FormatInt(t.First.UnixNano(), 10), End: strconv.FormatInt(t.Last.UnixNano(), 10),
			Spans: t.Records, Errors: t.Failed, Services: []serviceSummary{{t.Object.Resource, t.Records, t.Failed}}}
	}
	return withNotes("summaries", list, notEmpty(found.Cut)), nil
}

func (f *Face) capabilitiesV3(context.Context, *http.Request) (any, error) {
	return map[string]any{"search": map[string]any{"withoutServiceName": true}}, nil
}

// v3Params are the parameters of a search, each with the older names that it still has.
func v3Params(values url.Values, name string) (value, as string) {
	for _, name := range append([]string{name}, v3Aliases[name]...) {
		if v := values.Get(name); v != "" {
			return v, name
		}
	}
	return "", name
}

var v3Aliases = map[string][]string{
	"query.serviceName":   {"query.service_name"},
	"query.operationName": {"query.operation_name"},
	"query.startTimeMin":  {"query.start_time_min"},
	"query.startTimeMax":  {"query.start_time_max"},
	"query.durationMin":   {"query.duration_min"},
	"query.durationMax":   {"query.duration_max"},
	"query.searchDepth":   {"query.search_depth", "query.num_traces", "query.pagination.pageSize"},
}

func readSearchV3(r *http.Request) (q query.Traces, err error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, badParam("the parameters can not be read: %v", err)
	}
	if values.Get("query.filter") != "" {
		return q, badParam("query.filter is not served here; give query.attributes, where cel takes an expression")
	}
	if values.Get("query.pagination.pageToken") != "" {
		return q, badParam("query.pagination is not served here; give a shorter time or a larger query.searchDepth")
	}
	service, _ := v3Params(values, "query.serviceName")
	q.Mode, q.Modifier = modeOf(service)
	cluster, _ := v3Params(values, "query.operationName")
	q.Cluster = record.Cluster(cluster)
	q.Tags = map[string]string{}
	if s := values.Get("query.attributes"); s != "" {
		if err := readTagDocument(s, q.Tags); err != nil {
			return q, badParam("malformed parameter query.attributes: %v", err)
		}
	}
	if q.Window, err = readWindowV3(values); err != nil {
		return q, err
	}
	// A page of a search that does not turn pages is its first.
	if s, name := v3Params(values, "query.searchDepth"); s != "" {
		if q.Limit, err = strconv.Atoi(s); err != nil {
			return q, badParam("malformed parameter %s: %v", name, err)
		}
	}
	for name, to := range map[string]*time.Duration{"query.durationMin": &q.MinDuration, "query.durationMax": &q.MaxDuration} {
		if s, name := v3Params(values, name); s != "" {
			if *to, err = time.ParseDuration(s); err != nil {
				return q, badParam("malformed parameter %s: %v", name, err)
			}
		}
	}
	return q, nil
}

func readWindowV3(values url.Values) (query.Window, error) {
	from, fromName := v3Params(values, "query.startTimeMin")
	to, toName := v3Params(values, "query.startTimeMax")
	if from == "" || to == "" {
		return query.Window{}, badParam("query.startTimeMin and query.startTimeMax are required")
	}
	begin, err := time.Parse(time.RFC3339Nano, from)
	if err != nil {
		return query.Window{}, badParam("malformed parameter %s: %v", fromName, err)
	}
	end, err := time.Parse(time.RFC3339Nano, to)
	if err != nil {
		return query.Window{}, badParam("malformed parameter %s: %v", toName, err)
	}
	return windowOf(begin, end)
}
