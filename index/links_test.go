package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// kept is all that is kept of links but for how far it has got.
func kept(t testing.TB, st store.Store, l *Links) map[string]string {
	t.Helper()
	l.Patience = -1
	if _, err := l.View(t.Context()); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for kv, err := range l.shelf.scan(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if kv.Key[0] != linkHeads {
			out[string(kv.Key)] = string(kv.Value)
		}
	}
	return out
}

func sameKept(t *testing.T, want, got map[string]string) {
	t.Helper()
	wrong := 0
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if have, ok := got[k]; !ok || have != want[k] {
			if wrong++; wrong <= 3 {
				t.Errorf("%q is %q, want %q", k, have, want[k])
			}
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			if wrong++; wrong <= 3 {
				t.Errorf("%q is there, and should not", k)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d entries are wrong", wrong, len(want))
	}
}

// TestLinksInAnyOrder: whatever the order in which facts come in, whatever is asked and lost in between, what is kept of links is what is made at
// once from the same facts.
func TestLinksInAnyOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		strip int
		seeds int
	}{{"deployment", 0, 4}, {"deployment", 1, 2}, {"deployment", 2, 3}, {"scenarios", 0, 1}, {"scenarios", 2, 1}} {
		if testing.Short() && c.name == "scenarios" {
			continue
		}
		list := recordsOf(t, c.strip, c.name)
		once := liveStore(t)
		if _, err := once.Append(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		want := kept(t, once, NewLinks(once, link.Builtin()))
		if len(want) < 100 {
			t.Fatalf("only %d entries", len(want))
		}
		for seed := range c.seeds {
			t.Run(fmt.Sprint(c.name, " stripped ", c.strip, " ", seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(uint64(seed), 9))
				shuffled := slices.Clone(list)
				random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				st := liveStore(t)
				l := NewLinks(st, link.Builtin())
				clocks := NewClocks(st)
				for len(shuffled) > 0 {
					n := min(len(shuffled), 1+random.IntN(len(list)/20))
					if _, err := st.Append(t.Context(), shuffled[:n]); err != nil {
						t.Fatal(err)
					}
					if random.IntN(4) > 0 {
						shuffled = shuffled[n:] // else delivered twice
					}
					switch random.IntN(6) {
					case 0, 1:
						kept(t, st, l)
					case 2: // a part only
						l.Patience = time.Microsecond
						if _, err := l.View(t.Context()); err != nil {
							t.Fatal(err)
						}
					case 3: // another process
						l = NewLinks(st, link.Builtin())
					case 4: // changes are let go
						if _, err := clocks.Of(t.Context(), list[0].Ref.Cluster, record.MainStorage); err != nil {
							t.Fatal(err)
						}
						if err := st.LetGo(t.Context(), uint64(random.IntN(int(st.Written())+1))); err != nil {
							t.Fatal(err)
						}
					}
				}
				sameKept(t, want, kept(t, st, l))
			})
		}
	}
}

// TestClocksKeepChangesForLinks: what links have not worked in is not let go by those who have.
func TestClocksKeepChangesForLinks(t *testing.T) {
	st, c := liveStore(t), &cluster{now: begin, rv: 100}
	write := func(name string) {
		c.write("create", "alice", name, "uid-"+name, `{}`)
		appendAll(t, st, c.out)
		c.out = nil
	}
	write("one")
	l := NewLinks(st, link.Builtin())
	kept(t, st, l)
	had := st.Written()
	for i := range 5 {
		write(fmt.Sprint("more", i))
	}
	if err := NewClocks(st).Renew(t.Context(), "test", record.MainStorage); err != nil {
		t.Fatal(err)
	}
	for ch, err := range st.Changes(t.Context(), had) {
		if err != nil {
			t.Fatalf("the changes behind %d: %v", had, err)
		}
		if ch.All {
			t.Error("a change tells nothing")
		}
	}
	kept(t, st, l)
	write("last")
	if err := NewClocks(st).Renew(t.Context(), "test", record.MainStorage); err != nil {
		t.Fatal(err)
	}
	if _, ok := first(st.Changes(t.Context(), had)); ok {
		t.Error("nothing was let go")
	}
}

func first(seq func(func(store.Change, error) bool)) (c store.Change, ok bool) {
	seq(func(got store.Change, err error) bool {
		c, ok = got, err == nil
		return false
	})
	return c, ok
}

func TestByHash(t *testing.T) {
	st := liveStore(t)
	if _, err := st.Append(t.Context(), recordsOf(t, 2, "deployment")); err != nil {
		t.Fatal(err)
	}
	l := NewLinks(st, link.Builtin())
	n := 0
	for e, err := range st.Objects(t.Context(), store.ObjectScan{NoEvents: true}) {
		if err != nil {
			t.Fatal(err)
		}
		found, err := l.ByHash(t.Context(), HashOf(e.Key()))
		if err != nil || len(found) != 1 || found[0] != e.Key() {
			t.Fatalf("%v is found as %v, %v", e.Key(), found, err)
		}
		n++
	}
	key := store.ObjectKey{Cluster: "local", UID: "9db1ca3a-24ae-4fe0-b385-b5c3a3809205"}
	was := appendKey(hashKey(HashOf(key)), string(key.Cluster), string(key.UID)) // as an earlier program wrote it
	if err := st.SetDerived(t.Context(), derivedLinks, []store.KeyValue{{Key: was, Value: []byte{}}}); err != nil {
		t.Fatal(err)
	}
	if found, err := l.ByHash(t.Context(), HashOf(key)); err != nil || len(found) > 0 {
		t.Errorf("what an earlier program wrote is read as %v, %v", found, err)
	}
	if found, err := l.ByHash(t.Context(), [7]byte{1, 2, 3}); err != nil || len(found) > 0 {
		t.Errorf("a hash of nothing: %v, %v", found, err)
	}
	if n == 0 {
		t.Error("no objects")
	}
}

func TestLinkKeys(t *testing.T) {
	for _, texts := range [][]string{{"", ""}, {"a", "b\x00c"}, {"\x00", "\x00\x01"}, {"a\xff", "z"}} {
		key := appendKey([]byte("p"), texts...)
		got, ok := cutKeys(key[1:], len(texts))
		if !ok || !slices.Equal(got, texts) {
			t.Errorf("%q comes back as %q", texts, got)
		}
	}
	if bytes.HasPrefix(appendKey(nil, "ab"), appendKey(nil, "a")) {
		t.Error("one text is the prefix of another")
	}
}

func FuzzDecodeLinks(f *testing.F) {
	s := &said{gr: record.GroupResource{Resource: "pods"}, namespace: "shop", over: Over{Ended: true, RV: 9}}
	s.add(&stated{rv: 3, labels: []record.KeyValue{{Key: "a", Value: "b"}}, claims: []link.Claim{{Rule: "owner", Type: link.Owns, Up: true, Target: link.Target{UID: "u"}}}})
	s.add(&stated{rv: 5, labels: []record.KeyValue{}})
	f.Add(s.encode())
	f.Add(encodeTold("", s.over, s.all()))
	f.Add((&linkHead{upTo: 7, cursor: []byte("x")}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := decodeSaid(b); err == nil {
			again, err := decodeSaid(got.encode())
			if err != nil || !bytes.Equal(again.encode(), got.encode()) {
				t.Errorf("%x does not come back: %v", b, err)
			}
			got.all()
			got.labelSpells()
			got.keys(generationID{}, store.ObjectKey{Cluster: "c", UID: "u"})
		}
		if storage, over, list, err := decodeTold(b); err == nil {
			encodeTold(storage, over, list)
		}
		if h, ok := decodeLinkHead(b); ok {
			h.encode()
		}
		sourceOf(b, nil)
	})
}

// TestLinksAfterRetention: what is dropped from the store is gone from what is kept of links: they are those that are made of what is left.
func TestLinksAfterRetention(t *testing.T) {
	st, c := open(t), &cluster{now: begin}
	l := NewLinks(st, link.Builtin())
	owned := func(verb, name, owner string) {
		c.write(verb, "alice", name, "uid-"+name, `{}`)
		r := c.out[len(c.out)-1].Revision
		r.Body = bytes.Replace(r.Body, []byte(`"metadata":{`), fmt.Appendf(nil, `"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":%q,"uid":"uid-%s"}],`, owner, owner), 1)
	}
	owned("create", "lasting", "one")
	owned("update", "lasting", "two")
	owned("create", "short", "one")
	c.rv++
	c.out = append(c.out, &record.Record{Kind: record.KindEnd, Ref: c.out[len(c.out)-1].Ref, End: &record.End{RV: c.rv, Sources: record.FromWatch}, Provenance: record.Provenance{Sources: record.FromWatch}})
	for round := range 3 {
		c.busy(fmt.Sprint("busy", round), 10)
		owned("create", fmt.Sprint("late", round), "two")
		appendAll(t, st, c.out)
		c.out = nil
		before := kept(t, st, l)
		if _, err := Retain(t.Context(), st, Policy{MaxAge: 3 * time.Hour}); err != nil {
			t.Fatal(err)
		}
		got := kept(t, st, l)
		fresh := NewLinks(st, link.Builtin())
		fresh.Only = func(record.ObjectRef) bool { return true } // in memory, from what is left
		sameKept(t, kept(t, st, fresh), got)
		if round == 0 && len(got) >= len(before) {
			t.Errorf("%d entries were kept before, %d after", len(before), len(got))
		}
		if _, ok := got[string(generationOf(link.Builtin()).forward(store.ObjectKey{Cluster: "test", UID: "uid-lasting"}))]; !ok {
			t.Errorf("round %d: the links of what lasts are gone", round)
		}
	}
}

// TestLinkGenerations: other rules make another generation beside the one that answers, and what they replace is removed, by whatever process.
func TestLinkGenerations(t *testing.T) {
	st := liveStore(t)
	if _, err := st.Append(t.Context(), recordsOf(t, 0, "deployment")); err != nil {
		t.Fatal(err)
	}
	builtin := NewLinks(st, link.Builtin())
	want := kept(t, st, builtin)
	custom, err := link.Load([]byte("rules:\n- {name: mine, type: mine, child: {kind: Pod}, parent: {kind: Node}, cel: '{\"name\": object.spec.nodeName}'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := link.New(custom...)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLinks(st, rules)
	if err := l.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	g, wanted := l.answering()
	if pending := l.pending(&g, wanted); wanted || g.id != generationOf(link.Builtin()) || pending == "" {
		t.Errorf("before the new generation is whole, %x answers, pending %q", g.id, pending)
	}
	other := kept(t, st, l)
	if len(other) <= len(want) {
		t.Errorf("%d entries with one more rule, %d without", len(other), len(want))
	}
	for k := range other {
		if k[0] == linkFacts && !bytes.HasPrefix([]byte(k), generationOf(rules).facts()) {
			t.Fatal("entries of the old generation are left")
		}
	}
	if v, err := l.View(t.Context()); err != nil || v.Pending() != "" || v.id != generationOf(rules) {
		t.Errorf("the new generation does not answer: %v", err)
	}
	sameKept(t, want, kept(t, st, NewLinks(st, link.Builtin()))) // and back
}

// TestLinksOfReadOnlyStore: where nothing can be kept, the index lives in memory, and is the same.
func TestLinksOfReadOnlyStore(t *testing.T) {
	st := liveStore(t)
	if _, err := st.Append(t.Context(), recordsOf(t, 0, "deployment")); err != nil {
		t.Fatal(err)
	}
	got := kept(t, st, NewLinks(forgetful{st}, link.Builtin()))
	sameKept(t, kept(t, st, NewLinks(st, link.Builtin())), got)
	if n := len(got); n == 0 {
		t.Error("nothing was derived")
	}
	sameKept(t, got, kept(t, st, NewLinks(refusing{st}, link.Builtin())))
}

// forgetful keeps no derived data, and tells no changes.
type forgetful struct{ store.Store }

func (forgetful) SetDerived(context.Context, string, []store.KeyValue) error { return nil }

// refusing says that it is only read.
type refusing struct{ store.Store }

func (refusing) SetDerived(context.Context, string, []store.KeyValue) error {
	return errors.New("the store is open to be read only")
}

func TestLinksRun(t *testing.T) {
	st := liveStore(t)
	l := NewLinks(st, link.Builtin())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	list := recordsOf(t, 0, "deployment")
	if _, err := st.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	l.Appended(nil)
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		v, err := l.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if l.settled() && v.Pending() == "" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("still pending: %s", v.Pending())
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	once := liveStore(t)
	if _, err := once.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	sameKept(t, kept(t, once, NewLinks(once, link.Builtin())), kept(t, st, l))
}

// TestLinksOfLastWords: of an object whose end alone was recorded, its last state says what it was linked to; a state that comes later says more.
func TestLinksOfLastWords(t *testing.T) {
	body := func(rv int, owner string) []byte {
		return fmt.Appendf(nil, `{"kind":"Pod","metadata":{"name":"p","namespace":"shop","uid":"u","resourceVersion":"%d","labels":{"app":"web"},"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":%q,"uid":"uid-%s"}]}}`, rv, owner, owner)
	}
	ref := record.ObjectRef{Cluster: "test", Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "shop", Name: "p", UID: "u"}
	end := &record.Record{Kind: record.KindEnd, Ref: ref, End: &record.End{RV: 120, LastBody: body(120, "two"), Sources: record.FromWatch}, Provenance: record.Provenance{Sources: record.FromWatch}}
	state := func(rv int, owner string) *record.Record {
		return &record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: record.ResourceVersion(rv), Body: body(rv, owner)}, Provenance: record.Provenance{Sources: record.FromWatch}}
	}
	list := []*record.Record{end, state(110, "one"), state(115, "two"), state(105, "three")}
	st := liveStore(t)
	l := NewLinks(st, link.Builtin())
	for i := range list {
		appendAll(t, st, list[i:i+1])
		once := liveStore(t)
		appendAll(t, once, list[:i+1])
		got := kept(t, st, l)
		sameKept(t, kept(t, once, NewLinks(once, link.Builtin())), got)
		v, err := l.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		life, err := v.Of(t.Context(), store.ObjectKey{Cluster: "test", UID: "u"})
		if err != nil || life == nil {
			t.Fatal(life, err)
		}
		if owners := len(life.Claims); owners != max(1, i) || !life.Over.Ended {
			t.Errorf("with %d records: %d claims, over %+v", i+1, owners, life.Over)
		}
	}
}
