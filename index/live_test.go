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

// recordsOf reads a recording, with the answers of the audit events or, as at level Metadata, without.
func recordsOf(t testing.TB, strip bool, name string) (list []*record.Record) {
	t.Helper()
	dir := filepath.Join(recordings, name)
	paths := []string{filepath.Join(dir, "watch")}
	for _, file := range []string{"bootstrap.audit.jsonl.zst", "audit.jsonl.zst"} {
		path := filepath.Join(dir, file)
		if strip {
			path = stripped(t, path)
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
		strip bool
		seeds int
	}{{"deployment", false, 3}, {"deployment", true, 3}, {"scenarios", false, 1}, {"scenarios", true, 1}} {
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
}

func (p *play) run(list []*record.Record) {
	p.restart()
	for i := range list { // mostly in order, some far out of it
		if p.random.IntN(20) == 0 {
			k := p.random.IntN(len(list))
			list[i], list[k] = list[k], list[i]
		}
	}
	for len(list) > 0 {
		n := min(1+p.random.IntN(1+len(list)/10+20), len(list))
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
	switch p.random.IntN(5) {
	case 0:
		p.restart()
	case 1:
		_, err = p.clocks.Of(ctx, input.DefaultCluster, record.MainStorage)
	case 2:
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
		err = p.run_.save(ctx)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}
