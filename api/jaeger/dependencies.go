package jaeger

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

type dependency struct {
	Parent string `json:"parent"`
	Child  string `json:"child"`
	Calls  uint64 `json:"callCount"`
}

// merged adds up the types of link: Jaeger knows one arrow between two services.
func merged(links []engine.Dependency) []engine.Dependency {
	var out []engine.Dependency
	at := map[[2]string]int{}
	for _, l := range links {
		pair := [2]string{l.Parent, l.Child}
		if i, known := at[pair]; known {
			out[i].Count += l.Count
			continue
		}
		at[pair] = len(out)
		out = append(out, engine.Dependency{Parent: l.Parent, Child: l.Child, Count: l.Count})
	}
	return out
}

// dependencies answers the older dialect: endTs and lookback are milliseconds. service keeps the arrows from and to one.
func (f *Face) dependencies(ctx context.Context, r *http.Request) (any, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParam("the parameters can not be read: %v", err)
	}
	end, err := readTime(values, "endTs", time.Millisecond, time.Now())
	if err != nil {
		return nil, err
	}
	lookback := defaultGraphLookback
	if s := values.Get("lookback"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, badParam("unable to parse param 'lookback': %v", err)
		}
		const longest = int64(100 * 365 * 24 * time.Hour / time.Millisecond)
		lookback = time.Duration(min(max(n, 0), longest)) * time.Millisecond
	}
	links, notes, err := f.graph(ctx, end.Add(-lookback), end)
	if err != nil {
		return nil, err
	}
	if service := values.Get("service"); service != "" {
		links = slices.DeleteFunc(links, func(d dependency) bool { return d.Parent != service && d.Child != service })
	}
	return &Answer{Data: emptyNotNull(links), Total: len(links), Notes: notes}, nil
}

// dependenciesV3 answers the newer dialect.
func (f *Face) dependenciesV3(ctx context.Context, r *http.Request) (any, error) {
	var times [2]time.Time
	for i, name := range []string{"startTime", "endTime"} {
		s := r.URL.Query().Get(name)
		if s == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, badParam("malformed parameter %s: %v", name, err)
		}
		times[i] = t
	}
	links, notes, err := f.graph(ctx, times[0], times[1])
	if err != nil {
		return nil, err
	}
	return withNotes("dependencies", emptyNotNull(links), notes), nil
}

func (f *Face) graph(ctx context.Context, from, to time.Time) (links []dependency, notes []string, err error) {
	window, err := windowOf(from, to)
	if err != nil {
		return nil, nil, err
	}
	answer, err := f.config.Engine.Dependencies(ctx, query.Dependencies{Window: window})
	if err != nil {
		return nil, nil, err
	}
	for _, l := range merged(answer.Links) {
		links = append(links, dependency{l.Parent, l.Child, uint64(l.Count)})
	}
	return links, notEmpty(answer.Cut, answer.Pending), nil
}
