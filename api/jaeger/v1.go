package jaeger

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// The older dialect, below /api: Jaeger UI up to Jaeger 2.20, and Grafana's data source.

// defaultLookback is how far a search or the graph reaches back that does not say.
const (
	defaultLookback      = 48 * time.Hour
	defaultGraphLookback = 24 * time.Hour
	maxTraceIDs          = 100
)

func (f *Face) services(ctx context.Context, _ *http.Request) (any, error) {
	s, err := f.config.Engine.Services(ctx)
	if err != nil {
		return nil, err
	}
	return &Answer{Data: emptyNotNull(s.Services), Total: len(s.Services)}, nil
}

// operationsOf gives the clusters, for every service that there is.
func (f *Face) operationsOf(ctx context.Context, service string) ([]string, error) {
	s, err := f.config.Engine.Services(ctx)
	if err != nil || !slices.Contains(s.Services, service) {
		return []string{}, err
	}
	return emptyNotNull(s.Operations), nil
}

func (f *Face) serviceOperations(ctx context.Context, r *http.Request) (any, error) {
	names, err := f.operationsOf(ctx, r.PathValue("service"))
	if err != nil {
		return nil, err
	}
	return &Answer{Data: names, Total: len(names)}, nil
}

type operation struct {
	Name string `json:"name"`
	Kind string `json:"spanKind"`
}

func (f *Face) operations(ctx context.Context, r *http.Request) (any, error) {
	service := r.URL.Query().Get("service")
	if service == "" {
		return nil, badParam("parameter 'service' is required")
	}
	names, err := f.operationsOf(ctx, service)
	if err != nil {
		return nil, err
	}
	list := make([]operation, len(names))
	for i, name := range names {
		list[i] = operation{Name: name, Kind: "internal"}
	}
	return &Answer{Data: list, Total: len(list)}, nil
}

func (f *Face) trace(ctx context.Context, r *http.Request) (any, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	t, err := f.traceByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return Encode(t), nil
}

func (f *Face) search(ctx context.Context, r *http.Request) (any, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParam("the parameters can not be read: %v", err)
	}
	if len(values["traceID"]) > 0 {
		return f.searchIDs(ctx, values["traceID"])
	}
	q, err := readSearch(values, time.Now())
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
	answer := Encode(traces...)
	answer.Notes = notEmpty(cut)
	return answer, nil
}

// searchIDs answers a search that names traces: what is not there is told beside what is.
func (f *Face) searchIDs(ctx context.Context, texts []string) (any, error) {
	if len(texts) > maxTraceIDs {
		return nil, badParam("%d trace IDs; %d at most", len(texts), maxTraceIDs)
	}
	var traces []*trace.Trace
	var missing []Problem
	for _, text := range texts {
		id, err := parseID(text)
		if err != nil {
			return nil, badParam("cannot parse traceID param: %v", err)
		}
		t, err := f.traceByID(ctx, id)
		if errors.Is(err, errNoTrace) {
			missing = append(missing, Problem{Message: err.Error(), TraceID: id.String()})
			continue
		}
		if err != nil {
			return nil, err
		}
		traces = append(traces, t)
	}
	answer := Encode(traces...)
	answer.Errors = missing
	return answer, nil
}

// readSearch reads the parameters of /api/traces. Times are microseconds since 1970.
func readSearch(values url.Values, now time.Time) (q query.Traces, err error) {
	service := values.Get("service")
	if service == "" {
		return q, badParam("parameter 'service' is required")
	}
	q.Mode, q.Modifier = modeOf(service)
	q.Cluster = record.Cluster(values.Get("operation"))
	from, err := readTime(values, "start", time.Microsecond, now.Add(-defaultLookback))
	if err != nil {
		return q, err
	}
	to, err := readTime(values, "end", time.Microsecond, now)
	if err != nil {
		return q, err
	}
	if q.Window, err = windowOf(from, to); err != nil {
		return q, err
	}
	if q.Tags, err = readTags(values["tag"], values["tags"]); err != nil {
		return q, err
	}
	if s := values.Get("limit"); s != "" {
		if q.Limit, err = strconv.Atoi(s); err != nil {
			return q, badParam("unable to parse param 'limit': %v", err)
		}
	}
	if q.MinDuration, err = readDuration(values, "minDuration"); err != nil {
		return q, err
	}
	q.MaxDuration, err = readDuration(values, "maxDuration")
	return q, err
}

func readTime(values url.Values, name string, unit time.Duration, absent time.Time) (time.Time, error) {
	s := values.Get(name)
	if s == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return absent, badParam("unable to parse param '%s': %v", name, err)
	}
	if unit == time.Millisecond {
		return time.UnixMilli(n), nil
	}
	return time.UnixMicro(n), nil
}

func readDuration(values url.Values, name string) (time.Duration, error) {
	s := values.Get(name)
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, badParam("unable to parse param '%s': %v", name, err)
	}
	return d, nil
}

// readTags reads tag=KEY:VALUE and tags={"KEY":"VALUE"}.
func readTags(simple, documents []string) (map[string]string, error) {
	tags := map[string]string{}
	for _, s := range simple {
		key, value, ok := strings.Cut(s, ":")
		if !ok {
			return nil, badParam("malformed 'tag' parameter, expecting key:value, received: %s", s)
		}
		tags[key] = value
	}
	for _, s := range documents {
		if err := readTagDocument(s, tags); err != nil {
			return nil, badParam("malformed 'tags' parameter, cannot unmarshal JSON: %v", err)
		}
	}
	return tags, nil
}

func readTagDocument(s string, tags map[string]string) error {
	var list map[string]string
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return err
	}
	for key, value := range list {
		tags[key] = value
	}
	return nil
}

// notEmpty keeps what there is to say.
func notEmpty(notes ...string) []string {
	return slices.DeleteFunc(notes, func(s string) bool { return s == "" })
}

func emptyNotNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
