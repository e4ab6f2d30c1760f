package local

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

func TestUnite(t *testing.T) {
	for _, c := range []struct {
		name  string
		in    []stretch
		want  stretches
		holes []stretch
	}{
		{"nothing", nil, nil, nil},
		{"one", []stretch{{10, 20}}, stretches{{10, 20}}, nil},
		{"apart, out of order", []stretch{{30, 40}, {10, 20}}, stretches{{10, 20}, {30, 40}}, []stretch{{20, 30}}},
		{"touching", []stretch{{10, 20}, {20, 30}}, stretches{{10, 30}}, nil},
		{"next to each other", []stretch{{10, 20}, {21, 30}}, stretches{{10, 20}, {21, 30}}, []stretch{{20, 21}}},
		{"overlapping", []stretch{{10, 25}, {20, 30}}, stretches{{10, 30}}, nil},
		{"one within another", []stretch{{10, 50}, {20, 30}, {60, 70}}, stretches{{10, 50}, {60, 70}}, []stretch{{50, 60}}},
		{"one over the hole of two", []stretch{{10, 20}, {30, 40}, {15, 35}}, stretches{{10, 40}}, nil},
		{"a list where the second begins", []stretch{{10, 20}, {30, 30}, {30, 40}}, stretches{{10, 20}, {30, 40}}, []stretch{{20, 30}}},
		{"a list within the hole", []stretch{{10, 20}, {25, 25}, {30, 40}}, stretches{{10, 20}, {25, 25}, {30, 40}}, []stretch{{20, 25}, {25, 30}}},
		{"twice", []stretch{{10, 20}, {10, 20}, {10, 30}}, stretches{{10, 30}}, nil},
	} {
		got := unite(c.in)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(stretch{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.holes, got.holes(), cmp.AllowUnexported(stretch{})); diff != "" {
			t.Errorf("holes of %s (-want +got):\n%s", c.name, diff)
		}
		for from := record.ResourceVersion(5); from < 75; from++ { // by the meaning: every change behind from, up to to
			for to := from + 1; to < 75; to++ {
				want := true
				for rv := from + 1; rv <= to; rv++ {
					in := false
					for _, s := range c.in {
						in = in || (s.from < rv && rv <= s.to)
					}
					want = want && in
				}
				if got.cover(from, to) != want {
					t.Fatalf("%s covers %d to %d: %v", c.name, from, to, !want)
				}
			}
		}
	}
}

func watchRun(resource, namespace string, from, to record.ResourceVersion) *record.Record {
	return &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: "c", Resource: resource, Namespace: namespace},
		Progress: &record.Progress{From: from, RV: to}}
}

func missedGap(resource, namespace string, from, to record.ResourceVersion) *record.Record {
	return &record.Record{Kind: record.KindGap, OccurredAt: eventsBegin, Ref: record.ObjectRef{Cluster: "c", Resource: resource, Namespace: namespace},
		Gap: &record.Gap{Reason: record.GapWatchMissed, Until: eventsBegin.Add(time.Minute), FromRV: from, ToRV: to, Detail: "too old", Key: fmt.Sprint(from)}}
}

// writes are audited creates, one each minute, that tie resourceVersions 100, 200, ... to times.
func writes(n int) (out []*record.Record) {
	for i := range n {
		at := eventsBegin.Add(time.Duration(i) * time.Minute)
		name := fmt.Sprint("cm", i)
		out = append(out, &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: record.ObjectRef{Cluster: "c", Version: "v1", Resource: "configmaps", Namespace: "a", Name: name},
			Request: &record.Request{AuditID: name, Stage: record.StageResponseComplete, Level: record.LevelRequestResponse, Verb: "create", Code: 201,
				URI: "/api/v1/namespaces/a/configmaps", StageAt: at.Add(time.Second), Answer: record.BodyObject, AnswerUID: record.UID(name), AnswerRV: record.ResourceVersion(100 * (i + 1))}})
	}
	return out
}

// TestWatchHoles: what lies between the runs of a resource's watches is said once, and not where another watch covers it.
func TestWatchHoles(t *testing.T) {
	list := &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: "c", Resource: "pods"}, Progress: &record.Progress{RV: 450, List: true}}
	unknownBegin := missedGap("pods", "", 300, 500)
	unknownBegin.OccurredAt, unknownBegin.Gap.Until = time.Time{}, eventsBegin.Add(5*time.Minute)
	for _, c := range []struct {
		name string
		in   []*record.Record
		q    query.Coverage
		want []string
	}{
		{"told by one that knows no beginning", []*record.Record{watchRun("pods", "", 100, 300), unknownBegin, watchRun("pods", "", 500, 600)}, query.Coverage{},
			[]string{"watch-missed pods  300-500 14:02:01-14:05:00"}},
		{"one run", []*record.Record{watchRun("pods", "", 100, 300)}, query.Coverage{}, nil},
		{"a hole", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600)}, query.Coverage{}, []string{"not-watched pods  300-500 14:02:01-14:04:01"}},
		{"asked for the kind", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600)}, query.Coverage{Kind: "pods"}, []string{"not-watched pods  300-500 14:02:01-14:04:01"}},
		{"asked for another kind", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600)}, query.Coverage{Kind: "configmaps"}, nil},
		{"before the window", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600)}, query.Coverage{Window: query.Window{From: eventsBegin.Add(5 * time.Minute)}}, nil},
		{"behind the window", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600)}, query.Coverage{Window: query.Window{To: eventsBegin.Add(time.Minute)}}, nil},
		{"closed by another watch", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600), watchRun("pods", "", 250, 510)}, query.Coverage{}, nil},
		{"bounded by a list", []*record.Record{watchRun("pods", "", 100, 300), list, watchRun("pods", "", 500, 600)}, query.Coverage{},
			[]string{"not-watched pods  300-450 14:02:01-14:04:01", "not-watched pods  450-500 14:04:01-14:04:01"}},
		{"another namespace's watch closes nothing", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600), watchRun("pods", "b", 250, 510)}, query.Coverage{},
			[]string{"not-watched pods  300-500 14:02:01-14:04:01"}},
		{"asked for that namespace", []*record.Record{watchRun("pods", "", 100, 300), watchRun("pods", "", 500, 600), watchRun("pods", "b", 250, 510)},
			query.Coverage{Kind: "pods", Object: query.Object{Kind: "pods", Namespace: "b"}}, nil},
		{"of namespaces alone", []*record.Record{watchRun("pods", "b", 100, 300), watchRun("pods", "b", 500, 600), watchRun("pods", "d", 100, 600)}, query.Coverage{},
			[]string{"not-watched pods b 300-500 14:02:01-14:04:01"}},
		{"told by the source", []*record.Record{watchRun("pods", "", 100, 300), missedGap("pods", "", 300, 500), watchRun("pods", "", 500, 600)}, query.Coverage{},
			[]string{"watch-missed pods  300-500 14:00:00-14:01:00"}},
		{"told, and closed by another watch", []*record.Record{watchRun("pods", "", 100, 300), missedGap("pods", "", 300, 500), watchRun("pods", "", 500, 600), watchRun("pods", "", 200, 700)}, query.Coverage{}, nil},
		{"told, and half closed", []*record.Record{watchRun("pods", "", 100, 300), missedGap("pods", "", 300, 500), watchRun("pods", "", 500, 600), watchRun("pods", "", 200, 400)}, query.Coverage{},
			[]string{"watch-missed pods  300-500 14:00:00-14:01:00"}},
		{"told of all namespaces, closed in one", []*record.Record{missedGap("pods", "", 300, 500), watchRun("pods", "b", 200, 700)}, query.Coverage{}, []string{"watch-missed pods  300-500 14:00:00-14:01:00"}},
		{"ran backwards", []*record.Record{watchRun("pods", "", 100, 500), missedGap("pods", "", 500, 300), watchRun("pods", "", 300, 600)}, query.Coverage{},
			[]string{"watch-missed pods  500-300 14:00:00-14:01:00"}},
		{"told of one namespace, closed by all", []*record.Record{missedGap("pods", "b", 300, 500), watchRun("pods", "", 200, 700)}, query.Coverage{}, nil},
	} {
		e := engineOver(t, openStore(t), append(writes(8), c.in...), 3)
		cov, err := e.Coverage(context.Background(), c.q)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		for _, g := range cov.Gaps {
			if g.FromRV != "" {
				got = append(got, fmt.Sprintf("%s %s %s %s-%s %s-%s", g.Reason, g.Scope.Resource, g.Scope.Namespace, g.FromRV, g.ToRV, g.From.Format("15:04:05"), g.To.Format("15:04:05")))
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestCoverageNamesSources: for a whole cluster it is said of which resources only the audit log or only a watch tells.
func TestCoverageNamesSources(t *testing.T) {
	secret := writes(1)[0]
	other := *secret
	other.Ref.Resource = "secrets"
	e := engineOver(t, openStore(t), []*record.Record{secret, &other, watchRun("pods", "", 1, 2), watchRun("secrets", "", 1, 2)}, 10)
	cov, err := e.Coverage(context.Background(), query.Coverage{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range cov.Gaps {
		if strings.HasPrefix(g.Reason, "not-") {
			got = append(got, fmt.Sprintf("%s %d %s", g.Reason, g.Count, g.Sentence))
		}
	}
	want := []string{
		"not-audited 1 Watched or listed, but without an audited write in this window: pods. There was none, or the audit policy leaves them out. Audited and watched: secrets.",
		"not-watched 1 No watch or list was recorded of configmaps: their states are known from audited answers only. Audited and watched: secrets.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("r%03d", i))
	}
	if words := wordList(many, maxWordList); len(words) > 250 || !strings.HasSuffix(words, "r029 and 70 more") {
		t.Errorf("a list of 100 words is %q", words)
	}
}
