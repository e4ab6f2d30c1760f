package local

import (
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/record"
)

// hitKey is a record's place in the order of a search: by time, what has none first.
type hitKey struct {
	at    time.Time
	kind  record.Kind
	stage record.Stage // of a request: its stages may share a time, and come in their order
	id    record.ID
}

func keyOf(r *record.Record, at time.Time) hitKey {
	k := hitKey{at: at, kind: r.Kind, id: r.ID()}
	if r.Request != nil {
		k.stage = r.Request.Stage
	}
	return k
}

func (k hitKey) compare(o hitKey) int {
	return cmp.Or(k.at.Compare(o.at), cmp.Compare(k.kind, o.kind), cmp.Compare(k.stage, o.stage), bytes.Compare(k.id[:], o.id[:]))
}

func parseHitKey(parts []string) (hitKey, error) {
	var k hitKey
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return k, err
	}
	if at != 0 {
		k.at = time.Unix(0, at).UTC()
	}
	var ok bool
	if k.kind, ok = record.ParseKind(parts[1]); !ok {
		return k, errors.New("no kind of record")
	}
	stage, err := strconv.ParseUint(parts[2], 10, 8)
	if err != nil {
		return k, err
	}
	k.stage = record.Stage(stage)
	k.id, err = record.ParseID(parts[3])
	return k, err
}

// foundHit is one record that matched.
type foundHit struct {
	key  hitKey
	rec  *record.Record
	when instant
}

// topHits keeps the first hits of an order, at most limit: a heap whose root is the last of them.
type topHits struct {
	limit  int
	newest bool
	list   []foundHit
}

// Len, Less, Swap, Push and Pop serve container/heap.
func (t *topHits) Len() int           { return len(t.list) }
func (t *topHits) Less(i, j int) bool { return t.order(t.list[i].key, t.list[j].key) > 0 }
func (t *topHits) Swap(i, j int)      { t.list[i], t.list[j] = t.list[j], t.list[i] }
func (t *topHits) Push(x any)         { t.list = append(t.list, x.(foundHit)) }
func (t *topHits) Pop() any {
	last := t.list[len(t.list)-1]
	t.list = t.list[:len(t.list)-1]
	return last
}

func (t *topHits) order(a, b hitKey) int {
	if t.newest {
		return b.compare(a)
	}
	return a.compare(b)
}

// put keeps a hit while it is among the first.
func (t *topHits) put(k hitKey, r *record.Record, when instant) {
	if len(t.list) == t.limit && (t.limit == 0 || t.order(k, t.list[0].key) > 0) {
		return
	}
	heap.Push(t, foundHit{k, r, when})
	if len(t.list) > t.limit {
		heap.Pop(t)
	}
}

// sorted empties the heap in order.
func (t *topHits) sorted() []foundHit {
	list := t.list
	t.list = nil
	slices.SortFunc(list, func(a, b foundHit) int { return t.order(a.key, b.key) })
	return list
}
