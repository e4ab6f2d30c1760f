package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

// recordsOf reads a recording; every strip-th audit event without its bodies, as at level Metadata.
func recordsOf(t testing.TB, strip int, name string) (list []*record.Record) {
	t.Helper()
	dir := filepath.Join(recordings, name)
	paths := []string{filepath.Join(dir, "watch")}
	for _, file := range []string{"bootstrap.audit.jsonl.zst", "audit.jsonl.zst"} {
		path := filepath.Join(dir, file)
		if strip > 0 {
			path = stripped(t, path, strip)
		}
		paths = append(paths, path)
	}
	var mu sync.Mutex
	_, err := input.Read(context.Background(), paths, input.Options{Redactor: redact.Off(), Limits: audit.Limits{}}, func(_ context.Context, batch []*record.Record) error {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, batch...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func liveStore(t testing.TB) *pebble.Store {
	t.Helper()
	st, err := pebble.Open("data", pebble.Options{NoSync: true, FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// told is what a store's clocks say, and by them its makers.
type told struct {
	Epochs []epoch
	Begins time.Time
	Skew   time.Duration
	Pins   []record.Pin
}

func tell(t testing.TB, st store.Store, c *Clocks) map[string]told {
	t.Helper()
	ctx := context.Background()
	clusters, err := st.Clusters(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]told{}
	for _, cluster := range clusters {
		for _, storage := range cluster.Storages {
			clock, err := c.Of(ctx, cluster.Name, storage)
			if err != nil {
				t.Fatal(err)
			}
			say := told{Epochs: clock.epochs, Begins: clock.begins, Skew: clock.skew}
			for p, err := range clock.pins(ctx, st, store.RVRange{}) {
				if err != nil {
					t.Fatal(err)
				}
				say.Pins = append(say.Pins, p)
			}
			out[fmt.Sprint(cluster.Name, "/", storage)] = say
		}
	}
	return out
}

// TestLiveClocks: whatever the order in which facts come in, whatever is asked, joined, kept and lost in between, the clocks are those that are
// made at once from the same facts.
func TestLiveClocks(t *testing.T) {
	for _, c := range []struct {
		name  string
		strip int
		seeds int
	}{{"deployment", 0, 2}, {"deployment", 1, 8}, {"deployment", 2, 8}, {"scenarios", 0, 1}, {"scenarios", 1, 2}, {"scenarios", 2, 2}} {
		list := recordsOf(t, c.strip, c.name)
		once := liveStore(t)
		if _, err := once.Append(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		want := tell(t, once, NewClocks(once))
		for seed := range c.seeds {
			t.Run(fmt.Sprint(c.name, " stripped ", c.strip, " ", seed), func(t *testing.T) {
				if testing.Short() && c.name == "scenarios" {
					t.Skip("takes a while")
				}
				st := liveStore(t)
				p := play{t: t, st: st, random: rand.New(rand.NewPCG(uint64(seed), 7))}
				p.run(slices.Clone(list))
				got := tell(t, st, p.clocks)
				differ(t, want, got)
				differ(t, want, tell(t, st, NewClocks(st))) // as it was kept
			})
		}
	}
}

func differ(t *testing.T, want, got map[string]told) {
	t.Helper()
	for key, w := range want {
		g := got[key]
		if reflect.DeepEqual(w, g) {
			continue
		}
		t.Errorf("%s: %d epochs, begins %v, skew %v, %d pins; made at once %d epochs, begins %v, skew %v, %d pins", key,
			len(g.Epochs), g.Begins, g.Skew, len(g.Pins), len(w.Epochs), w.Begins, w.Skew, len(w.Pins))
		has := map[record.Pin]bool{}
		for _, p := range g.Pins {
			has[p] = true
		}
		for _, p := range w.Pins {
			if !has[p] {
				t.Logf("lacks %+v", p)
			}
			delete(has, p)
		}
		for p := range has {
			t.Logf("has %+v", p)
		}
	}
}

// play appends records in random batches, some of them late, some twice, and does what a server does in between.
type play struct {
	t      *testing.T
	st     *pebble.Store
	random *rand.Rand
	clocks *Clocks
	run_   running
	batch  int // records of one, at most
}

func (p *play) run(list []*record.Record) {
	p.restart()
	p.batch = 1 + len(list)/(10+p.random.IntN(60))
	often := []int{20, 3, 1}[p.random.IntN(3)]
	for i := range list { // mostly in order, some far out of it; or in none
		if p.random.IntN(often) == 0 {
			k := p.random.IntN(len(list))
			list[i], list[k] = list[k], list[i]
		}
	}
	for len(list) > 0 {
		n := min(1+p.random.IntN(p.batch), len(list))
		p.append(list[:n])
		if p.random.IntN(10) == 0 {
			p.append(list[:n])
		}
		list = list[n:]
		for range p.random.IntN(3) {
			p.step()
		}
	}
	p.clocks.live.Store(false)
}

func (p *play) append(list []*record.Record) {
	if _, err := p.st.Append(p.t.Context(), list); err != nil {
		p.t.Fatal(err)
	}
}

// restart forgets what was not kept.
func (p *play) restart() {
	p.clocks = NewClocks(p.st)
	p.clocks.live.Store(p.random.IntN(2) == 0)
	p.run_ = running{c: p.clocks, rested: map[*track]time.Time{}}
}

func (p *play) step() {
	ctx := p.t.Context()
	var err error
	switch p.random.IntN(13) {
	case 0:
		p.restart()
	case 1, 2:
		p.run_.looked = time.Time{}
		err = p.run_.turn(ctx)
	case 3: // a turn that leaves some waiting
		if err = p.run_.look(ctx); err == nil {
			for _, t := range p.run_.tracks {
				t.work.Lock()
				if err = t.gather(ctx); err == nil {
					_, err = t.joinSome(ctx, p.random.IntN(20), true)
				}
				t.work.Unlock()
			}
		}
	case 4:
		if err = p.run_.look(ctx); err == nil {
			err = p.run_.save(ctx)
		}
	case 5:
		p.clocks.live.Store(p.random.IntN(3) > 0)
	default:
		_, err = p.clocks.Of(ctx, input.DefaultCluster, record.MainStorage)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// TestMoved: where a new pin changes an interval, the object that has a revision there is joined again.
func TestMoved(t *testing.T) {
	ctx := t.Context()
	random := rand.New(rand.NewPCG(8, 9))
	for round := range 20 {
		st := liveStore(t)
		c := readerClocks(st)
		c.live.Store(true)
		k := c.track(storageKey{"test", record.MainStorage})
		var pins []record.Pin
		top := record.ResourceVersion(2000)
		for i := range 150 {
			rv := 1 + record.ResourceVersion(random.IntN(int(top)))
			at := begin.Add(time.Duration(rv)*time.Millisecond + time.Duration(random.IntN(200))*time.Millisecond)
			r := pin(round*1000+i, rv, random.IntN(2) == 0, at, at.Add(time.Duration(random.IntN(300))*time.Millisecond))
			before := slices.Clone(pins)
			p, _, _ := record.PinOf(r)
			pins = append(pins, p)
			if _, err := st.Append(ctx, []*record.Record{r}); err != nil {
				t.Fatal(err)
			}
			k.moved = nil
			first := !k.loaded
			if _, _, err := k.now(ctx); err != nil {
				t.Fatal(err)
			}
			for rv := record.ResourceVersion(1); rv <= top+300 && !first; rv += 1 + record.ResourceVersion(random.IntN(5)) {
				if formula(before, rv) != formula(pins, rv) && !slices.ContainsFunc(k.moved, func(r store.RVRange) bool { return rv >= r.From && (r.To == 0 || rv <= r.To) }) {
					t.Fatalf("pin %+v moves %d, which is not in %v", p, rv, k.moved)
				}
			}
		}
	}
}

// TestFarPin: a request to another object bounds a resourceVersion, and with that decides who made a state that was joined before.
func TestFarPin(t *testing.T) {
	ctx, st := t.Context(), liveStore(t)
	ref := record.ObjectRef{Cluster: "test", Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "a", Name: "web", UID: "u-web"}
	state := func(rv record.ResourceVersion, data string) *record.Record {
		body := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"a","uid":"u-web","resourceVersion":"%d"},"data":{"a":%q}}`, rv, data)
		return &record.Record{Kind: record.KindRevision, Ref: ref, Provenance: record.Provenance{Sources: record.FromWatch}, Revision: &record.Revision{RV: rv, Body: []byte(body)}}
	}
	write := func(id, verb string, named record.ResourceVersion, second int) *record.Record {
		at := begin.Add(time.Duration(second) * time.Second)
		q := &record.Request{AuditID: id, Stage: record.StageResponseComplete, Level: record.LevelMetadata, Verb: verb, Code: 200, StageAt: at.Add(time.Second), URI: "/" + id, NamedRV: named}
		if named != 0 {
			q.NamedUID = "u-web"
		}
		r := *state(0, "")
		r.Kind, r.Revision, r.OccurredAt, r.Request = record.KindRequest, nil, at, q
		r.Ref.UID = ""
		return &r
	}
	c := NewClocks(st)
	appendTo := func(list ...*record.Record) []record.Pin {
		t.Helper()
		if _, err := st.Append(ctx, list); err != nil {
			t.Fatal(err)
		}
		k := c.track(storageKey{"test", record.MainStorage})
		if _, err := c.Of(ctx, "test", record.MainStorage); err != nil {
			t.Fatal(err)
		}
		var out []record.Pin
		for p, err := range k.proven.pins(ctx, store.RVRange{}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, p)
		}
		return out
	}
	if pins := appendTo(state(100, "x"), state(110, "y"), write("patch", "patch", 0, 5), write("update", "update", 100, 10)); len(pins) != 0 {
		t.Fatalf("two requests fit, and yet %+v is proven", pins)
	}
	at := begin.Add(8 * time.Second)
	if pins := appendTo(pin(1, 105, true, at, at.Add(time.Second))); len(pins) != 1 || pins[0].RV != 110 {
		t.Fatalf("the patch was over before resourceVersion 105; proven is %+v", pins)
	}
}
