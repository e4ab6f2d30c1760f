package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

const cluster = record.Cluster("arn:aws:eks:eu-1:7:cluster/prod")

func revision(uid string, rv record.ResourceVersion) *record.Record {
	return &record.Record{Kind: record.KindRevision,
		Ref:      record.ObjectRef{Cluster: cluster, Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "default", Name: uid, UID: record.UID(uid)},
		Revision: &record.Revision{RV: rv, Body: fmt.Appendf(nil, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"default","uid":%q,"resourceVersion":"%d"}}`, uid, uid, rv)}}
}

func end(uid string, rv record.ResourceVersion) *record.Record {
	r := revision(uid, rv)
	return &record.Record{Kind: record.KindEnd, Ref: r.Ref, End: &record.End{RV: rv, Sources: record.FromWatch}}
}

func openStore(t *testing.T) store.Store {
	t.Helper()
	s, err := pebble.Open("data", pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// shaky is a store whose writes can be made to fail or to wait.
type shaky struct {
	store.Store
	mu     sync.Mutex
	err    error
	late   int
	gate   chan struct{} // nil: open
	marks  int
	before func() // each Append calls it
}

func (s *shaky) Append(ctx context.Context, batch []*record.Record) (store.Appended, error) {
	s.mu.Lock()
	err, late, gate := s.err, s.late, s.gate
	s.mu.Unlock()
	if s.before != nil {
		s.before()
	}
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return store.Appended{}, ctx.Err()
		}
	}
	if err != nil {
		return store.Appended{}, err
	}
	a, err := s.Store.Append(ctx, batch)
	if batch[0].Kind != record.KindGap {
		a.Late += late
	}
	return a, err
}

func (s *shaky) SetMeta(ctx context.Context, key string, value []byte) error {
	s.mu.Lock()
	err := s.err
	s.marks++
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Store.SetMeta(ctx, key, value)
}

func (s *shaky) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func TestLocalRemembers(t *testing.T) {
	var told [][]*record.Record
	l := ingest.NewLocal(openStore(t), ingest.LocalConfig{Appended: func(b []*record.Record) { told = append(told, b) }})
	run := &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: cluster, Resource: "configmaps"}, Progress: &record.Progress{From: 5, RV: 9}}
	batch := ingest.Batch{Cluster: cluster, Records: []*record.Record{revision("a", 7), revision("b", 8), end("b", 9), revision("a", 9), run},
		Marks: []ingest.Mark{{Key: "tail/audit.log", Value: []byte("42")}}}
	if err := l.Deliver(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || len(told[0]) != 5 {
		t.Errorf("Appended was told %d batches", len(told))
	}
	gr := record.GroupResource{Resource: "configmaps"}
	var alive []string
	for a, err := range l.Alive(t.Context(), cluster, gr, "") {
		if err != nil {
			t.Fatal(err)
		}
		alive = append(alive, fmt.Sprint(a.Ref.Namespace, "/", a.Ref.Name, " ", a.RV))
	}
	if diff := cmp.Diff([]string{"default/a 9"}, alive); diff != "" {
		t.Error(diff)
	}
	for a, err := range l.Alive(t.Context(), cluster, gr, "other") {
		t.Errorf("%v lies in another namespace, %v", a, err)
	}
	progress, err := l.Progress(t.Context(), cluster)
	if err != nil || len(progress) != 1 || progress[0].Progress.RV != 9 {
		t.Errorf("progress %v, %v", progress, err)
	}
	for key, want := range map[string]string{"tail/audit.log": "42", "tail/other": ""} {
		if got, err := l.Mark(t.Context(), cluster, key); err != nil || string(got) != want {
			t.Errorf("mark %s: %q, %v", key, got, err)
		}
	}
	// A name with a slash is not the beginning of another's keys.
	if got, err := l.Mark(t.Context(), "arn:aws:eks:eu-1:7:cluster", "prod/tail/audit.log"); err != nil || got != nil {
		t.Errorf("another cluster's mark: %q, %v", got, err)
	}
}

func TestLocalMapsErrors(t *testing.T) {
	st := &shaky{Store: openStore(t)}
	now := time.Unix(1000, 0)
	l := ingest.NewLocal(st, ingest.LocalConfig{Now: func() time.Time { return now }})
	batch := ingest.Batch{Cluster: cluster, Records: []*record.Record{revision("a", 7)}, Marks: []ingest.Mark{{Key: "k", Value: []byte("v")}}}
	for _, tc := range []struct {
		err  error
		says string
	}{
		{fmt.Errorf("append: %w: 3 MiB left", store.ErrFull), "disk is full"},
		{fmt.Errorf("append: %w", store.ErrFailed), "restart"},
		{errors.New("strange"), "does not take writes"},
	} {
		st.set(tc.err)
		err := l.Deliver(t.Context(), batch)
		busy := ingest.IsBusy(err)
		if busy == nil || !strings.Contains(busy.Reason, tc.says) || busy.After <= 0 || !errors.Is(err, tc.err) {
			t.Fatalf("%v became %v", tc.err, err)
		}
		if err := l.Healthy(t.Context()); err == nil || !strings.Contains(err.Error(), tc.says) || !errors.Is(err, tc.err) {
			t.Errorf("healthy: %v", err)
		}
	}
	if got, err := l.Mark(t.Context(), cluster, "k"); err != nil || got != nil {
		t.Errorf("a batch that failed left a mark: %q %v", got, err)
	}
	// Nobody delivers, yet it gets well by itself once the store does: not before it was tried again.
	st.set(nil)
	if err := l.Healthy(t.Context()); err == nil {
		t.Error("healthy without a try")
	}
	now = now.Add(2 * time.Second)
	if err := l.Healthy(t.Context()); err != nil {
		t.Errorf("the store is well, but: %v", err)
	}
	if err := l.Deliver(t.Context(), batch); err != nil {
		t.Error(err)
	}
}

func TestLocalRefusesWhatIsNoBatch(t *testing.T) {
	l := ingest.NewLocal(openStore(t), ingest.LocalConfig{})
	foreign := revision("a", 1)
	foreign.Ref.Cluster = "other"
	many := make([]ingest.Mark, ingest.MaxMarks+1)
	for i := range many {
		many[i].Key = "k"
	}
	for name, b := range map[string]ingest.Batch{
		"no cluster":      {Records: []*record.Record{revision("a", 1)}},
		"foreign cluster": {Cluster: cluster, Records: []*record.Record{foreign}},
		"no text":         {Cluster: "a\xff", Records: []*record.Record{}},
		"control":         {Cluster: "a\n", Records: []*record.Record{}},
		"long cluster":    {Cluster: record.Cluster(strings.Repeat("c", ingest.MaxClusterBytes+1))},
		"no body":         {Cluster: cluster, Records: []*record.Record{{Kind: record.KindEnd, Ref: record.ObjectRef{Cluster: cluster}}}},
		"nil":             {Cluster: cluster, Records: []*record.Record{nil}},
		"unknown kind":    {Cluster: cluster, Records: []*record.Record{{Kind: 77, Ref: record.ObjectRef{Cluster: cluster}}}},
		"long key":        {Cluster: cluster, Marks: []ingest.Mark{{Key: strings.Repeat("k", ingest.MaxMarkKeyBytes+1)}}},
		"no key":          {Cluster: cluster, Marks: []ingest.Mark{{Value: []byte("v")}}},
		"long value":      {Cluster: cluster, Marks: []ingest.Mark{{Key: "k", Value: make([]byte, ingest.MaxMarkBytes+1)}}},
		"many marks":      {Cluster: cluster, Marks: many},
	} {
		if err := l.Deliver(t.Context(), b); !errors.Is(err, store.ErrInvalid) || ingest.IsBusy(err) != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.Healthy(t.Context()); err != nil {
		t.Errorf("a bad batch is not the store's fault: %v", err)
	}
}

// TestSeriesAreBounded: whoever may speak for every cluster can not fill the memory with their metrics.
func TestSeriesAreBounded(t *testing.T) {
	reg := prometheus.NewRegistry()
	l := ingest.NewLocal(openStore(t), ingest.LocalConfig{Metrics: ingest.NewMetrics(reg)})
	for i := range 1100 {
		r := revision("a", 1)
		r.Ref.Cluster = record.Cluster(fmt.Sprintf("c%d", i))
		if err := l.Deliver(t.Context(), ingest.Batch{Cluster: r.Ref.Cluster, Records: []*record.Record{r}}); err != nil {
			t.Fatal(err)
		}
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if len(f.Metric) > 1001 {
			t.Errorf("%s has %d series", f.GetName(), len(f.Metric))
		}
	}
}

// TestLocalBounds: beyond the bound of bytes callers are told to come again at once, below it they wait, no longer than their context.
func TestLocalBounds(t *testing.T) {
	entered := make(chan struct{}, 2)
	st := &shaky{Store: openStore(t), gate: make(chan struct{}), before: func() { entered <- struct{}{} }}
	one := ingest.Batch{Cluster: cluster, Records: []*record.Record{revision("a", 1)}}
	l := ingest.NewLocal(st, ingest.LocalConfig{Concurrent: 1, WaitingBytes: 2 * one.Size()})
	first := make(chan error, 1)
	go func() { first <- l.Deliver(t.Context(), one) }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		err := l.Deliver(ctx, one)
		for ingest.IsBusy(err) != nil { // one of those below was quicker
			err = l.Deliver(ctx, one)
		}
		second <- err
	}()
	for busy := 0; busy < 1; { // until the second waits
		quick, stop := context.WithTimeout(t.Context(), time.Millisecond)
		if err := l.Deliver(quick, one); ingest.IsBusy(err) != nil {
			busy++
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("beyond the bound: %v", err)
		}
		stop()
	}
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("a waiting caller that gave up: %v", err)
	}
	close(st.gate)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := l.Deliver(t.Context(), one); err != nil { // all room was given back
		t.Error(err)
	}
	if err := l.Healthy(t.Context()); err != nil {
		t.Errorf("full of work is not ill: %v", err)
	}
}

// TestLocalTellsLateFacts: the first refusal becomes a Gap at once, those that follow one together, after a while.
func TestLocalTellsLateFacts(t *testing.T) {
	st := &shaky{Store: openStore(t), late: 3}
	now := time.Unix(1_000_000, 0).UTC()
	l := ingest.NewLocal(st, ingest.LocalConfig{Now: func() time.Time { return now }})
	for i := range 5 {
		if err := l.Deliver(t.Context(), ingest.Batch{Cluster: cluster, Records: []*record.Record{revision("a", record.ResourceVersion(i+1))}}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(20 * time.Second)
	}
	st.late = 0
	now = now.Add(time.Hour)
	if err := l.Deliver(t.Context(), ingest.Batch{Cluster: cluster, Records: []*record.Record{revision("b", 9)}}); err != nil {
		t.Fatal(err)
	}
	var counts []int64
	for g, err := range st.Gaps(t.Context(), cluster, store.TimeRange{}) {
		if err != nil {
			t.Fatal(err)
		}
		if g.Gap.Reason != record.GapLateFact || g.Gap.Until.Before(g.OccurredAt) {
			t.Errorf("gap %+v", g.Gap)
		}
		counts = append(counts, g.Gap.Count)
	}
	if diff := cmp.Diff([]int64{3, 9, 3}, counts); diff != "" {
		t.Error(diff)
	}
}
