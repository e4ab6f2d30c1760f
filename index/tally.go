package index

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sort"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// blockBits: a block sums up the pins of 128 neighbouring resourceVersions. Where a block begins does not depend on what
// else is known, so a clock that was kept up to date has the blocks that one made at once has.
const blockBits = 7

func blockOf(rv record.ResourceVersion) uint64 { return uint64(rv) >> blockBits }

// sums is what a block keeps of its pins of one epoch. Times are nanoseconds since 1970; zero: none.
type sums struct {
	number      uint64
	first, last record.ResourceVersion
	made        int64 // latest beginning of a request that made one of them
	known       int64 // earliest end of a request that knew one of them
	firm        int64 // the same, of requests that began in the epoch too
	begins      int64 // earliest beginning
	// inverted is how far the clocks of requests contradict the order of the resourceVersions within the block: the most by which one
	// that made a resourceVersion began after another ended that knew a greater one.
	inverted int64
}

// tally holds the blocks of a storage's pins, by epoch. Not for concurrent use.
type tally struct {
	starts []int64 // of the second and later epochs
	epochs [][]sums
}

func newTally(starts []time.Time) *tally {
	t := &tally{epochs: make([][]sums, 1+len(starts))}
	for _, at := range starts {
		t.starts = append(t.starts, nanos(at))
	}
	return t
}

func (t *tally) clone() *tally {
	c := &tally{starts: t.starts}
	for _, list := range t.epochs {
		c.epochs = append(c.epochs, slices.Clone(list))
	}
	return c
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func (t *tally) epochAt(at int64) int {
	return sort.Search(len(t.starts), func(i int) bool { return t.starts[i] > at })
}

// pinReader yields the pins of a range by rising resourceVersion.
type pinReader func(ctx context.Context, between store.RVRange) iter.Seq2[record.Pin, error]

// read makes the blocks with these numbers, which are sorted, anew.
func (t *tally) read(ctx context.Context, pins pinReader, numbers []uint64) error {
	for i := 0; i < len(numbers); {
		k := i + 1
		for k < len(numbers) && numbers[k] == numbers[k-1]+1 {
			k++
		}
		if err := t.readRun(ctx, pins, numbers[i], numbers[k-1]); err != nil {
			return err
		}
		i = k
	}
	return nil
}

// readAll makes all blocks anew.
func (t *tally) readAll(ctx context.Context, pins pinReader) error {
	return t.readRun(ctx, pins, 0, ^uint64(0))
}

func (t *tally) readRun(ctx context.Context, pins pinReader, first, last uint64) error {
	between := store.RVRange{From: record.ResourceVersion(first << blockBits)}
	if last <= ^uint64(0)>>blockBits {
		between.To = record.ResourceVersion(last<<blockBits | (1<<blockBits - 1))
	}
	fresh := make([][]sums, len(t.epochs))
	open := make([]folding, len(t.epochs))
	for p, err := range pins(ctx, between) {
		if err != nil {
			return err
		}
		n := t.epochAt(nanos(p.Before))
		list := fresh[n]
		if len(list) == 0 || list[len(list)-1].number != blockOf(p.RV) {
			list = append(list, sums{number: blockOf(p.RV), first: p.RV})
			fresh[n], open[n] = list, folding{}
			if n > 0 {
				open[n].from = t.starts[n-1]
			}
		}
		open[n].take(&list[len(list)-1], p)
	}
	for n, list := range t.epochs {
		from := sort.Search(len(list), func(i int) bool { return list[i].number >= first })
		to := sort.Search(len(list), func(i int) bool { return list[i].number > last })
		t.epochs[n] = slices.Replace(list, from, to, fresh[n]...)
	}
	return nil
}

// folding is what one block needs to remember between its pins.
type folding struct {
	from   int64 // of the epoch
	rv     record.ResourceVersion
	before int64 // latest beginning of a maker of a lesser resourceVersion
	here   int64 // the same of rv itself
}

func (f *folding) take(b *sums, p record.Pin) {
	if p.RV != f.rv {
		f.rv, f.before, f.here = p.RV, max(f.before, f.here), 0
	}
	after, before := nanos(p.After), nanos(p.Before)
	b.last = p.RV
	b.known, b.begins = least(b.known, before), least(b.begins, after)
	if after >= f.from {
		b.firm = least(b.firm, before)
		if f.before != 0 {
			b.inverted = max(b.inverted, f.before-before)
		}
	}
	if p.Made {
		b.made, f.here = max(b.made, after), max(f.here, after)
	}
}

// least is the lesser of two times, of which zero is none.
func least(a, b int64) int64 {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// inversion is how far requests contradict the order of the resourceVersions within one epoch, at most.
func (t *tally) inversion() time.Duration {
	var out int64
	for _, list := range t.epochs {
		var made int64
		for i := range list {
			b := &list[i]
			out = max(out, b.inverted)
			if made != 0 && b.firm != 0 {
				out = max(out, made-b.firm)
			}
			made = max(made, b.made)
		}
	}
	return time.Duration(out)
}

// clock gives the times that hold now: resourceVersions are committed in order, so the latest beginning is carried forward and the
// earliest end back.
func (t *tally) clock(key storageKey) *Clock {
	c := &Clock{cluster: key.cluster, storage: key.storage}
	pins := false
	var begins int64
	for n, list := range t.epochs {
		e := epoch{blocks: make([]block, len(list))}
		if n > 0 {
			e.from = moment(t.starts[n-1])
		}
		var made int64
		for i := range list {
			b := &list[i]
			begins, made = least(begins, b.begins), max(made, b.made)
			e.blocks[i] = block{first: b.first, last: b.last, notBefore: moment(made)}
		}
		var known int64
		for i := len(list) - 1; i >= 0; i-- {
			known = least(known, list[i].known)
			e.blocks[i].notAfter = moment(known)
		}
		pins = pins || len(list) > 0
		c.epochs = append(c.epochs, e)
	}
	c.begins = moment(begins)
	if !pins {
		c.epochs = nil
	}
	return c
}

// startsOf gives the moments at which the resourceVersions of a storage ran back. It costs a few scans of all its pins.
func startsOf(ctx context.Context, st store.Store, key storageKey) ([]time.Time, error) {
	turns, err := turnsOf(ctx, st, key)
	if err != nil {
		return nil, err
	}
	epochs, err := join.Epochs(func() iter.Seq2[record.Pin, error] {
		return st.PinsDown(ctx, key.cluster, key.storage, store.RVRange{})
	}, turns...)
	if err != nil {
		return nil, err
	}
	var starts []time.Time
	for _, e := range epochs {
		if !e.From.IsZero() {
			starts = append(starts, e.From)
		}
	}
	return starts, nil
}

// sameStarts reports whether a tally has these epochs.
func (t *tally) sameStarts(starts []time.Time) bool {
	return slices.EqualFunc(t.starts, starts, func(n int64, at time.Time) bool { return n == nanos(at) })
}

// reach is the part of a clock that tells to which epoch a revision belongs.
func (c *Clock) reach() []record.ResourceVersion {
	if len(c.epochs) < 2 {
		return nil
	}
	var out []record.ResourceVersion
	for i, e := range c.joinEpochs() {
		if i > 0 {
			out = append(out, e.First)
		}
		if i+1 < len(c.epochs) {
			out = append(out, e.Last)
		}
	}
	return out
}

// moved gives the resourceVersions whose interval may differ between two clocks with the same epochs; changed are the blocks
// whose own pins do.
func moved(old, now *Clock, changed []uint64) []store.RVRange {
	var out []store.RVRange
	for n := range max(len(old.epochs), len(now.epochs)) {
		var a, b []block
		if n < len(old.epochs) {
			a = old.epochs[n].blocks
		}
		if n < len(now.epochs) {
			b = now.epochs[n].blocks
		}
		out = append(out, movedIn(a, b)...)
	}
	for _, n := range changed {
		out = append(out, store.RVRange{From: record.ResourceVersion(n << blockBits), To: record.ResourceVersion(n<<blockBits | (1<<blockBits - 1))})
	}
	return unite(out)
}

// movedIn compares the carried times of one epoch. Outside of the blocks whose own pins changed, an interval depends on
// the beginning carried from before and the end carried from behind.
func movedIn(a, b []block) (out []store.RVRange) {
	i, k := 0, 0
	var low uint64 // resourceVersions from here on have the beginning carried from a[i-1], b[k-1]
	for {
		var x, y block // the carried times before
		if i > 0 {
			x = a[i-1]
		}
		if k > 0 {
			y = b[k-1]
		}
		next := ^uint64(0) // the next block of either
		if i < len(a) {
			next = blockOf(a[i].first)
		}
		if k < len(b) {
			next = min(next, blockOf(b[k].first))
		}
		var u, v block // the carried times at and behind it
		if i < len(a) {
			u = a[i]
		}
		if k < len(b) {
			v = b[k]
		}
		begins := !x.notBefore.Equal(y.notBefore)
		if low < next && (begins || !u.notAfter.Equal(v.notAfter)) { // up to and without the next block
			out = append(out, between(low, next))
		}
		if next == ^uint64(0) {
			return out
		}
		if i < len(a) && blockOf(a[i].first) == next {
			i++
		}
		if k < len(b) && blockOf(b[k].first) == next {
			k++
		}
		u, v = block{}, block{}
		if i < len(a) {
			u = a[i]
		}
		if k < len(b) {
			v = b[k]
		}
		if begins || !u.notAfter.Equal(v.notAfter) { // the block itself
			out = append(out, between(next, next+1))
		}
		low = next + 1
	}
}

// between gives the resourceVersions of blocks from low up to but without high.
func between(low, high uint64) store.RVRange {
	r := store.RVRange{From: record.ResourceVersion(low << blockBits)}
	if high <= ^uint64(0)>>blockBits {
		r.To = record.ResourceVersion(high<<blockBits) - 1
	}
	return r
}

// unite sorts ranges and joins those that touch.
func unite(list []store.RVRange) []store.RVRange {
	slices.SortFunc(list, func(a, b store.RVRange) int { return cmp.Compare(a.From, b.From) })
	var out []store.RVRange
	for _, r := range list {
		if n := len(out); n > 0 && (out[n-1].To == 0 || r.From <= out[n-1].To+1) {
			if last := &out[n-1]; last.To != 0 && (r.To == 0 || r.To > last.To) {
				last.To = r.To
			}
			continue
		}
		out = append(out, r)
	}
	return out
}
