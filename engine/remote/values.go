package remote

import (
	"net/url"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/query"
)

// values are the parameters of a question; zero values are left out, as the API takes them.
type values url.Values

func (v values) str(name, value string) {
	if value != "" {
		url.Values(v).Set(name, value)
	}
}

func (v values) num(name string, n int) {
	if n != 0 {
		url.Values(v).Set(name, strconv.Itoa(n))
	}
}

func (v values) bool(name string, b bool) {
	if b {
		url.Values(v).Set(name, "true")
	}
}

func (v values) time(name string, t time.Time) {
	if !t.IsZero() {
		url.Values(v).Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}

func (v values) window(w query.Window) {
	v.time("from", w.From)
	v.time("to", w.To)
}

func (v values) object(o query.Object) {
	v.str("cluster", string(o.Cluster))
	v.str("kind", o.Kind)
	v.str("namespace", o.Namespace)
	v.str("name", o.Name)
	v.str("uid", string(o.UID))
}

// point writes one of at, resourceVersion and back; with a prefix as in fromAt, fromResourceVersion, fromBack.
func (v values) point(at, rv, back string, p query.Point) {
	v.time(at, p.At)
	if p.RV != 0 {
		v.str(rv, strconv.FormatUint(uint64(p.RV), 10))
	}
	v.num(back, p.Back)
}

func objectsValues(q query.Objects) url.Values {
	v := values{}
	v.str("cluster", string(q.Cluster))
	v.str("kind", q.Kind)
	v.str("namespace", q.Namespace)
	v.str("name", q.Name)
	v.str("uid", string(q.UID))
	v.str("selector", q.Selector)
	v.time("at", q.At)
	v.window(q.Alive)
	v.num("limit", q.Limit)
	v.str("cursor", q.Cursor)
	return url.Values(v)
}

func historyValues(q query.History) url.Values {
	v := values{}
	v.object(q.Object)
	v.window(q.Window)
	v.bool("reads", q.Reads)
	v.bool("fold", q.Folds)
	v.bool("allLives", q.AllLife)
	v.num("limit", q.Limit)
	v.str("cursor", q.Cursor)
	return url.Values(v)
}

func stateValues(q query.State) url.Values {
	v := values{}
	v.object(q.Object)
	v.point("at", "resourceVersion", "back", q.Point)
	return url.Values(v)
}

func diffValues(q query.Diff) url.Values {
	v := values{}
	v.object(q.Object)
	v.point("fromAt", "fromResourceVersion", "fromBack", q.From)
	v.point("toAt", "toResourceVersion", "toBack", q.To)
	v.bool("noise", q.Noise)
	return url.Values(v)
}

func blameValues(q query.Blame) url.Values {
	v := values{}
	v.object(q.Object)
	v.point("at", "resourceVersion", "back", q.Point)
	v.str("path", q.Path)
	v.bool("noise", q.Noise)
	return url.Values(v)
}

func searchValues(q query.Search) url.Values {
	v := values{}
	v.str("filter", q.Filter)
	v.str("cluster", string(q.Cluster))
	v.window(q.Window)
	for _, k := range q.Kinds {
		url.Values(v).Add("record", k.String())
	}
	v.bool("reads", q.Reads)
	v.bool("newest", q.Newest)
	v.num("limit", q.Limit)
	v.str("cursor", q.Cursor)
	return url.Values(v)
}

func coverageValues(q query.Coverage) url.Values {
	v := values{}
	o := q.Object
	if o.Cluster == "" {
		o.Cluster = q.Cluster
	}
	if o.Kind == "" {
		o.Kind = q.Kind
	}
	v.object(o)
	v.window(q.Window)
	return url.Values(v)
}

func statValues(q query.Stat) url.Values {
	v := values{}
	v.str("cluster", string(q.Cluster))
	v.window(q.Window)
	v.num("top", q.Top)
	return url.Values(v)
}
