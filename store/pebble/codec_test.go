package pebble

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

// writes gives every key and value that some history writes.
func writes(t testing.TB, seed uint64) (keys, values [][]byte) {
	t.Helper()
	s, err := Open("data", Options{FS: memFS()})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range storetest.History(storetest.Config{Seed: seed, Objects: 14}) {
		var p plan
		w := newWritten()
		p.build([]*record.Record{r}, nil, 12, &w)
		b := s.db.NewBatch()
		if err := s.fill(b, &p); err != nil {
			t.Fatal(err)
		}
		s.caches.clear()
		for reader := b.Reader(); ; {
			_, k, v, ok, err := reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			keys, values = append(keys, bytes.Clone(k)), append(values, bytes.Clone(v))
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return keys, values
}

// TestMergeLaws: for whatever is written under one key, merging does not depend on order, grouping or repetition, and a value that
// was merged alone is unchanged.
func TestMergeLaws(t *testing.T) {
	keys, values := writes(t, 3)
	byKey := map[string][][]byte{}
	for i, k := range keys {
		byKey[string(k)] = append(byKey[string(k)], values[i])
	}
	several := map[byte]int{}
	for k, list := range byKey {
		key := []byte(k)
		merge := func(list ...[]byte) []byte {
			t.Helper()
			v, err := mergeValues(key, list)
			if err != nil {
				t.Fatalf("%s: %v", familyName(key), err)
			}
			return v
		}
		if got := merge(list[0]); !bytes.Equal(got, list[0]) {
			t.Errorf("%s: a value that is merged alone changes: %q, %q", familyName(key), list[0], got)
		}
		if len(list) < 2 {
			continue
		}
		several[key[0]]++
		whole := merge(list...)
		other := slices.Clone(list)
		rand.New(rand.NewPCG(1, uint64(len(list)))).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		folded := other[0]
		for _, v := range other[1:] {
			folded = merge(v, folded)
		}
		if !bytes.Equal(whole, folded) || !bytes.Equal(whole, merge(whole, list[0])) || !bytes.Equal(whole, merge(whole, whole)) {
			t.Errorf("%s: the order of %d values shows", familyName(key), len(list))
		}
	}
	for _, family := range []byte{famCatalogue, famEvent, famHours, famName, famRequest, famRevision, famSeen, famSpan, famPin, famTraced} {
		if several[family] == 0 {
			t.Errorf("nothing merged in %s", familyName([]byte{family}))
		}
	}
}

func TestEntryCodec(t *testing.T) {
	full := &entry{flags: flagKnown, names: []named{{"g", "r", "n", "x"}, {"g", "s", "", ""}}, kinds: []string{"K", "L"}, version: "v1", firstRV: 1, lastRV: 2, createdRV: 3, endRV: 4,
		createdAt: -5, endAt: 6, endStage: 7, firstAt: -8, lastAt: 9, labels: []record.KeyValue{{Key: "a", Value: "b"}}, owners: []record.UID{"4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a", "odd"},
		places: []place{{"", kin{1}, 3}, {"", kin{1}, 900}, {"", kin{2}, 1}, {"s", kin{}, 1 << 40}}, ends: []endPart{{place{"s", kin{9}, 7}, 44}}}
	for _, e := range []*entry{full, {}, {lastAt: 1}} {
		got, err := decodeEntry(encodeEntry(e))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got, cmp.AllowUnexported(entry{}, named{}, place{}, endPart{})); diff != "" {
			t.Errorf("entry changed (-want +got):\n%s", diff)
		}
	}
	b := encodeEntry(full)
	for n := range b {
		if _, err := decodeEntry(b[:n]); err == nil {
			t.Errorf("cut at %d of %d bytes it was accepted", n, len(b))
		}
	}
	// minus then merge is merge.
	known := &entry{flags: flagKnown, names: full.names[:1], firstRV: 5, lastRV: 1, lastAt: 20, places: full.places[1:2]}
	want := *known
	want.merge(full)
	news := full.minus(known)
	got := *known
	got.merge(&news)
	if !bytes.Equal(encodeEntry(&want), encodeEntry(&got)) {
		t.Error("what an entry tells beyond a known one is not all")
	}
}

func TestPackedRecords(t *testing.T) {
	at := time.Date(2026, 11, 20, 15, 49, 42, 161153000, time.UTC)
	odd := []string{"", "\x00", "\x01x", "\x02", "\x03", "4E1CD7AD-d75a-4a67-9ab4-d7b1f71d8f9a", "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a", "\x00" + "sixteen bytes 12"}
	for _, uid := range odd {
		for _, other := range odd {
			r := &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: record.ObjectRef{Cluster: "c", UID: record.UID(uid)}, Request: &record.Request{
				AuditID: other, AnswerUID: record.UID(other), NamedUID: record.UID(uid), StageAt: at.Add(time.Second), Items: []record.Item{{UID: record.UID(other)}}}}
			got, err := unpackTimed(appendPacked(nil, r), "c", at.UnixNano())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r, got); diff != "" {
				t.Fatalf("%q, %q (-want +got):\n%s", uid, other, diff)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	words := []string{"", "a", "a\x00", "a\x00\x01", "a\x00\xff", "ab", "\x00", "\xff", "b"}
	slices.Sort(words)
	var before []byte
	for i, w := range words {
		key := appendString(nil, w)
		got, rest, ok := cutString(append(bytes.Clone(key), "tail"...))
		if !ok || got != w || string(rest) != "tail" {
			t.Errorf("%q came back as %q, %q", w, got, rest)
		}
		if i > 0 && bytes.Compare(before, key) >= 0 {
			t.Errorf("%q does not sort behind %q", w, words[i-1])
		}
		if i > 0 && bytes.HasPrefix(key, before) {
			t.Errorf("the key of %q begins that of %q", words[i-1], w)
		}
		before = key
	}
	for _, uid := range []record.UID{"", "x", "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a", "4E1CD7AD-d75a-4a67-9ab4-d7b1f71d8f9a", "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9g", "a\x00b"} {
		got, rest, ok := cutUID(append(appendUID(nil, uid), 7))
		if !ok || got != uid || len(rest) != 1 {
			t.Errorf("%q came back as %q", uid, got)
		}
	}
	for _, nanos := range []int64{0, 1, -1, nanosInHour, -nanosInHour, nanosInHour - 1, time.Date(2026, 11, 20, 15, 49, 42, 161153000, time.UTC).UnixNano()} {
		c, got, err := cutTimedKey(requestKey("c\x00d", nanos, classRead, nameHash{1}))
		if err != nil || c != "c\x00d" || got != nanos {
			t.Errorf("%d came back as %d: %v", nanos, got, err)
		}
	}
}

func TestStem(t *testing.T) {
	for name, want := range map[string]string{"web-6d4cf56db6-x7k2p": "web", "web-6d4cf56db6": "web", "db-0": "db", "db-12": "db", "kube-proxy": "kube-proxy", "a-b-c": "a-b-c",
		"-bcdfg": "-bcdfg", "": "", "coredns-5d78c9869d-abcde": "coredns-5d78c9869d-abcde"} {
		if got := stem(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// FuzzValues: nothing that a damaged or foreign store holds panics when it is read or merged.
func FuzzValues(f *testing.F) {
	keys, values := writes(f, 4)
	for i := 0; i < len(keys); i += 17 {
		f.Add(keys[i], values[i])
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if len(key) == 0 {
			return
		}
		merged, err := mergeValues(key, [][]byte{value, value})
		if err == nil {
			if again, err := mergeValues(key, [][]byte{merged, value}); err != nil || !bytes.Equal(again, merged) {
				t.Fatalf("not idempotent: %v", err)
			}
		}
		_, _ = decodeCarried(store.ObjectKey{}, value)
		_, _ = decodeFloor(value)
		_, _, _ = cutNameKey(key)
		_, _ = cutRevisionKey(key)
		_, _, _ = cutTimedKey(key)
		var c census
		_ = c.add(string(value))
	})
}
