package local

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

const (
	// maxRefusedLooked bounds the requests that are looked at for names that were refused, and refusedTime how long that may take, and again how long it may take to
	// look up what was found.
	maxRefusedLooked = 1_000_000
	refusedTime      = 3 * time.Second
)

// errRefusedLimit ends a scan for refused names, or the look at one of them, when a limit is reached.
var errRefusedLimit = errors.New("a limit of looking for refused names is reached")

// scan looks at the heads of the window's writes, its end first. What a limit keeps it from is older than all that it tells: a part that it can not go through
// counts for nothing.
func (f *refusals) scan(ctx context.Context) error {
	looked := 0
	f.until = deadline{time.Now().Add(refusedTime)}
	for _, part := range cutWindow(f.s.w, f.s.recorded(), true, 8) {
		found := maps.Clone(f.found)
		for key, t := range found {
			found[key] = t.clone()
		}
		err := f.scanPart(ctx, part, &looked)
		if !errors.Is(err, errRefusedLimit) {
			if err != nil {
				return err
			}
			continue
		}
		f.found = found
		f.cut = fmt.Sprintf("refused names were looked for from %s on, the limits of that reach no further back: narrow the window or the set", part.To.UTC().Format(time.RFC3339))
		if part.To.IsZero() {
			f.cut = "refused names were not looked for: there is more in the last hour than the limits of that allow; narrow the window or the set"
		}
		return nil
	}
	return nil
}

func (f *refusals) scanPart(ctx context.Context, part query.Window, looked *int) error {
	for _, c := range f.s.clusters {
		scans, err := f.scans(ctx, c, timeRange(part))
		if err != nil {
			return err
		}
		for _, scan := range scans {
			if err := f.requests(ctx, scan, looked); err != nil {
				return err
			}
		}
	}
	return nil
}

// scans go over all writes that can be of the set: in one namespace resource by resource, which the store finds at once.
func (f *refusals) scans(ctx context.Context, c store.ClusterInfo, between store.TimeRange) ([]store.WindowScan, error) {
	base := store.WindowScan{Cluster: c.Name, Kinds: []record.Kind{record.KindRequest}, Between: between, Namespace: f.namespace(), Except: f.made(c.Name)}
	resources := f.s.resources[c.Name]
	if resources == nil && base.Namespace == "" {
		return []store.WindowScan{base}, nil
	}
	if resources == nil {
		var err error
		if resources, err = f.written(ctx, c, between); err != nil {
			return nil, err
		}
	}
	var out []store.WindowScan
	for _, gr := range resources {
		scan := base
		scan.Resource = &gr
		out = append(out, scan)
	}
	return out, nil
}

// written gives the resources of the set to which writes were recorded, sorted.
func (f *refusals) written(ctx context.Context, c store.ClusterInfo, between store.TimeRange) ([]record.GroupResource, error) {
	found := map[record.GroupResource]bool{}
	for seen, err := range f.s.e.st.Seen(ctx, c.Name, wholeHours(between)) {
		if err != nil {
			return nil, err
		}
		if seen.Write && isChangeable(seen.Resource) && f.s.wantsResource(c.Name, seen.Resource) {
			found[seen.Resource] = true
		}
	}
	return sortedResources(found), nil
}

// made yields the objects of the set: they were made.
func (f *refusals) made(c record.Cluster) iter.Seq[record.ObjectRef] {
	return func(yield func(record.ObjectRef) bool) {
		for i := range f.members {
			if m := &f.members[i]; m.key.Cluster == c && m.key.UID != "" && !yield(m.ref) {
				return
			}
		}
	}
}

// namespace is the one that the set lies in, empty for several.
func (f *refusals) namespace() (only string) {
	if f.s.tree == nil {
		return f.s.q.Namespace
	}
	for _, n := range f.s.tree.nodes {
		if ns := n.ref.Namespace; ns == "" || only != "" && ns != only {
			return ""
		} else {
			only = ns
		}
	}
	return only
}

// requests looks at the requests of one scan.
func (f *refusals) requests(ctx context.Context, scan store.WindowScan, looked *int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reached := false
	scan.SkipRequest = func(_ time.Time, h record.RequestHead) bool {
		if *looked++; *looked > f.s.e.refusedLooked || *looked%lookEvery == 0 && f.until.passed() {
			reached = true
			cancel()
		}
		return reached || f.skips(scan.Cluster, &h)
	}
	for r, err := range f.s.e.st.Window(ctx, scan) {
		switch {
		case reached || f.full:
			return errRefusedLimit
		case err != nil:
			return err
		}
		f.match(r) // a driver need not ask what to skip
	}
	if reached || f.full {
		return errRefusedLimit
	}
	return nil
}
