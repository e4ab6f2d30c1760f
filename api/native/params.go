package native

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// params reads the parameters of one question. The first thing wrong is kept and given by done, so that readers
// need no error of their own; a parameter that no reader asked for is wrong too.
type params struct {
	ctx    context.Context
	engine engine.Engine
	values url.Values
	known  []string
	err    error
	now    time.Time // newest fact; read when first needed
}

func (h *Handler) params(ctx context.Context, r *http.Request) *params {
	values, err := url.ParseQuery(r.URL.RawQuery)
	p := &params{ctx: ctx, engine: h.engine, values: values}
	if err != nil {
		p.wrong("the parameters can not be read: %v", err)
	}
	return p
}

func (p *params) wrong(format string, args ...any) {
	if p.err == nil {
		p.err = engine.Errorf(engine.KindBadQuestion, format, args...)
	}
}

// done gives the first thing that was wrong.
func (p *params) done() error {
	for name := range p.values {
		if !slices.Contains(p.known, name) {
			slices.Sort(p.known)
			p.wrong("there is no parameter %q here; there are: %s", name, strings.Join(p.known, ", "))
		}
	}
	return p.err
}

func (p *params) str(name string) string {
	p.known = append(p.known, name)
	list := p.values[name]
	if len(list) > 1 {
		p.wrong("%s: given %d times", name, len(list))
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (p *params) num(name string) int {
	s := p.str(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		p.wrong("%s: %q is not a number from 0 to 2147483647", name, s)
	}
	return int(n)
}

// What one document lists at most, so that no question makes this server hold an answer of any size. Lists with cursors go on there.
const (
	maxRecords = 10_000  // hits and entries, which have the bodies of their requests; a search line by line has no bound
	maxListed  = 100_000 // objects, rows, links, spans
	maxTraces  = 1000    // traces of a search, and failing workloads, each of which takes work
)

// limit reads how much is listed. More than most is taken as most: the answer then says in cut where it ended.
func (p *params) limit(most int) int { return min(p.num("limit"), most) }

func (p *params) bool(name string) bool {
	s := p.str(name)
	if s == "" {
		return false
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		p.wrong("%s: %q is neither true nor false", name, s)
	}
	return b
}

func (p *params) resourceVersion(name string) record.ResourceVersion {
	s := p.str(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		p.wrong("%s: %q is not a resourceVersion", name, s)
	}
	return record.ResourceVersion(n)
}

// time reads RFC 3339, or a time relative to the newest fact of the cluster asked for.
func (p *params) time(name string) time.Time {
	s := p.str(name)
	if s == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t
	}
	t, err := query.ParseTime(s, p.newest(), time.UTC)
	if err != nil {
		p.wrong("%s: %v", name, err)
	}
	return t
}

func (p *params) newest() time.Time {
	if p.now.IsZero() && p.err == nil {
		info, err := p.engine.Info(p.ctx)
		if err != nil {
			p.err = err
			return time.Time{}
		}
		p.now = info.Newest(p.values.Get("cluster"))
	}
	return p.now
}

func (p *params) cluster() record.Cluster { return record.Cluster(p.str("cluster")) }

func (p *params) window() query.Window {
	w := query.Window{From: p.time("from"), To: p.time("to")}
	if !w.From.IsZero() && !w.To.IsZero() && w.To.Before(w.From) {
		p.wrong("to lies before from")
	}
	return w
}

func (p *params) object() query.Object {
	return query.Object{Cluster: p.cluster(), Kind: p.str("kind"), Namespace: p.str("namespace"), Name: p.str("name"), UID: record.UID(p.str("uid"))}
}

// oneObject is object, where it has to name one.
func (p *params) oneObject() query.Object {
	o := p.object()
	if o.UID == "" && (o.Kind == "" || o.Name == "") {
		p.wrong("which object? give kind and name, or uid")
	}
	return o
}

func (p *params) point(at, rv, back string) query.Point {
	point := query.Point{At: p.time(at), RV: p.resourceVersion(rv), Back: p.num(back)}
	given := 0
	for _, set := range []bool{!point.At.IsZero(), point.RV != 0, point.Back != 0} {
		if set {
			given++
		}
	}
	if given > 1 {
		p.wrong("give one of %s, %s and %s", at, rv, back)
	}
	return point
}

func (p *params) kinds(name string) []record.Kind {
	p.known = append(p.known, name)
	var kinds []record.Kind
	for _, list := range p.values[name] {
		for word := range strings.SplitSeq(list, ",") {
			kind, ok := record.ParseKind(word)
			if !ok {
				p.wrong("%s: %q is none of request, revision, end, event, gap, progress", name, word)
			}
			kinds = append(kinds, kind)
		}
	}
	return kinds
}
