package local

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// watchedPod is a state of one pod that a watch delivered some seconds after the recording began.
func watchedPod(rv record.ResourceVersion, received float64) *record.Record {
	return &record.Record{Kind: record.KindRevision,
		Ref:        record.ObjectRef{Cluster: "c", Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "a", Name: "p", UID: "pod-uid"},
		Revision:   &record.Revision{RV: rv, Body: fmt.Appendf(nil, `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"a","uid":"pod-uid","resourceVersion":"%d"}}`, rv)},
		Provenance: record.Provenance{ReceivedAt: eventsBegin.Add(time.Duration(received * float64(time.Second))), Sources: record.FromWatch}}
}

// TestReceivedIsShown: writes tie resourceVersion 100 to 14:00:00-01, 200 to 14:01:00-01 and so on up to 300.
func TestReceivedIsShown(t *testing.T) {
	run := watchRun("pods", "", 90, 1000)
	audited := watchedPod(150, 20)
	audited.Provenance.Sources = record.FromAudit
	end := &record.Record{Kind: record.KindEnd, Ref: watchedPod(1, 0).Ref, End: &record.End{RV: 400, Sources: record.FromWatch},
		Provenance: record.Provenance{ReceivedAt: eventsBegin.Add(500 * time.Second), Sources: record.FromWatch}}
	for _, c := range []struct {
		name string
		in   []*record.Record
		want []string // of each entry
	}{
		{"within the interval", []*record.Record{run, watchedPod(150, 20)}, []string{"150 14:00:20 received 14:00:00-14:01:01"}},
		{"imported: no run", []*record.Record{watchedPod(150, 20)}, []string{"150 14:01:01  14:00:00-14:01:01"}},
		{"a run that does not reach it", []*record.Record{watchRun("pods", "", 90, 149), watchedPod(150, 20)}, []string{"150 14:01:01  14:00:00-14:01:01"}},
		{"a run of another resource", []*record.Record{watchRun("nodes", "", 90, 1000), watchedPod(150, 20)}, []string{"150 14:01:01  14:00:00-14:01:01"}},
		{"a run of its namespace", []*record.Record{watchRun("pods", "a", 90, 1000), watchedPod(150, 20)}, []string{"150 14:00:20 received 14:00:00-14:01:01"}},
		{"later than the interval", []*record.Record{run, watchedPod(150, 90)}, []string{"150 14:01:01  14:00:00-14:01:01"}},
		{"before the interval, by another clock", []*record.Record{run, watchedPod(150, -5)}, []string{"150 14:01:01  14:00:00-14:01:01"}},
		{"no end", []*record.Record{run, watchedPod(350, 200)}, []string{"350 14:03:20 received 14:02:00-"}},
		{"no end, imported", []*record.Record{watchedPod(350, 200)}, []string{"350 14:02:00  14:02:00-"}},
		{"from the audit log", []*record.Record{run, audited}, []string{"150 14:01:01  14:00:00-14:01:01"}},
		{"delivered twice: the earlier", []*record.Record{run, watchedPod(150, 40), watchedPod(150, 20)}, []string{"150 14:00:20 received 14:00:00-14:01:01"}},
		{"end", []*record.Record{run, watchedPod(350, 200), end}, []string{"350 14:03:20 received 14:02:00-", "400 14:08:20 received 14:02:00-"}},
	} {
		e := engineOver(t, openStore(t), append(writes(3), c.in...), 3)
		h, err := e.History(context.Background(), query.History{Object: query.Object{UID: "pod-uid"}})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		for _, entry := range h.Entries {
			switch {
			case entry.Revision != nil:
				got = append(got, entry.Revision.ResourceVersion+" "+whenWords(entry.When))
			case entry.End != nil:
				got = append(got, entry.End.ResourceVersion+" "+whenWords(entry.When))
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		var hits []string
		_, err = e.Search(context.Background(), query.Search{Filter: `name == "p"`, Kinds: []record.Kind{record.KindRevision, record.KindEnd}}, func(h *engine.Hit) error {
			hits = append(hits, h.RV+" "+whenWords(h.When))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, hits); diff != "" {
			t.Errorf("search, %s (-want +got):\n%s", c.name, diff)
		}
	}
}

func whenWords(w engine.When) string {
	clock := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.Format("15:04:05")
	}
	return fmt.Sprintf("%s %s %s-%s", clock(w.At), w.Basis, clock(w.NotBefore), clock(w.NotAfter))
}

// TestReceivedChangesNoState: the state at a time and the search's filter on time follow the rules.
func TestReceivedChangesNoState(t *testing.T) {
	e := engineOver(t, openStore(t), append(writes(3), watchRun("pods", "", 90, 1000), watchedPod(150, 20), watchedPod(250, 80)), 3)
	at := eventsBegin.Add(90 * time.Second) // 250 was received, but is certain only at 14:02:01
	s, err := e.State(context.Background(), query.State{Object: query.Object{UID: "pod-uid"}, Point: query.Point{At: at}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Revision != "150" || s.Next == nil || whenWords(s.Next.When) != "14:01:20 received 14:01:00-14:02:01" || whenWords(s.When) != "14:00:20 received 14:00:00-14:01:01" {
		t.Errorf("state: %s at %s, next %+v", s.Revision, whenWords(s.When), s.Next)
	}
	for window, want := range map[time.Duration]int{10 * time.Second: 0, 30 * time.Second: 1, 85 * time.Second: 2} {
		end, err := e.Search(context.Background(), query.Search{Filter: `name == "p"`, Window: query.Window{To: eventsBegin.Add(window)}}, func(*engine.Hit) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if end.Hits != want {
			t.Errorf("%d hits before %s, want %d", end.Hits, window, want)
		}
	}
}
