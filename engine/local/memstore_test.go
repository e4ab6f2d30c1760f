package local

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// memStore is store.Store as plainly as it can be said: every record in a map, every question a scan of all. The
// driver's answers are compared with those from it.
type memStore struct {
	mu      sync.Mutex
	records map[string]*record.Record // by identity; revisions by identity and body
	meta    map[string][]byte
	derived map[string]map[string][]byte
}

func newMemStore() *memStore {
	return &memStore{records: map[string]*record.Record{}, meta: map[string][]byte{}, derived: map[string]map[string][]byte{}}
}

func (m *memStore) Append(_ context.Context, batch []*record.Record) (store.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range batch {
		id := r.ID()
		key := string(id[:])
		if r.Kind == record.KindRevision {
			bare := *r
			bare.Provenance = record.Provenance{}
			key += string(record.Append(nil, &bare))
		}
		if old := m.records[key]; old != nil {
			if r.Kind == record.KindRevision {
				both := *old
				both.Provenance = old.Provenance.Merge(r.Provenance)
				r = &both
			} else {
				r = record.Merge(old, r)
			}
		}
		m.records[key] = r
	}
	return store.Appended{Records: len(batch)}, nil
}

// all gives the records of a cluster that pass, in a fixed order.
func (m *memStore) all(cluster record.Cluster, pass func(*record.Record) bool) []*record.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	type keyed struct {
		key string
		r   *record.Record
	}
	var list []keyed
	for key, r := range m.records {
		if (cluster == "" || r.Ref.Cluster == cluster) && pass(r) {
			list = append(list, keyed{key, r})
		}
	}
	slices.SortFunc(list, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.r.Kind, b.r.Kind), a.r.OccurredAt.Compare(b.r.OccurredAt), cmp.Compare(a.r.Ref.UID, b.r.Ref.UID),
			cmp.Compare(rvOf(a.r), rvOf(b.r)), cmp.Compare(a.key, b.key))
	})
	out := make([]*record.Record, len(list))
	for i, k := range list {
		out[i] = k.r
	}
	return out
}

func rvOf(r *record.Record) record.ResourceVersion {
	switch r.Kind {
	case record.KindRevision:
		return r.Revision.RV
	case record.KindEnd:
		return r.End.RV
	case record.KindProgress:
		return r.Progress.RV
	}
	return 0
}

func inRange(rv record.ResourceVersion, b store.RVRange) bool {
	return rv >= b.From && (b.To == 0 || rv <= b.To)
}

func seq[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (m *memStore) entries(cluster record.Cluster) []*store.Entry {
	byKey := map[store.ObjectKey]*store.Entry{}
	labels := map[store.ObjectKey]map[record.KeyValue]bool{}
	entry := func(cluster record.Cluster, uid record.UID) *store.Entry {
		key := store.ObjectKey{Cluster: cluster, UID: uid}
		if byKey[key] == nil {
			byKey[key] = &store.Entry{}
			labels[key] = map[record.KeyValue]bool{}
		}
		return byKey[key]
	}
	for _, r := range m.all(cluster, func(r *record.Record) bool { return r.Kind == record.KindRevision || r.Kind == record.KindEnd }) {
		e := entry(r.Ref.Cluster, r.Ref.UID)
		e.Ref = record.ObjectRef{Cluster: r.Ref.Cluster, UID: r.Ref.UID, Group: cmp.Or(e.Ref.Group, r.Ref.Group), Version: max(e.Ref.Version, r.Ref.Version),
			Kind: max(e.Ref.Kind, r.Ref.Kind), Resource: max(e.Ref.Resource, r.Ref.Resource), Namespace: max(e.Ref.Namespace, r.Ref.Namespace), Name: max(e.Ref.Name, r.Ref.Name)}
		e.Storage = record.StorageOf(e.Ref.GroupResource())
		rv := rvOf(r)
		e.LastRV = max(e.LastRV, rv)
		if r.Kind == record.KindEnd {
			e.Ended, e.EndRV = true, r.End.RV
			for _, q := range r.End.Requests {
				if e.EndAt.IsZero() || q.StageAt.Before(e.EndAt) {
					e.EndAt = q.StageAt
				}
			}
			for k, v := range labelsOf(r.End.LastBody) {
				labels[e.Key()][record.KeyValue{Key: k, Value: v}] = true
			}
			continue
		}
		if e.FirstRV == 0 || rv < e.FirstRV {
			e.FirstRV = rv
		}
		for k, v := range labelsOf(r.Revision.Body) {
			labels[e.Key()][record.KeyValue{Key: k, Value: v}] = true
		}
		if at := createdOf(r.Revision.Body); !at.IsZero() {
			e.CreatedAt = at
		}
	}
	for _, r := range m.all(cluster, func(r *record.Record) bool { return r.Kind == record.KindRequest }) {
		for _, uid := range []record.UID{r.Request.AnswerUID, r.Request.NamedUID} {
			e := byKey[store.ObjectKey{Cluster: r.Ref.Cluster, UID: uid}]
			if uid == "" || e == nil {
				continue
			}
			if e.FirstAt.IsZero() || r.OccurredAt.Before(e.FirstAt) {
				e.FirstAt = r.OccurredAt
			}
			e.LastAt = latest(e.LastAt, latest(r.OccurredAt, r.Request.StageAt))
			if r.Request.Code == 201 && r.Request.Answer == record.BodyObject && r.Ref.Subresource == "" && r.Request.AnswerRV == e.FirstRV {
				e.Created = true
			}
		}
	}
	out := slices.Collect(maps.Values(byKey))
	for _, e := range out {
		for kv := range labels[e.Key()] {
			e.Labels = append(e.Labels, kv)
		}
		slices.SortFunc(e.Labels, func(a, b record.KeyValue) int {
			return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
		})
	}
	slices.SortFunc(out, func(a, b *store.Entry) int { return slices.Compare(entryKey(a), entryKey(b)) })
	return out
}

func (m *memStore) Object(_ context.Context, key store.ObjectKey) (*store.Entry, error) {
	for _, e := range m.entries(key.Cluster) {
		if e.Ref.UID == key.UID {
			return e, nil
		}
	}
	return nil, store.ErrNotFound
}

func (m *memStore) Objects(_ context.Context, s store.ObjectScan) iter.Seq2[*store.Entry, error] {
	list := slices.DeleteFunc(m.entries(s.Cluster), func(e *store.Entry) bool {
		return (s.Resource != nil && *s.Resource != e.Ref.GroupResource()) || (s.Namespace != "" && s.Namespace != e.Ref.Namespace) ||
			(s.Name != "" && s.Name != e.Ref.Name) || !strings.HasPrefix(e.Ref.Name, s.NamePrefix) || (s.UID != "" && s.UID != e.Ref.UID) ||
			(s.NoEvents && e.Ref.GroupResource().IsEvents())
	})
	if s.AnyOrder {
		slices.Reverse(list)
	}
	return seq(list)
}

func (m *memStore) Revisions(_ context.Context, key store.ObjectKey, between store.RVRange) iter.Seq2[*record.Record, error] {
	return seq(m.all(key.Cluster, func(r *record.Record) bool {
		return r.Kind == record.KindRevision && r.Ref.UID == key.UID && inRange(r.Revision.RV, between)
	}))
}

func (m *memStore) RevisionBefore(ctx context.Context, key store.ObjectKey, rv record.ResourceVersion) ([]*record.Record, error) {
	var last []*record.Record
	for r, err := range m.Revisions(ctx, key, store.RVRange{To: rv}) {
		if err != nil {
			return nil, err
		}
		if rv == 0 {
			break
		}
		if len(last) > 0 && last[0].Revision.RV != r.Revision.RV {
			last = nil
		}
		last = append(last, r)
	}
	if last == nil {
		return nil, store.ErrNotFound
	}
	return last, nil
}

func (m *memStore) Briefs(ctx context.Context, asked []store.BriefAsk) iter.Seq2[store.Brief, error] {
	var out []store.Brief
	for _, q := range asked {
		var b store.Brief
		rvs := map[record.ResourceVersion]bool{}
		for r, err := range m.Revisions(ctx, q.Key, store.RVRange{}) {
			if err == nil {
				rvs[r.Revision.RV] = true
			}
		}
		b.Revisions = min(len(rvs), q.Count)
		if q.Last {
			q.Before = ^record.ResourceVersion(0)
			b.End, _ = m.End(ctx, q.Key)
		}
		if b.End == nil || len(b.End.End.LastBody) == 0 {
			b.Newest, _ = m.RevisionBefore(ctx, q.Key, q.Before)
		}
		out = append(out, b)
	}
	return seq(out)
}

func (m *memStore) End(_ context.Context, key store.ObjectKey) (*record.Record, error) {
	for _, r := range m.all(key.Cluster, func(r *record.Record) bool { return r.Kind == record.KindEnd && r.Ref.UID == key.UID }) {
		return r, nil
	}
	return nil, store.ErrNotFound
}

func (m *memStore) Requests(_ context.Context, s store.RequestScan) iter.Seq2[*record.Record, error] {
	return seq(m.all(s.Cluster, func(r *record.Record) bool {
		return r.Kind == record.KindRequest && r.Ref.GroupResource() == s.Resource && r.Ref.Namespace == s.Namespace && r.Ref.Name == s.Name &&
			s.Between.Contains(r.OccurredAt) && (s.Reads || !r.Request.IsRead())
	}))
}

func (m *memStore) Request(_ context.Context, cluster record.Cluster, id record.ID, _ time.Time) (*record.Record, error) {
	for _, r := range m.all(cluster, func(r *record.Record) bool { return r.Kind == record.KindRequest && r.ID() == id }) {
		return r, nil
	}
	return nil, store.ErrNotFound
}

func (m *memStore) Events(_ context.Context, s store.EventScan) iter.Seq2[*record.Record, error] {
	return seq(m.all(s.Cluster, func(r *record.Record) bool {
		return r.Kind == record.KindKubeEvent && r.KubeEvent.Regarding.Kind == s.Kind && r.KubeEvent.Regarding.Namespace == s.Namespace &&
			r.KubeEvent.Regarding.Name == s.Name && s.Between.Contains(r.OccurredAt)
	}))
}

func (m *memStore) Spans(_ context.Context, s store.SpanScan) iter.Seq2[*record.Record, error] {
	named := func(ref record.ObjectRef) bool {
		return ref.GroupResource() == s.Resource && ref.Namespace == s.Namespace && ref.Name == s.Name
	}
	return seq(m.all(s.Cluster, func(r *record.Record) bool {
		switch {
		case r.Kind != record.KindSpan || !s.Between.Contains(r.OccurredAt):
			return false
		case len(s.AuditIDs) > 0:
			return r.Span.AuditID != "" && slices.Contains(s.AuditIDs, r.Span.AuditID)
		case len(s.TraceIDs) > 0:
			return r.Span.TraceID != record.TraceID{} && slices.Contains(s.TraceIDs, r.Span.TraceID)
		}
		return named(r.Ref) || slices.ContainsFunc(r.Span.Also, named)
	}))
}

func (m *memStore) Window(_ context.Context, s store.WindowScan) iter.Seq2[*record.Record, error] {
	return seq(m.all(s.Cluster, func(r *record.Record) bool {
		switch {
		case !slices.Contains(s.Kinds, r.Kind), s.Resource != nil && *s.Resource != r.Ref.GroupResource(), s.Namespace != "" && s.Namespace != r.Ref.Namespace,
			s.Name != "" && s.Name != r.Ref.Name:
			return false
		case r.Kind == record.KindRequest:
			return s.Between.Contains(r.OccurredAt) && (s.Reads || !r.Request.IsRead())
		case r.Kind == record.KindRevision || r.Kind == record.KindEnd:
			b, named := s.Revisions[record.StorageOf(r.Ref.GroupResource())]
			return (named && (inRange(rvOf(r), b) || rvOf(r) == 0)) || (!named && !s.OnlyNamed)
		}
		return s.Between.Contains(r.OccurredAt) || r.OccurredAt.IsZero()
	}))
}

func (m *memStore) Gaps(_ context.Context, cluster record.Cluster, b store.TimeRange) iter.Seq2[*record.Record, error] {
	return seq(m.all(cluster, func(r *record.Record) bool {
		return r.Kind == record.KindGap && (r.OccurredAt.IsZero() || r.Gap.Until.IsZero() ||
			((b.To.IsZero() || r.OccurredAt.Before(b.To)) && (b.From.IsZero() || !r.Gap.Until.Before(b.From))))
	}))
}

func (m *memStore) Progress(_ context.Context, cluster record.Cluster) iter.Seq2[*record.Record, error] {
	return seq(m.all(cluster, func(r *record.Record) bool { return r.Kind == record.KindProgress }))
}

func (m *memStore) Seen(_ context.Context, cluster record.Cluster, b store.TimeRange) iter.Seq2[store.Seen, error] {
	byKey := map[string]*store.Seen{}
	for _, r := range m.all(cluster, func(r *record.Record) bool { return r.Kind == record.KindRequest }) {
		hour := r.OccurredAt.Truncate(time.Hour)
		if !b.Contains(hour) {
			continue
		}
		key := r.Ref.GroupResource().String() + hour.String() + map[bool]string{true: "w"}[r.MayChange()]
		s := byKey[key]
		if s == nil {
			s = &store.Seen{Cluster: r.Ref.Cluster, Resource: r.Ref.GroupResource(), Write: r.MayChange(), Hour: hour}
			byKey[key] = s
		}
		if !slices.Contains(s.Levels, r.Request.Level) {
			s.Levels = append(s.Levels, r.Request.Level)
			slices.Sort(s.Levels)
		}
		s.Truncated = s.Truncated || r.Request.Flags&(record.FlagTruncated|record.FlagBodyCut) != 0
	}
	var out []store.Seen
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		out = append(out, *byKey[k])
	}
	return seq(out)
}

func (m *memStore) Pins(_ context.Context, cluster record.Cluster, storage record.Storage, b store.RVRange) iter.Seq2[record.Pin, error] {
	var out []record.Pin
	for _, r := range m.all(cluster, func(r *record.Record) bool { return r.Kind == record.KindRequest }) {
		if p, s, ok := record.PinOf(r); ok && s == storage && inRange(p.RV, b) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b record.Pin) int {
		return cmp.Or(cmp.Compare(a.RV, b.RV), a.Before.Compare(b.Before), a.After.Compare(b.After))
	})
	return seq(out)
}

func (m *memStore) PinsDown(ctx context.Context, cluster record.Cluster, storage record.Storage, b store.RVRange) iter.Seq2[record.Pin, error] {
	var out []record.Pin
	for p, err := range m.Pins(ctx, cluster, storage, b) {
		if err != nil {
			break
		}
		out = append(out, p)
	}
	slices.Reverse(out)
	return seq(out)
}

func (m *memStore) Clusters(context.Context) ([]store.ClusterInfo, error) {
	byName := map[record.Cluster]*store.ClusterInfo{}
	for _, r := range m.all("", func(*record.Record) bool { return true }) {
		c := byName[r.Ref.Cluster]
		if c == nil {
			c = &store.ClusterInfo{Name: r.Ref.Cluster}
			byName[r.Ref.Cluster] = c
		}
		if s := record.StorageOf(r.Ref.GroupResource()); !slices.Contains(c.Storages, s) {
			c.Storages = append(c.Storages, s)
			slices.Sort(c.Storages)
		}
		if r.Ref.Resource == "namespaces" && r.Ref.Name == "kube-system" && r.Ref.UID != "" && !slices.Contains(c.Incarnations, r.Ref.UID) {
			c.Incarnations = append(c.Incarnations, r.Ref.UID)
			slices.Sort(c.Incarnations)
		}
		if r.Kind == record.KindRequest || r.Kind == record.KindKubeEvent {
			c.First, c.Last = earliest(c.First, r.OccurredAt), latest(c.Last, r.OccurredAt)
		}
	}
	var out []store.ClusterInfo
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[name])
	}
	return out, nil
}

func (m *memStore) Meta(_ context.Context, key string) ([]byte, error) { return m.meta[key], nil }

func (m *memStore) SetMeta(_ context.Context, key string, value []byte) error {
	m.meta[key] = value
	return nil
}

func (m *memStore) Derived(_ context.Context, name string, prefix []byte) iter.Seq2[store.KeyValue, error] {
	var out []store.KeyValue
	for _, k := range slices.Sorted(maps.Keys(m.derived[name])) {
		if bytes.HasPrefix([]byte(k), prefix) {
			out = append(out, store.KeyValue{Key: []byte(k), Value: m.derived[name][k]})
		}
	}
	return seq(out)
}

func (m *memStore) SetDerived(_ context.Context, name string, change []store.KeyValue) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.derived[name] == nil {
		m.derived[name] = map[string][]byte{}
	}
	for _, kv := range change {
		m.derived[name][string(kv.Key)] = kv.Value
	}
	return nil
}

func (m *memStore) Buckets(context.Context) ([]store.Bucket, error) { return nil, nil }
func (m *memStore) Drop(context.Context, []store.Bucket, []store.Carried) error {
	return nil
}
func (m *memStore) Floor(context.Context, store.ObjectKey) (*store.Carried, error) {
	return nil, store.ErrNotFound
}
func (m *memStore) Seal(context.Context, func(done, total int)) error { return nil }
func (m *memStore) Size(context.Context) (store.Size, error)          { return store.Size{}, nil }
func (m *memStore) Close() error                                      { return nil }

func createdOf(body []byte) time.Time {
	t, err := time.Parse(time.RFC3339, gjson.GetBytes(body, "metadata.creationTimestamp").String())
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
