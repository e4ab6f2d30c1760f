package index

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// track keeps the clock of one storage.
type track struct {
	c   *Clocks
	key storageKey

	mu sync.Mutex
	// all below is guarded by mu
	loaded   bool
	stamp    []byte // where the driver has no feed
	pinsUpTo uint64 // the change up to which pins are worked in
	upTo     uint64 // the change up to which touched objects were joined, or wait
	recorded *tally
	all      *tally // with proven pins; nil while there are none
	plain    *Clock // of recorded
	clock    *Clock
	proven   *provenSet
	moved    []store.RVRange // intervals that plain tells otherwise since objects there were joined
	sweep    bool            // all objects are to be joined
	doubt    bool            // epochs are to be looked for again
	urged    bool            // at once, for a watch told of one
	turns    []join.Turn     // what watches told of epochs
	borne    time.Duration   // contradictions up to this open no epoch
	apart    time.Duration   // what the updates of objects tell of the distance between the apiservers' clocks
	saveAll  bool
	unsaved  map[uint64]struct{} // blocks
	waiting  waiting
	low      map[record.GroupResource]bool // with writes recorded below RequestResponse
	savedTo  uint64

	work   sync.Mutex // held by whoever joins objects and keeps what it finds
	recent recent     // guarded by work
}

func newTrack(c *Clocks, key storageKey) *track {
	return &track{c: c, key: key, unsaved: map[uint64]struct{}{}, waiting: newWaiting(), low: map[record.GroupResource]bool{}}
}

// now gives the clock with all pins written so far; settled: and with all that objects prove.
func (t *track) now(ctx context.Context) (clock *Clock, settled bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.catchUp(ctx); err != nil {
		return nil, false, err
	}
	return t.clock, t.settled(), nil
}

// settled reports whether all that was written is worked in, and all that it touched joined. The caller holds mu.
func (t *track) settled() bool {
	return !t.sweep && !t.doubt && len(t.moved) == 0 && t.upTo == t.pinsUpTo && t.waiting.len() == 0
}

func (t *track) behind() (int, time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting.len(), t.waiting.oldest()
}

func (t *track) renew(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loaded = true
	return t.rebuild(ctx)
}

// catchUp works in the pins that were written since. The caller holds mu.
func (t *track) catchUp(ctx context.Context) error {
	if !t.loaded {
		if err := t.load(ctx); err != nil {
			return err
		}
		t.loaded = true
	}
	if t.c.feed == nil {
		stamp, err := t.firstAndLast(ctx)
		if err != nil || string(stamp) == string(t.stamp) {
			return err
		}
		return t.rebuild(ctx)
	}
	if t.c.feed.Written() == t.pinsUpTo {
		if t.looksNow() {
			_, err := t.lookForEpochs(ctx)
			return err
		}
		return nil
	}
	var news pinNews
	for change, err := range t.c.feed.Changes(ctx, t.pinsUpTo) {
		if errors.Is(err, store.ErrTrimmed) || err == nil && change.All {
			return t.rebuild(ctx)
		}
		if err != nil {
			return err
		}
		news.take(t.key, change)
	}
	t.pinsUpTo = max(t.pinsUpTo, news.upTo)
	return t.refresh(ctx, &news)
}

// pinNews is what changes tell of the pins of one storage.
type pinNews struct {
	upTo   uint64
	blocks map[uint64]struct{}
	begun  time.Time // the earliest beginning of a new pin
	newest time.Time // and the latest
	below  record.ResourceVersion
}

func (n *pinNews) take(key storageKey, change store.Change) {
	n.upTo = change.Number
	for i := range change.Touched {
		at := &change.Touched[i]
		if at.Ref.Cluster != key.cluster || at.Storage != key.storage {
			continue
		}
		if at.Kind == store.TouchedDropped {
			n.below = max(n.below, at.RV)
		}
		if !at.HasPin {
			continue
		}
		if n.blocks == nil {
			n.blocks = map[uint64]struct{}{}
		}
		n.blocks[blockOf(at.Pin.RV)] = struct{}{}
		n.begun = earlier(n.begun, at.Pin.After)
		if at.Pin.After.After(n.newest) {
			n.newest = at.Pin.After
		}
	}
}

// refresh reads the blocks that changed, and derives the clock. The caller holds mu.
func (t *track) refresh(ctx context.Context, news *pinNews) error {
	if news.below > 0 {
		if err := t.drop(ctx, news); err != nil {
			return err
		}
	}
	if len(news.blocks) == 0 && !t.urged {
		return nil
	}
	numbers := slices.Sorted(maps.Keys(news.blocks))
	if err := t.recorded.read(ctx, t.recordedPins, numbers); err != nil {
		return err
	}
	if t.all != nil {
		if err := t.all.read(ctx, t.allPins, numbers); err != nil {
			return err
		}
	}
	for _, n := range numbers {
		t.unsaved[n] = struct{}{}
	}
	// A fact of an earlier epoch may move where a later one begins.
	if n := len(t.recorded.starts); n > 0 && nanos(news.begun) < t.recorded.starts[n-1] {
		t.doubt = true
	}
	if inverted := t.recorded.inversion(); inverted > max(join.EpochTolerance, t.borne) {
		t.doubt = true
	}
	if t.owes(news.newest) {
		t.doubt, t.urged = true, true
	}
	if t.looksNow() {
		if rebuilt, err := t.lookForEpochs(ctx); err != nil || rebuilt {
			return err
		}
	}
	t.derive(numbers)
	return nil
}

// derive makes the clocks from the blocks. The caller holds mu.
func (t *track) derive(changed []uint64) {
	skew := skewOf(max(t.recorded.inversion(), t.apart))
	plain := t.recorded.clock(t.key)
	plain.skew, plain.turns = skew, t.turns
	if t.plain != nil {
		t.sweep = t.sweep || skew != t.plain.skew || !slices.Equal(plain.reach(), t.plain.reach())
		t.moved = unite(append(t.moved, moved(t.plain, plain, changed)...))
	}
	t.plain = plain
	t.deriveAll()
}

func (t *track) deriveAll() {
	if t.all == nil {
		t.clock = t.plain
		return
	}
	t.clock = t.all.clock(t.key)
	t.clock.skew, t.clock.proven, t.clock.turns = t.plain.skew, t.proven, t.plain.turns
}

// looksNow reports whether whoever asks looks for epochs. Where Run is at work it does, now and then, for a contradiction of two requests is
// mostly none; but where a watch told of an epoch, no question is answered without it. The caller holds mu.
func (t *track) looksNow() bool { return t.doubt && (t.urged || !t.c.live.Load()) }

// lookForEpochs finds out whether the epochs are others now, and makes all anew if so. The caller holds mu.
func (t *track) lookForEpochs(ctx context.Context) (rebuilt bool, err error) {
	starts, err := startsOf(ctx, t.c.st, t.key)
	if err != nil {
		return false, err
	}
	return t.takeEpochs(ctx, starts)
}

// takeEpochs takes the beginnings of the epochs as they were found just now. The caller holds mu.
func (t *track) takeEpochs(ctx context.Context, starts []time.Time) (rebuilt bool, err error) {
	t.doubt, t.urged = false, false
	if t.recorded.sameStarts(starts) {
		t.borne = max(t.borne, t.recorded.inversion())
		return false, nil
	}
	return true, t.rebuildIn(ctx, starts)
}

// drop lets go of the pins below a resourceVersion, which the store has dropped. The caller holds mu.
func (t *track) drop(ctx context.Context, news *pinNews) error {
	last := blockOf(news.below)
	for _, tl := range []*tally{t.recorded, t.all} {
		if tl == nil {
			continue
		}
		for n, list := range tl.epochs {
			k := sort.Search(len(list), func(i int) bool { return list[i].number >= last })
			for _, s := range list[:k] {
				t.unsaved[s.number] = struct{}{}
			}
			tl.epochs[n] = slices.Delete(list, 0, k)
		}
	}
	if news.blocks == nil {
		news.blocks = map[uint64]struct{}{}
	}
	maps.DeleteFunc(news.blocks, func(n uint64, _ struct{}) bool { return n < last })
	news.blocks[last] = struct{}{}
	return t.proven.drop(ctx, news.below)
}

// rebuild reads all pins. The caller holds mu.
func (t *track) rebuild(ctx context.Context) error {
	starts, err := startsOf(ctx, t.c.st, t.key)
	if err != nil {
		return err
	}
	return t.rebuildIn(ctx, starts)
}

func (t *track) rebuildIn(ctx context.Context, starts []time.Time) error {
	if t.c.feed != nil {
		t.pinsUpTo = t.c.feed.Written() // before anything is read: what is written meanwhile is worked in again
		t.upTo = t.pinsUpTo
	} else {
		stamp, err := t.firstAndLast(ctx)
		if err != nil {
			return err
		}
		t.stamp = stamp
	}
	turns, err := turnsOf(ctx, t.c.st, t.key)
	if err != nil {
		return err
	}
	t.turns = turns
	t.recorded, t.all = newTally(starts), nil
	t.proven = newProven(t.c.st, t.key, true)
	if err := t.recorded.readAll(ctx, t.recordedPins); err != nil {
		return err
	}
	t.moved, t.waiting, t.sweep, t.doubt, t.urged, t.saveAll = nil, newWaiting(), true, false, false, true
	t.borne, t.apart = t.recorded.inversion(), 0
	t.plain = nil
	t.derive(nil)
	return nil
}

func (t *track) recordedPins(ctx context.Context, between store.RVRange) iter.Seq2[record.Pin, error] {
	return t.c.st.Pins(ctx, t.key.cluster, t.key.storage, between)
}

func (t *track) allPins(ctx context.Context, between store.RVRange) iter.Seq2[record.Pin, error] {
	return t.proven.allPins(ctx, between)
}

// skewOf gives the skew that is reckoned with where requests contradict each other so far. They tell the least distance between two
// clocks, which the true one exceeds by as much as the requests lay apart; half of it is added. It is rounded up to a power of two of
// milliseconds, so that it changes seldom while facts come in.
func skewOf(inverted time.Duration) time.Duration {
	if inverted <= 0 {
		return 0
	}
	inverted += inverted / 2
	skew := time.Millisecond
	for skew < inverted && skew < join.EpochTolerance {
		skew *= 2
	}
	return min(skew, join.EpochTolerance)
}

// firstAndLast stands for all pins where the driver tells no changes: who writes facts in between calls Renew.
func (t *track) firstAndLast(ctx context.Context) ([]byte, error) {
	var b []byte
	for _, pins := range []iter.Seq2[record.Pin, error]{
		t.c.st.Pins(ctx, t.key.cluster, t.key.storage, store.RVRange{}), t.c.st.PinsDown(ctx, t.key.cluster, t.key.storage, store.RVRange{}),
	} {
		for p, err := range pins {
			if err != nil {
				return nil, err
			}
			b = appendTime(appendTime(append(b, byte(p.RV), byte(p.RV>>8), byte(p.RV>>16), byte(p.RV>>24), byte(p.RV>>32)), p.After), p.Before)
			break
		}
	}
	return append(b, 1), nil
}

// load takes what is kept in the store, or else makes all anew. The caller holds mu.
func (t *track) load(ctx context.Context) error {
	if t.c.feed == nil {
		return t.rebuild(ctx)
	}
	h, err := readHead(ctx, t.c.st, t.key)
	if err != nil {
		return err
	}
	if h == nil || h.upTo > t.c.feed.Written() {
		return t.rebuild(ctx)
	}
	recorded, err := readTally(ctx, t.c.st, t.key, chunkRecorded, h.starts)
	if errors.Is(err, errStale) {
		return t.rebuild(ctx)
	}
	if err != nil {
		return err
	}
	t.recorded, t.proven = recorded, newProven(t.c.st, t.key, false)
	t.proven.some = h.some
	if h.some {
		t.all, err = readTally(ctx, t.c.st, t.key, chunkAll, h.starts)
		if errors.Is(err, errStale) {
			return t.rebuild(ctx)
		}
		if err != nil {
			return err
		}
	}
	t.pinsUpTo, t.upTo, t.savedTo, t.borne, t.apart = h.upTo, h.upTo, h.upTo, h.borne, h.apart
	t.moved = h.moved
	for _, uid := range h.waiting {
		t.waiting.add(uid, time.Now())
	}
	for _, gr := range h.low {
		t.low[gr] = true
	}
	if t.turns, err = turnsOf(ctx, t.c.st, t.key); err != nil {
		return err
	}
	t.doubt = len(t.turns) > 0 // they may have been told behind what is kept
	t.urged = t.doubt
	t.derive(nil)
	return nil
}
