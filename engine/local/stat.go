package local

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Stat counts the records of a window. It costs one scan of it, reads included.
func (e *Engine) Stat(ctx context.Context, q query.Stat) (*engine.Stat, error) {
	clusters, err := e.clustersOf(ctx, q.Cluster)
	if err != nil {
		return nil, err
	}
	size, err := e.st.Size(ctx)
	if err != nil {
		return nil, err
	}
	out := &engine.Stat{OnDisk: size.Disk, Disk: make([]engine.Class, 0, len(size.Classes))}
	for _, c := range size.Classes {
		out.Disk = append(out.Disk, engine.Class{Name: c.Class, Records: c.Records, Raw: c.Raw, Disk: c.Disk})
	}
	if out.RawBytes, err = e.rawBytes(ctx); err != nil {
		return nil, err
	}
	top := q.Top
	if top <= 0 {
		top = e.limits.Rows
	}
	counts := newCounter()
	cov := newCoverage(e.limits.Gaps)
	for _, c := range clusters {
		cut, err := e.count(ctx, c, q.Window, counts)
		if err != nil {
			return nil, err
		}
		if cut != "" {
			cov.add(engine.Gap{Reason: "cut", Scope: engine.Ref{Cluster: string(c.Name)}, Sentence: cut})
		}
		if err := e.windowGaps(ctx, cov, c, q.Window, nil, ""); err != nil {
			return nil, err
		}
	}
	counts.fill(out, top)
	out.Coverage = cov.done(false)
	return out, nil
}

// clustersOf gives the cluster named, or all.
func (e *Engine) clustersOf(ctx context.Context, asked record.Cluster) ([]store.ClusterInfo, error) {
	if asked != "" {
		c, err := e.cluster(ctx, asked)
		return []store.ClusterInfo{c}, err
	}
	return e.st.Clusters(ctx)
}

// count scans one cluster's window; the sentence says where a limit ended it early.
func (e *Engine) count(ctx context.Context, c store.ClusterInfo, w query.Window, into *counter) (string, error) {
	scan := store.WindowScan{Cluster: c.Name, Reads: true, Between: store.TimeRange{From: w.From, To: w.To},
		Kinds: []record.Kind{record.KindRequest, record.KindRevision, record.KindEnd, record.KindKubeEvent, record.KindGap, record.KindProgress, record.KindSpan}}
	var err error
	if scan.Revisions, err = e.revisionRanges(ctx, c, w); err != nil {
		return "", err
	}
	scan.OnlyNamed = scan.Revisions != nil
	names, err := index.ReadNames(ctx, e.st, c.Name)
	if err != nil {
		return "", err
	}
	deadline := e.deadline()
	var buf []byte
	scanned := 0
	for r, err := range e.st.Window(ctx, scan) {
		if err != nil {
			return "", err
		}
		if scanned++; scanned > e.limits.Scanned || (scanned%4096 == 0 && deadline.passed()) {
			return "counted " + strconv.Itoa(scanned-1) + " records of cluster " + string(c.Name) + ", then a limit was reached: narrow the window", nil
		}
		if names.Marks(r) {
			continue
		}
		buf = record.Append(buf[:0], r)
		into.add(names.Of(r), int64(len(buf)))
	}
	return "", nil
}

// deadline bounds the time of one scan.
type deadline struct{ at time.Time }

func (e *Engine) deadline() deadline { return deadline{time.Now().Add(e.limits.Time)} }

func (d deadline) passed() bool { return time.Now().After(d.at) }

type tally struct{ count, bytes int64 }

// counter counts records in tables. Distinct words are bounded: what comes beyond counts as "(other)".
type counter struct {
	tables map[string]map[string]tally
	errors map[[2]string]*engine.ErrRate
}

const maxWords = 100_000

// The tables, in the order in which the answer lists them; "records" is a list of its own.
var tableNames = [...]string{"requests by cluster", "requests by verb", "requests by user", "requests by resource",
	"requests by code", "requests by user agent", "revisions by cluster", "revisions by resource", "events by reason", "gaps by reason", "spans by service"}

func newCounter() *counter {
	c := &counter{tables: map[string]map[string]tally{"records": {}}, errors: map[[2]string]*engine.ErrRate{}}
	for _, name := range tableNames {
		c.tables[name] = map[string]tally{}
	}
	return c
}

func (c *counter) inc(table, word string, bytes int64) {
	t := c.tables[table]
	n, known := t[word]
	if !known && len(t) >= maxWords {
		word = "(other)"
		n = t[word]
	}
	t[word] = tally{n.count + 1, n.bytes + bytes}
}

func (c *counter) add(r *record.Record, bytes int64) {
	c.inc("records", r.Kind.String(), bytes)
	switch r.Kind {
	case record.KindRequest:
		c.request(r, bytes)
	case record.KindRevision:
		c.inc("revisions by cluster", string(r.Ref.Cluster), bytes)
		c.inc("revisions by resource", r.Ref.GroupResource().String(), bytes)
	case record.KindKubeEvent:
		c.inc("events by reason", r.KubeEvent.Reason, bytes)
	case record.KindGap:
		c.inc("gaps by reason", string(r.Gap.Reason), bytes)
	case record.KindSpan:
		c.inc("spans by service", r.Span.Service, bytes)
	}
}

func (c *counter) request(r *record.Record, bytes int64) {
	q := r.Request
	user, resource := q.Actor.User, r.Ref.GroupResource().String()
	if user == "" {
		user = "(none)"
	}
	if resource == "" {
		resource = "(no resource)"
	} else if r.Ref.Subresource != "" {
		resource += "/" + r.Ref.Subresource
	}
	if q.Stage == record.StageRequestReceived || (q.Stage == record.StageResponseStarted && q.Code < 400) {
		return // its last stage counts, so that each request counts once
	}
	c.inc("requests by cluster", string(r.Ref.Cluster), bytes)
	c.inc("requests by verb", q.Verb, bytes)
	c.inc("requests by user", user, bytes)
	c.inc("requests by resource", resource, bytes)
	c.inc("requests by user agent", q.Actor.UserAgent, bytes)
	if q.Code == 0 {
		return // no answer recorded: neither success nor failure
	}
	c.inc("requests by code", strconv.Itoa(q.Code), bytes)
	key := [2]string{user, resource}
	rate := c.errors[key]
	if rate == nil {
		if len(c.errors) >= maxWords {
			return
		}
		rate = &engine.ErrRate{User: user, Resource: resource}
		c.errors[key] = rate
	}
	rate.Total++
	if q.Code >= 400 {
		rate.Failed++
	}
}

// fill writes the tables, the most frequent first.
func (c *counter) fill(out *engine.Stat, top int) {
	out.Records, _ = rows(c.tables["records"], 0)
	out.Tables = make([]engine.Table, 0, len(tableNames))
	for _, name := range tableNames {
		list, more := rows(c.tables[name], top)
		out.Tables = append(out.Tables, engine.Table{Name: name, Rows: list, More: more})
	}
	out.Errors = []engine.ErrRate{}
	for _, rate := range c.errors {
		if rate.Failed > 0 {
			rate.Rate = float64(rate.Failed) / float64(rate.Total)
			out.Errors = append(out.Errors, *rate)
		}
	}
	slices.SortFunc(out.Errors, func(a, b engine.ErrRate) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Rate, a.Rate), cmp.Compare(a.User, b.User), cmp.Compare(a.Resource, b.Resource))
	})
	out.Errors = out.Errors[:min(len(out.Errors), top)]
}

func rows(t map[string]tally, top int) (list []engine.Count, more int) {
	list = make([]engine.Count, 0, len(t))
	for word, n := range t {
		list = append(list, engine.Count{Name: word, Count: n.count, Bytes: n.bytes})
	}
	slices.SortFunc(list, func(a, b engine.Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	if top > 0 && len(list) > top {
		return list[:top], len(list) - top
	}
	return list, 0
}
