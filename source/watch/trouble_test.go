package watch

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

func TestForbiddenIsSaidOnceAndTriedAgain(t *testing.T) {
	bubble(t, func(w *world) {
		w.api.status["widgets.x.io"] = http.StatusForbidden
		w.start()
		w.pass(time.Minute)
		if s := w.state("widgets.x.io"); s.State != Forbidden || !strings.Contains(s.Reason, "widgets.x.io") {
			t.Errorf("%+v", s)
		}
		first := w.requested("widgets", "watch=1")
		if first < 2 || first > 6 { // soon again, and then ever more seldom
			t.Errorf("asked %d times in the first minute", first)
		}
		w.pass(time.Hour)
		if n := w.requested("widgets", "watch=1") - first; n < 12 || n > 30 {
			t.Errorf("asked %d times in an hour", n)
		}
		rv := w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
		w.api.with(func() { delete(w.api.status, "widgets.x.io") })
		w.pass(5 * time.Minute)
		w.wantRevision("u-w", rv)
		if s := w.state("widgets.x.io"); s.State != Watching {
			t.Errorf("%+v", s)
		}
	}, pods(), widgets())
}

func TestPermissionsThatComeAreNoticed(t *testing.T) {
	bindings := fakeKind{group: "rbac.authorization.k8s.io", version: "v1", name: "rolebindings", kind: "RoleBinding"}
	bubble(t, func(w *world) {
		w.api.status["widgets.x.io"] = http.StatusForbidden
		w.start()
		w.pass(10 * time.Second)
		w.api.with(func() { delete(w.api.status, "widgets.x.io") })
		w.api.put("rolebindings.rbac.authorization.k8s.io", "shop", "b", "u-b", "1")
		rv := w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
		w.pass(3 * time.Second)
		w.wantRevision("u-w", rv)
	}, bindings, widgets())
}

func TestServersThatCanNotStreamLists(t *testing.T) {
	for _, silent := range []bool{false, true} {
		bubble(t, func(w *world) {
			w.api.noStream, w.api.streamOld = !silent, silent
			rv := w.api.put("pods", "shop", "a", "u-a", "1")
			w.start()
			w.pass(2 * time.Minute)
			r := w.wantRevision("u-a", rv)
			if !r.Provenance.Sources.Has(record.FromList) || w.state("pods").State != Watching || len(w.runs("pods")) != 1 {
				t.Errorf("%+v %+v", r.Provenance, w.state("pods"))
			}
		}, pods())
	}
}

func TestExpiredPageBeginsAnew(t *testing.T) {
	bubble(t, func(w *world) {
		w.opts.PagedLists, w.opts.PageItems, w.opts.BatchRecords = true, 2, 1
		for i := range 9 {
			w.api.put("pods", "shop", fmt.Sprint("p", i), fmt.Sprint("u-", i), "1")
		}
		w.sink.after = func(n int, _ ingest.Batch) error {
			if n == 3 {
				w.api.tokens++
			}
			return nil
		}
		w.start()
		w.pass(10 * time.Second)
		if n := w.requested("limit=2"); n <= 6 { // of the first list 2 pages and a refusal, of the second 5
			t.Errorf("%d pages", n)
		}
		if s := w.state("pods"); s.State != Watching || s.Objects != 9 {
			t.Errorf("%+v", s)
		}
	}, pods())
}

func TestGarbage(t *testing.T) {
	for name, tt := range map[string]struct {
		line string
		gap  bool
	}{
		"html":          {"<html>502 Bad Gateway</html>", false},
		"half":          {`{"type":"ADDED","object":{"kind":"Pod"`, false},
		"not an object": {`{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}}`, true},
		"another kind":  {`{"type":"ADDED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{}}}`, true},
		"binary":        {"k8s\x00\n\x12", false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.start()
				w.pass(time.Second)
				w.api.with(func() { w.api.garbage["pods"] = tt.line })
				rv := w.api.put("pods", "shop", "a", "u-a", "1")
				w.pass(10 * time.Second)
				gaps := w.sink.all(record.KindGap)
				if (len(gaps) > 0) != tt.gap {
					t.Errorf("%d gaps", len(gaps))
				}
				if tt.gap {
					if gaps[0].Gap.Reason != record.GapUndecodable || gaps[0].Ref.Resource != "pods" {
						t.Errorf("%+v", gaps[0].Gap)
					}
					return
				}
				w.wantRevision("u-a", rv)
			}, pods())
		})
	}
}

// A busy sink stops the reading; nothing is lost, and what it kept without saying so is not there twice.
func TestDeliverFaults(t *testing.T) {
	for name, fault := range map[string]func(s *sink){
		"busy": func(s *sink) {
			s.fail = func(n int, _ ingest.Batch) error {
				if n%3 != 0 {
					return &ingest.Busy{Reason: "the disk is full", After: time.Second}
				}
				return nil
			}
		},
		"error": func(s *sink) {
			s.fail = func(n int, _ ingest.Batch) error {
				if n%4 != 0 {
					return errors.New("no route to host")
				}
				return nil
			}
		},
		"kept without an answer": func(s *sink) {
			s.after = func(n int, _ ingest.Batch) error {
				if n%2 != 0 {
					return errors.New("connection reset")
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				fault(w.sink)
				w.opts.BatchRecords = 7
				w.start()
				want := map[uint64]bool{}
				for i := range 100 {
					want[w.api.put("pods", "shop", "a", "u-a", fmt.Sprint(i))] = true
					w.pass(20 * time.Millisecond)
				}
				w.pass(10 * time.Minute)
				for rv := range want {
					if rv > 101 { // the first may have been passed by when the list was made
						if w.revision("u-a", rv) == nil && w.firstRun("pods") < rv {
							t.Errorf("%d is missing", rv)
						}
					}
				}
				if len(w.sink.all(record.KindGap)) != 0 {
					t.Error("a gap")
				}
			}, pods())
		})
	}
}

func (w *world) firstRun(resource string) (rv uint64) {
	for _, r := range w.runs(resource) {
		if rv == 0 || uint64(r.From) < rv {
			rv = uint64(r.From)
		}
	}
	return rv
}

func TestBlockedSinkHoldsTheReaderBack(t *testing.T) {
	bubble(t, func(w *world) {
		w.opts.BatchRecords, w.opts.PendingBytes = 10, 1<<20
		w.start()
		w.pass(time.Second)
		block := make(chan struct{})
		w.sink.mu.Lock()
		w.sink.block = block
		w.sink.mu.Unlock()
		for i := range 500 {
			w.api.put("pods", "shop", "a", "u-a", fmt.Sprint(i))
		}
		w.pass(30 * time.Second)
		if s := w.state("pods"); s.Events > 20 {
			t.Errorf("%d events were read", s.Events)
		}
		if held := w.w.delivery.pending.Load(); held > 50_000 {
			t.Errorf("%d bytes are held", held)
		}
		w.sink.mu.Lock()
		w.sink.block = nil
		w.sink.mu.Unlock()
		close(block)
		w.pass(time.Minute)
		for rv := uint64(101); rv <= w.api.rv; rv++ {
			w.wantRevision("u-a", rv)
		}
		if held := w.w.delivery.pending.Load(); held != 0 {
			t.Errorf("%d bytes are held", held)
		}
	}, pods())
}

func TestNamespacesOnly(t *testing.T) {
	nodes := fakeKind{version: "v1", name: "nodes", kind: "Node", cluster: true}
	bubble(t, func(w *world) {
		w.opts.Namespaces = []string{"a", "b"}
		w.start()
		w.pass(time.Second)
		in := w.api.put("pods", "a", "p", "u-in", "1")
		out := w.api.put("pods", "c", "p", "u-out", "1")
		w.pass(time.Second)
		w.wantRevision("u-in", in)
		if w.revision("u-out", out) != nil {
			t.Error("another namespace was watched")
		}
		if s := w.state("nodes"); s.State != Excluded || s.Reason != reasonClusterWide {
			t.Errorf("%+v", s)
		}
		for _, r := range w.sink.all(record.KindProgress) {
			if r.Ref.Namespace != "a" && r.Ref.Namespace != "b" {
				t.Errorf("progress of %q", r.Ref.Namespace)
			}
		}
		if n := w.requested("/api/v1/pods"); n != 0 {
			t.Errorf("%d requests across namespaces", n)
		}
	}, pods(), nodes)
}

func TestExcludedNamespaces(t *testing.T) {
	bubble(t, func(w *world) {
		w.opts.ExcludeNamespaces = []string{"ci-*"}
		w.start()
		w.pass(time.Second)
		out := w.api.put("pods", "ci-7", "p", "u-out", "1")
		in := w.api.put("pods", "shop", "p", "u-in", "1")
		last := w.api.put("pods", "ci-7", "p", "u-out", "2")
		w.pass(10 * time.Second)
		w.wantRevision("u-in", in)
		if w.revision("u-out", out) != nil {
			t.Error("recorded")
		}
		if runs := w.runs("pods"); len(runs) != 1 || uint64(runs[0].RV) != last {
			t.Errorf("%+v", runs)
		}
	}, pods())
}

func TestEventsAreDeliveredOnce(t *testing.T) {
	core := fakeKind{version: "v1", name: "events", kind: "Event"}
	other := fakeKind{group: "events.k8s.io", version: "v1", name: "events", kind: "Event"}
	bubble(t, func(w *world) {
		w.api.put("events", "shop", "e", "u-e", "1")
		w.start()
		w.pass(time.Second)
		w.api.put("events", "shop", "e", "u-e", "2")
		w.pass(time.Second)
		w.stop()
		w.api.put("events", "shop", "e", "u-e", "3")
		w.start()
		w.pass(time.Second)
		w.api.remove("u-e")
		w.pass(10 * time.Second)
		if n := len(w.sink.all(record.KindKubeEvent)); n != 3 {
			t.Errorf("%d states of the Event", n)
		}
		if n := len(w.sink.all(record.KindEnd)); n != 0 {
			t.Errorf("%d ends", n)
		}
		if s := w.state("events.events.k8s.io"); s.State != Excluded || s.Reason != reasonOtherEvents {
			t.Errorf("%+v", s)
		}
		if runs := w.runs("events"); len(runs) != 1 || uint64(runs[0].RV) != w.api.rv {
			t.Errorf("%+v", runs)
		}
	}, core, other)
}

func TestOldVersionIsNotPreferred(t *testing.T) {
	old := fakeKind{group: "x.io", version: "v1alpha1", name: "widgets", kind: "Widget"}
	bubble(t, func(w *world) {
		rv := w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
		w.start()
		w.pass(time.Second)
		if r := w.wantRevision("u-w", rv); r.Ref.Version != "v1" {
			t.Errorf("%+v", r.Ref)
		}
		// The group now prefers another version: the watch moves over without a list.
		w.api.with(func() { w.api.kinds[0], w.api.kinds[1] = w.api.kinds[1], w.api.kinds[0] })
		w.pass(3 * time.Minute)
		rv = w.api.put("widgets.x.io", "shop", "w", "u-w", "2")
		w.pass(time.Second)
		if r := w.wantRevision("u-w", rv); r.Ref.Version != "v1alpha1" {
			t.Errorf("%+v", r.Ref)
		}
		if n := w.requested("sendInitialEvents"); n != 1 {
			t.Errorf("%d lists", n)
		}
	}, widgets(), old)
}

// Of Events an apiserver sends no bookmarks. Where nothing happened for long, and it has forgotten the last one seen, the gap begins where the
// watch was last open, not at that Event.
func TestQuietWatchMakesNoLongGap(t *testing.T) {
	bubble(t, func(w *world) {
		w.api.noMarks = true
		w.api.put("pods", "shop", "a", "u-a", "1")
		w.start()
		w.pass(time.Second)
		for range 12 { // others move on, and what is behind is forgotten
			w.api.put("widgets.x.io", "shop", "w", "u-w", "1")
			w.api.with(func() { w.api.forgotten = w.api.rv })
			w.pass(time.Minute)
		}
		gaps := 0
		for _, g := range w.sink.all(record.KindGap) {
			if g.Ref.Resource != "pods" {
				continue
			}
			gaps++
			if held := g.Gap.Until.Sub(g.OccurredAt); held > 30*time.Second {
				t.Errorf("a gap of %v, in which the watch was open", held)
			}
		}
		if gaps == 0 {
			t.Error("the apiserver forgot nothing: the test shows nothing")
		}
	}, pods(), widgets())
}
