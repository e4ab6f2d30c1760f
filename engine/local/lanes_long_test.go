package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/timeline"
)

// drawWhole draws an object from its life as histories read it: every state, at once.
func drawWhole(t *testing.T, e *Engine, uid record.UID, q query.Lanes) engine.Lane {
	t.Helper()
	ctx := context.Background()
	target, err := e.resolve(ctx, query.Object{UID: uid}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	life, err := e.life(ctx, target.entry(), index.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	frame, err := frameOf(q)
	if err != nil {
		t.Fatal(err)
	}
	h := &history{e: e, target: target}
	if h.got, err = e.received(ctx, life); err != nil {
		t.Fatal(err)
	}
	ref := target.entry().Ref
	o := &timeline.Object{Group: ref.Group, Kind: ref.Kind}
	for i := range life.States {
		o.States = append(o.States, stateDrawn(ref, &life.States[i], h.got.at(life, i), earlyOf(life.Entry, life.When[i], i == 0)))
	}
	if life.End != nil {
		o.End = endDrawn(h, life)
	}
	var out engine.Lane
	show(timeline.Draw(o, frame, q.Derived), &out)
	return out
}

// TestLanesDrawWholeLives compares lanes, which read no more states than they show, with what whole lives look like.
func TestLanesDrawWholeLives(t *testing.T) {
	for _, name := range allRecordings {
		e := testEngine(t, name)
		uids, whole := objectsOf(t, e)
		q := query.Lanes{Window: whole, Bins: 700, Derived: true}
		bars := 0
		for i, l := range lanesOf(t, e, q, uids) {
			if l.Error != "" { // an Event that is known by its states alone
				continue
			}
			want := drawWhole(t, e, uids[i], q)
			if diff := cmp.Diff([]any{want.Bars, want.Derived}, []any{l.Bars, l.Derived}); diff != "" {
				t.Errorf("%s %s:\n%s", name, l.UID, diff)
			}
			bars += len(l.Bars)
		}
		t.Logf("%s: %d objects, %d bars", name, len(uids), bars)
	}
}

// longLife is a Deployment with n states, a second apart, some known by their scale alone.
func longLife(t *testing.T, n int) []*record.Record {
	t.Helper()
	var lines strings.Builder
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		at := begin.Add(time.Duration(i) * time.Second)
		sub, kind, version := "", "Deployment", "apps/v1"
		if i%5 == 4 {
			sub, kind, version = `,"subresource":"scale"`, "Scale", "autoscaling/v1"
		}
		ready := i / 3 % 4
		body := fmt.Sprintf(`{"kind":%q,"apiVersion":%q,"metadata":{"name":"web","namespace":"shop","uid":"u1","resourceVersion":"%d","creationTimestamp":"2025-12-31T23:00:00Z"},`+
			`"spec":{"replicas":3},"status":{"replicas":3,"updatedReplicas":3,"readyReplicas":%d,"availableReplicas":%d}}`, kind, version, 1000+i, ready, ready)
		fmt.Fprintf(&lines, `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"a%d","stage":"ResponseComplete","requestURI":"/apis/apps/v1/namespaces/shop/deployments/web","verb":"update","user":{"username":"bob"},`+
			`"objectRef":{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","apiVersion":"v1"%s},"responseStatus":{"code":200},"responseObject":%s,"requestReceivedTimestamp":%q,"stageTimestamp":%q}`+"\n",
			i, sub, body, at.Format("2006-01-02T15:04:05.000000Z"), at.Add(10*time.Millisecond).Format("2006-01-02T15:04:05.000000Z"))
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return readRecords(t, path)
}

// TestLanesOfLongLives draws a life of more states than are held at a time: far, where its records are counted, and near.
func TestLanesOfLongLives(t *testing.T) {
	const n = 3*manyStates + 17
	e := engineOver(t, openStore(t), longLife(t, n), 1000)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	uids := []record.UID{"u1"}
	far := query.Lanes{Window: query.Window{From: begin.Add(-time.Minute), To: begin.Add(n * time.Second)}, Bins: 10_000, Derived: true}
	h, err := e.History(context.Background(), query.History{Object: query.Object{UID: "u1"}, Limit: 10 * n})
	if err != nil {
		t.Fatal(err)
	}
	for _, bins := range []int{10_000, 300, 10} {
		far.Bins = bins
		got, want := lanesOf(t, e, far, uids)[0], drawWhole(t, e, "u1", far)
		if diff := cmp.Diff([]any{want.Bars, want.Derived}, []any{got.Bars, got.Derived}); diff != "" {
			t.Errorf("%d columns: %s", bins, diff)
		}
		if got.Records != len(h.Entries) || len(got.Bars) < bins/100 {
			t.Errorf("%d records of %d, %d bars", got.Records, len(h.Entries), len(got.Bars))
		}
	}
	far.Bins = 10_000
	l := lanesOf(t, e, far, uids)[0]
	checkMarks(t, &l, h)
	near := query.Lanes{Window: query.Window{From: begin.Add(500 * time.Second), To: begin.Add(510 * time.Second)}, Bins: 100}
	l = lanesOf(t, e, near, uids)[0]
	checkMarks(t, &l, h)
	if len(l.Marks) == 0 || len(l.Bars) < 3 {
		t.Errorf("near: %+v", l)
	}
	if first, last := l.Bars[0], l.Bars[len(l.Bars)-1]; first.From >= engine.MomentOf(near.Window.From) || last.To <= engine.MomentOf(near.Window.To) {
		t.Errorf("the bars at the ends of the window do not go on behind them: %+v, %+v", first, last)
	}
}

// TestLanesSayHowFarTheyLooked: a status that holds for many states begins where these were read, and says so where there may be more before.
func TestLanesSayHowFarTheyLooked(t *testing.T) {
	const n = 3 * lookBack
	c := &smallCluster{begin: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), rv: 10}
	c.write(0, "alice", "create", "apps", "Deployment", "web", "d", `},"spec":{"replicas":2},"status":{"replicas":1}}`)
	for i := range n {
		c.write(time.Duration(1+i)*time.Minute, "bob", "patch", "apps", "Deployment", "web", "d", fmt.Sprintf(`,"annotations":{"n":"%d"}},"spec":{"replicas":1},"status":{"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}}`, i))
	}
	c.write(200*time.Minute, "carol", "create", "", "ConfigMap", "other", "m", `}}`)
	e := engineOver(t, openStore(t), c.records, 100)
	at := func(minute int) time.Time { return c.begin.Add(time.Duration(minute) * time.Minute) }
	for _, tt := range []struct {
		name     string
		from, to int
		earlier  bool
	}{
		{"in the beginning", 5, 6, false},
		{"as many as are read", lookBack + 1, lookBack + 2, false},
		{"one more", lookBack + 3, lookBack + 4, true},
		{"at the end", n - 1, n + 1, true},
		{"behind the end", n + 100, n + 110, true},
	} {
		l := lanesOf(t, e, query.Lanes{Window: query.Window{From: at(tt.from), To: at(tt.to)}, Derived: true}, []record.UID{"d"})[0]
		if len(l.Bars) != 1 || l.Bars[0].Earlier != tt.earlier || !tt.earlier && l.Bars[0].RV != "12" {
			t.Errorf("%s: %+v", tt.name, l.Bars)
		}
	}
}
