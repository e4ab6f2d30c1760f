package watch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

func pods() fakeKind { return fakeKind{version: "v1", name: "pods", kind: "Pod"} }
func widgets() fakeKind {
	return fakeKind{group: "x.io", version: "v1", name: "widgets", kind: "Widget"}
}

// world is a fake cluster, a sink, and a watcher between them, under a fake clock.
type world struct {
	t    *testing.T
	api  *api
	sink *sink
	opts Options
	w    *Watcher
	stop func()
}

// bubble runs a story under a fake clock.
func bubble(t *testing.T, story func(w *world), kinds ...fakeKind) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, api: newAPI(kinds...), sink: newSink()}
		story(w)
		if w.stop != nil {
			w.stop()
		}
	})
}

func (w *world) start() {
	w.t.Helper()
	w.make()
	w.run()
}

func (w *world) make() {
	w.t.Helper()
	var err error
	w.w, err = New(Config{Cluster: "test", REST: &rest.Config{Host: "http://fake", Transport: direct{w.api}}, Sink: w.sink, Redactor: redact.Off(), Options: w.opts})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run() {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.w.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			w.t.Errorf("Run: %v", err)
		}
		w.stop = nil
	}
}

// pass lets time pass until all is quiet.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) revision(uid string, rv uint64) *record.Record {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	return w.sink.facts[record.RevisionID("test", record.UID(uid), record.ResourceVersion(rv))]
}

func (w *world) wantRevision(uid string, rv uint64) *record.Record {
	w.t.Helper()
	r := w.revision(uid, rv)
	if r == nil {
		w.t.Fatalf("revision %s@%d was not delivered", uid, rv)
	}
	return r
}

func (w *world) end(uid string) *record.Record {
	for _, r := range w.sink.all(record.KindEnd) {
		if r.Ref.UID == record.UID(uid) {
			return r
		}
	}
	return nil
}

func (w *world) runs(resource string) (out []record.Progress) {
	for _, r := range w.sink.all(record.KindProgress) {
		if r.Progress.From != 0 && r.Ref.GroupResource().String() == resource {
			out = append(out, *r.Progress)
		}
	}
	return out
}

func (w *world) state(resource string) ResourceStatus {
	for _, r := range w.w.Status().Resources {
		if r.Resource.String() == resource {
			return r
		}
	}
	return ResourceStatus{}
}

// requested counts requests that hold all of the words.
func (w *world) requested(words ...string) (n int) {
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
next:
	for _, r := range w.api.requests {
		for _, word := range words {
			if !strings.Contains(r, word) {
				continue next
			}
		}
		n++
	}
	return n
}

func TestListThenWatch(t *testing.T) {
	for _, paged := range []bool{false, true} {
		t.Run(fmt.Sprint("paged ", paged), func(t *testing.T) {
			bubble(t, func(w *world) {
				w.opts.PagedLists, w.opts.PageItems = paged, 2
				first := w.api.put("pods", "shop", "a", "u-a", "1")
				for i := range 5 {
					w.api.put("pods", "shop", fmt.Sprint("b", i), fmt.Sprint("u-b", i), "1")
				}
				w.start()
				w.pass(3 * time.Second)
				listed := w.wantRevision("u-a", first)
				if listed.Provenance.Sources != record.FromList || listed.Ref.Resource != "pods" || listed.Ref.Kind != "Pod" || listed.Provenance.ReceivedAt.IsZero() {
					t.Errorf("%+v %+v", listed.Ref, listed.Provenance)
				}
				second := w.api.put("pods", "shop", "a", "u-a", "2")
				w.api.remove("u-b0")
				w.pass(time.Second)
				if r := w.wantRevision("u-a", second); r.Provenance.Sources != record.FromWatch {
					t.Errorf("%+v", r.Provenance)
				}
				if e := w.end("u-b0"); e == nil || e.End.RV == 0 {
					t.Errorf("end: %+v", e)
				}
				w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
				w.pass(2 * time.Minute) // a bookmark tells how far pods have come
				runs := w.runs("pods")
				if len(runs) != 1 || runs[0].From != 106 || uint64(runs[0].RV) != w.api.rv {
					t.Errorf("runs %+v, cluster at %d", runs, w.api.rv)
				}
				if s := w.state("pods"); s.State != Watching || s.Objects != 6 || s.Events != 2 || s.Gaps != 0 {
					t.Errorf("%+v", s)
				}
				if got := len(w.sink.all(record.KindGap)); got != 0 {
					t.Errorf("%d gaps", got)
				}
				if paged && w.api.maxPage > 2 {
					t.Errorf("a page of %d", w.api.maxPage)
				}
			}, pods(), widgets())
		})
	}
}

func TestRestartGoesOnFromTheRun(t *testing.T) {
	bubble(t, func(w *world) {
		w.api.put("pods", "shop", "a", "u-a", "1")
		w.start()
		w.pass(time.Second)
		w.stop()
		missed := w.api.put("pods", "shop", "a", "u-a", "2")
		w.run() // the same Watcher again
		w.pass(time.Second)
		w.wantRevision("u-a", missed)
		w.stop()
		missed = w.api.put("pods", "shop", "a", "u-a", "3")
		w.start() // another
		w.pass(time.Second)
		w.wantRevision("u-a", missed)
		if n := w.requested("/pods?", "sendInitialEvents"); n != 1 {
			t.Errorf("%d lists", n)
		}
		if runs := w.runs("pods"); len(runs) != 1 || uint64(runs[0].RV) != missed {
			t.Errorf("%+v", runs)
		}
	}, pods())
}

// What happened between is lost where the apiserver has forgotten it: a Gap says so, and the list what became of it.
func TestForgottenIsAGap(t *testing.T) {
	for _, odd := range []uint64{0, 1} { // 410 as the answer, or as an ERROR in the watch
		bubble(t, func(w *world) {
			w.api.put("pods", "shop", "a", "u-a", "1")
			w.api.put("pods", "shop", "gone", "u-gone", "1")
			for i := w.api.rv; i%2 != odd; i++ {
				w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
			}
			at := w.api.rv
			w.start()
			w.pass(time.Second)
			w.stop()
			w.api.put("pods", "shop", "a", "u-a", "2")
			w.api.remove("u-gone")
			after := w.api.put("pods", "shop", "a", "u-a", "3")
			w.api.restart()
			w.start()
			w.pass(5 * time.Second)
			gaps := w.sink.all(record.KindGap)
			var gap *record.Record
			for _, g := range gaps {
				if g.Ref.Resource == "pods" {
					gap = g
				}
			}
			if gap == nil {
				t.Fatalf("no gap of pods in %d", len(gaps))
			}
			if g := gap.Gap; g.Reason != record.GapWatchMissed || uint64(g.FromRV) != at || uint64(g.ToRV) != after || g.Until.IsZero() || !gap.OccurredAt.IsZero() {
				t.Errorf("%+v from %s", g, gap.OccurredAt)
			}
			w.wantRevision("u-a", after)
			end := w.end("u-gone")
			if end == nil || end.End.After == 0 || uint64(end.End.Before) != after || end.End.Sources != record.FromList {
				t.Errorf("%+v", end)
			}
			if w.end("u-a") != nil {
				t.Error("u-a lives")
			}
			if s := w.state("pods"); s.Gaps != 1 {
				t.Errorf("%+v", s)
			}
		}, pods(), widgets())
	}
}

// The same within one process: the gap begins when the watch last told something.
func TestGapBeginsWhenLastHeard(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.pass(time.Second)
		w.api.put("pods", "shop", "a", "u-a", "1")
		heard := time.Now()
		w.pass(10 * time.Second)
		w.api.with(func() { w.api.cuts++; w.api.down = true })
		w.api.put("pods", "shop", "a", "u-a", "2")
		w.api.put("pods", "shop", "a", "u-a", "3")
		w.api.with(func() { w.api.forgotten = w.api.rv })
		w.pass(20 * time.Second)
		w.api.with(func() { w.api.down = false })
		w.pass(time.Minute)
		gaps := w.sink.all(record.KindGap)
		if len(gaps) != 1 || gaps[0].OccurredAt.Sub(heard).Abs() > time.Second || !gaps[0].Gap.Until.After(heard.Add(30*time.Second)) {
			t.Fatalf("%d gaps, heard at %s", len(gaps), heard)
		}
	}, pods())
}

func TestEtcdRestored(t *testing.T) {
	bubble(t, func(w *world) {
		w.api.put("pods", "shop", "a", "u-a", "1")
		rv, objects := w.api.snapshot()
		w.start()
		w.pass(time.Second)
		for i := range 10 {
			w.api.put("pods", "shop", "a", "u-a", fmt.Sprint("lost ", i))
		}
		w.pass(time.Second)
		before := w.api.rv
		w.api.restore(rv, objects)
		again := w.api.put("pods", "shop", "a", "u-a", "other")
		w.pass(time.Minute)
		w.wantRevision("u-a", again)
		gaps := w.sink.all(record.KindGap)
		if len(gaps) != 1 || uint64(gaps[0].Gap.FromRV) != before || uint64(gaps[0].Gap.ToRV) != again || !strings.Contains(gaps[0].Gap.Detail, "backwards") {
			t.Fatalf("%d gaps: %+v", len(gaps), gaps[0].Gap)
		}
		// The past that is no more does not move the next start beyond the present.
		w.stop()
		for range 20 {
			again = w.api.put("pods", "shop", "a", "u-a", "later")
		}
		w.start()
		w.pass(5 * time.Second)
		for rv := gaps[0].Gap.ToRV; uint64(rv) <= again; rv++ {
			w.wantRevision("u-a", uint64(rv))
		}
		if n := len(w.sink.all(record.KindGap)); n != 1 {
			t.Errorf("%d gaps", n)
		}
	}, pods())
}

func TestResourcesComeAndGo(t *testing.T) {
	crds := fakeKind{group: "apiextensions.k8s.io", version: "v1", name: "customresourcedefinitions", kind: "CustomResourceDefinition", cluster: true}
	bubble(t, func(w *world) {
		w.start()
		w.pass(30 * time.Second)
		w.api.with(func() {
			k := widgets()
			k.verbs = []string{"list", "watch"}
			w.api.kinds = append(w.api.kinds, k)
		})
		w.api.put("customresourcedefinitions.apiextensions.k8s.io", "", "widgets.x.io", "u-crd", "1")
		rv := w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
		w.pass(3 * time.Second)
		w.wantRevision("u-w", rv)
		if s := w.state("widgets.x.io"); s.State != Watching {
			t.Errorf("%+v", s)
		}
		w.api.remove("u-w")
		w.pass(10 * time.Millisecond)
		w.api.with(func() { w.api.kinds = w.api.kinds[:2]; w.api.cuts++ })
		w.pass(time.Minute)
		if w.end("u-w") == nil {
			t.Error("the last deletion was not told")
		}
		if s := w.state("widgets.x.io"); s.State != "" {
			t.Errorf("still there: %+v", s)
		}
	}, pods(), crds)
}

// The apiserver closes the watch of a removed custom resource without telling all: what is left ends with its definition.
func TestDefinitionGone(t *testing.T) {
	for _, off := range []bool{false, true} { // off: while nobody watches
		bubble(t, func(w *world) {
			const definitions = "customresourcedefinitions.apiextensions.k8s.io"
			w.api.put(definitions, "", "widgets.x.io", "u-crd", "1")
			lost := w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
			w.start()
			w.pass(time.Second)
			if off {
				w.stop()
			}
			w.api.with(func() { w.api.kinds = w.api.kinds[1:]; w.api.cuts++; delete(w.api.objects, "u-w") })
			w.api.remove("u-crd")
			gone := w.api.rv
			if off {
				w.api.restart()
				w.start()
			}
			w.pass(20 * time.Second)
			end := w.end("u-w")
			if end == nil || uint64(end.End.After) != lost || uint64(end.End.Before) != gone || end.Ref.Kind != "Widget" {
				t.Errorf("off %t: %+v", off, end)
			}
			missed := false
			for _, g := range w.sink.all(record.KindGap) {
				missed = missed || g.Ref.GroupResource() == (record.GroupResource{Group: "x.io", Resource: "widgets"}) && uint64(g.Gap.FromRV) == lost && uint64(g.Gap.ToRV) == gone
			}
			if missed != off { // who watched to the end missed nothing
				t.Errorf("off %t: gaps %v", off, w.sink.all(record.KindGap))
			}
		}, widgets(), fakeKind{group: "apiextensions.k8s.io", version: "v1", name: "customresourcedefinitions", kind: "CustomResourceDefinition", cluster: true})
	}
}

func TestBrokenGroupDisturbsNoOther(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		w.pass(time.Second)
		w.api.with(func() { w.api.broken["x.io/v1"] = http.StatusServiceUnavailable })
		w.pass(3 * time.Minute)
		a, b := w.api.put("pods", "shop", "a", "u-a", "1"), w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
		w.pass(time.Second)
		w.wantRevision("u-a", a)
		w.wantRevision("u-w", b)
		s := w.w.Status()
		if s.BrokenGroups["x.io/v1"] == "" || s.DiscoveryError != "" {
			t.Errorf("%+v", s)
		}
	}, pods(), widgets())
}
