package index

import (
	"context"
	"iter"
	"sort"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Interval bounds the moment at which a resourceVersion was committed; a zero end is not known.
type Interval = join.Interval

// Clock tells when the resourceVersions of one storage were committed, and which were committed in a window. It
// holds one block per 128 resourceVersions and epoch that have pins, and reads the pins themselves only near the place asked for.
// A Clock is immutable.
type Clock struct {
	cluster record.Cluster
	storage record.Storage
	proven  *provenSet // nil: made from recorded pins alone
	begins  time.Time  // when the first request that tells of it was received; zero if none does
	skew    time.Duration
	epochs  []epoch
	turns   []join.Turn
}

// epoch is one stretch in which resourceVersions run forward.
type epoch struct {
	from   time.Time // its first moment; zero for the first epoch
	blocks []block
}

// block sums up neighbouring pins of one epoch.
type block struct {
	first, last record.ResourceVersion
	// notBefore is the latest beginning of a request that made a resourceVersion up to here, this block included;
	// notAfter the earliest end of a request that knew one from here on, this block included.
	notBefore, notAfter time.Time
}

// shown is the greatest moment by which a resourceVersion of the block can be shown; it rises from block to block.
func (b block) shown() time.Time {
	return ordered(Interval{NotBefore: b.notBefore, NotAfter: b.notAfter}).NotAfter
}

// Begins is when the first request that tells the time of a resourceVersion was received; zero where none does.
func (c *Clock) Begins() time.Time { return c.begins }

// Skew is how far the clocks of the apiservers lie apart, as far as requests contradict each other within an epoch: zero where one
// clock explains all of them, and never more than join.EpochTolerance.
func (c *Clock) Skew() time.Duration { return c.skew }

// Epochs is the number of stretches; 1 unless resourceVersions ran back.
func (c *Clock) Epochs() int { return max(1, len(c.epochs)) }

// EpochStarts are the moments at which the second and later epochs began.
func (c *Clock) EpochStarts() []time.Time {
	var starts []time.Time
	for i := 1; i < len(c.epochs); i++ {
		starts = append(starts, c.epochs[i].from)
	}
	return starts
}

// joinEpochs are the epochs as package join takes them.
func (c *Clock) joinEpochs() []join.Epoch {
	out := make([]join.Epoch, len(c.epochs))
	for i, e := range c.epochs {
		out[i].From, out[i].Told = e.from, !e.from.IsZero() && join.Tells(c.turns, e.from)
		if n := len(e.blocks); n > 0 {
			out[i].First, out[i].Last = e.blocks[0].first, e.blocks[n-1].last
		}
	}
	return out
}

// EpochAt gives the epoch that was running at t.
func (c *Clock) EpochAt(t time.Time) int {
	n := sort.Search(len(c.epochs), func(i int) bool { return i > 0 && c.epochs[i].from.After(t) })
	return max(0, n-1)
}

// Range gives the resourceVersions whose commit may lie in w, one range for each epoch that w touches, oldest epoch first.
// An epoch without pins, about whose times nothing is known, gives all resourceVersions.
func (c *Clock) Range(w store.TimeRange) []store.RVRange {
	if len(c.epochs) == 0 {
		return []store.RVRange{{}}
	}
	var out []store.RVRange
	for i, e := range c.epochs {
		ends := time.Time{}
		if i+1 < len(c.epochs) {
			ends = c.epochs[i+1].from
		}
		if (!w.To.IsZero() && !e.from.IsZero() && !e.from.Before(w.To)) || (!ends.IsZero() && !w.From.IsZero() && ends.Before(w.From)) {
			continue
		}
		out = append(out, e.rangeOf(w, i+1 == len(c.epochs)))
	}
	return out
}

// rangeOf is right to a block: what lies a little outside of w may be in it, nothing inside of w is missing.
func (e epoch) rangeOf(w store.TimeRange, last bool) store.RVRange {
	r := store.RVRange{}
	if len(e.blocks) == 0 {
		return r
	}
	if !w.From.IsZero() {
		// Everything up to the last block that is known to be over before w.From is out.
		n := sort.Search(len(e.blocks), func(i int) bool { return !before(e.blocks[i].shown(), w.From) })
		if n > 0 {
			r.From = e.blocks[n-1].first
		}
	}
	if !last {
		r.To = e.blocks[len(e.blocks)-1].last
	}
	if !w.To.IsZero() {
		// The first block that is known to begin at w.To or later, and everything behind it, is out.
		n := sort.Search(len(e.blocks), func(i int) bool { return !e.blocks[i].notBefore.IsZero() && !e.blocks[i].notBefore.Before(w.To) })
		if n < len(e.blocks) {
			r.To = e.blocks[n].last
		}
	}
	return r
}

// before is t < u for a known t.
func before(t, u time.Time) bool { return !t.IsZero() && t.Before(u) }

// When bounds the commit of rv in the epoch that was running at hint (zero: the last epoch that reaches rv).
// It reads the pins of at most three blocks.
func (c *Clock) When(ctx context.Context, st store.Store, rv record.ResourceVersion, hint time.Time) (Interval, error) {
	return c.in(ctx, st, c.epochOf(rv, hint), rv)
}

// in bounds the commit of rv in epoch n.
func (c *Clock) in(ctx context.Context, st store.Store, n int, rv record.ResourceVersion) (Interval, error) {
	if n < 0 || n >= len(c.epochs) {
		return Interval{}, nil
	}
	e := c.epochs[n]
	i := sort.Search(len(e.blocks), func(i int) bool { return e.blocks[i].last >= rv })
	var out Interval
	if n > 0 {
		out.NotBefore = e.from
	}
	if i > 0 {
		out.NotBefore = later(out.NotBefore, e.blocks[i-1].notBefore)
	}
	if i+1 < len(e.blocks) {
		out.NotAfter = e.blocks[i+1].notAfter
	}
	if i == len(e.blocks) {
		return ordered(out), nil
	}
	for p, err := range c.pins(ctx, st, store.RVRange{From: e.blocks[i].first, To: e.blocks[i].last}) {
		switch {
		case err != nil:
			return Interval{}, err
		case c.EpochAt(p.Before) != n:
			continue
		}
		if p.RV >= rv {
			out.NotAfter = earlier(out.NotAfter, p.Before)
		}
		if p.RV <= rv && p.Made {
			out.NotBefore = later(out.NotBefore, p.After)
		}
	}
	return ordered(out), nil
}

// endsWithin gives the earliest and the latest moment that can be the end of what When tells of rv, without reading a pin; both zero
// where the blocks alone do not tell.
func (c *Clock) endsWithin(rv record.ResourceVersion, hint time.Time) (from, to time.Time) {
	n := c.epochOf(rv, hint)
	if n < 0 {
		return from, to
	}
	e := c.epochs[n]
	i := sort.Search(len(e.blocks), func(i int) bool { return e.blocks[i].last >= rv })
	if i+1 >= len(e.blocks) {
		return from, to
	}
	b, next := e.blocks[i], e.blocks[i+1].notAfter
	if b.notAfter.IsZero() || next.IsZero() {
		return from, to
	}
	// No interval ends before it begins, at the beginning of the epoch or of a request up to here.
	return b.notAfter, later(later(next, b.notBefore), e.from)
}

// pins yields those that the clock was made from, by rising resourceVersion.
func (c *Clock) pins(ctx context.Context, st store.Store, between store.RVRange) iter.Seq2[record.Pin, error] {
	if c.proven == nil {
		return st.Pins(ctx, c.cluster, c.storage, between)
	}
	return c.proven.allPins(ctx, between)
}

// ordered lets no interval end before it begins, as it would where the clocks of two apiservers differ.
func ordered(w Interval) Interval {
	if !w.NotAfter.IsZero() && w.NotAfter.Before(w.NotBefore) {
		w.NotAfter = w.NotBefore
	}
	return w
}

func (c *Clock) epochOf(rv record.ResourceVersion, hint time.Time) int {
	if len(c.epochs) == 0 {
		return -1
	}
	if !hint.IsZero() {
		return c.EpochAt(hint)
	}
	for n := len(c.epochs) - 1; n > 0; n-- {
		b := c.epochs[n].blocks
		if len(b) > 0 && b[0].first <= rv {
			return n
		}
	}
	return 0
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// CertainAt gives the greatest resourceVersion that was certainly committed at t; zero if none was.
func (c *Clock) CertainAt(ctx context.Context, st store.Store, t time.Time) (record.ResourceVersion, error) {
	if len(c.epochs) == 0 {
		return 0, nil
	}
	n := c.EpochAt(t)
	blocks := c.epochs[n].blocks
	i := sort.Search(len(blocks), func(i int) bool { return blocks[i].notAfter.IsZero() || blocks[i].notAfter.After(t) })
	if i == 0 {
		return 0, nil
	}
	var rv record.ResourceVersion
	for p, err := range c.pins(ctx, st, store.RVRange{From: blocks[i-1].first, To: blocks[i-1].last}) {
		if err != nil {
			return 0, err
		}
		if !p.Before.After(t) && c.EpochAt(p.Before) == n {
			rv = p.RV
		}
	}
	return rv, nil
}

// ClockReader answers When for many resourceVersions: it keeps the pins of the blocks it read last. Not for concurrent use.
type ClockReader struct {
	clock  *Clock
	st     store.Store
	epochs []map[int][]reading // by block
	kept   int
}

// reading is one resourceVersion with a pin, and what the block's pins on both sides of it tell.
type reading struct {
	rv record.ResourceVersion
	Interval
}

const keptBlocks = 2048

// Reader makes a ClockReader of c.
func (c *Clock) Reader(st store.Store) *ClockReader {
	r := &ClockReader{clock: c, st: st}
	r.forget()
	return r
}

func (r *ClockReader) forget() {
	r.epochs, r.kept = make([]map[int][]reading, len(r.clock.epochs)), 0
	for i := range r.epochs {
		r.epochs[i] = map[int][]reading{}
	}
}

// When bounds the commit of rv in the last epoch that reaches it.
func (r *ClockReader) When(ctx context.Context, rv record.ResourceVersion) (Interval, error) {
	return r.WhenIn(ctx, r.clock.epochOf(rv, time.Time{}), rv)
}

// WhenNear bounds the commit of rv in the epoch that was running at hint (zero: the last epoch that reaches rv), as Clock.When does.
func (r *ClockReader) WhenNear(ctx context.Context, rv record.ResourceVersion, hint time.Time) (Interval, error) {
	return r.WhenIn(ctx, r.clock.epochOf(rv, hint), rv)
}

// EndsWithin gives the earliest and the latest moment that can be the end of what WhenNear tells of rv, both zero where that is not known. It
// reads nothing.
func (r *ClockReader) EndsWithin(rv record.ResourceVersion, hint time.Time) (from, to time.Time) {
	return r.clock.endsWithin(rv, hint)
}

// WhenOf bounds the commit of a revision, in the epoch that its body tells.
func (r *ClockReader) WhenOf(ctx context.Context, rev *record.Record) (Interval, error) {
	if len(r.clock.epochs) < 2 {
		return r.When(ctx, rev.Revision.RV)
	}
	return r.WhenIn(ctx, join.EpochOf(r.clock.joinEpochs(), rev, nil), rev.Revision.RV)
}

// WhenIn bounds the commit of rv in one epoch.
func (r *ClockReader) WhenIn(ctx context.Context, n int, rv record.ResourceVersion) (Interval, error) {
	if n < 0 || n >= len(r.clock.epochs) {
		return Interval{}, nil
	}
	e := r.clock.epochs[n]
	i := sort.Search(len(e.blocks), func(i int) bool { return e.blocks[i].last >= rv })
	if i == len(e.blocks) {
		return r.clock.in(ctx, r.st, n, rv)
	}
	list, ok := r.epochs[n][i]
	if !ok {
		var err error
		if list, err = r.read(ctx, n, i); err != nil {
			return Interval{}, err
		}
	}
	var out Interval
	if n > 0 {
		out.NotBefore = e.from
	}
	if i > 0 {
		out.NotBefore = later(out.NotBefore, e.blocks[i-1].notBefore)
	}
	if i+1 < len(e.blocks) {
		out.NotAfter = e.blocks[i+1].notAfter
	}
	at := sort.Search(len(list), func(k int) bool { return list[k].rv >= rv })
	if at < len(list) {
		out.NotAfter = earlier(out.NotAfter, list[at].NotAfter)
	}
	if at < len(list) && list[at].rv == rv {
		out.NotBefore = later(out.NotBefore, list[at].NotBefore)
	} else if at > 0 {
		out.NotBefore = later(out.NotBefore, list[at-1].NotBefore)
	}
	return ordered(out), nil
}

// read sums up the pins of one block: beginnings carried forward, ends carried back.
func (r *ClockReader) read(ctx context.Context, n, i int) ([]reading, error) {
	b := r.clock.epochs[n].blocks[i]
	var list []reading
	for p, err := range r.clock.pins(ctx, r.st, store.RVRange{From: b.first, To: b.last}) {
		if err != nil {
			return nil, err
		}
		if r.clock.EpochAt(p.Before) != n {
			continue
		}
		if len(list) == 0 || list[len(list)-1].rv != p.RV {
			list = append(list, reading{rv: p.RV})
		}
		last := &list[len(list)-1]
		last.NotAfter = earlier(last.NotAfter, p.Before)
		if p.Made {
			last.NotBefore = later(last.NotBefore, p.After)
		}
	}
	for k := 1; k < len(list); k++ {
		list[k].NotBefore = later(list[k].NotBefore, list[k-1].NotBefore)
	}
	for k := len(list) - 2; k >= 0; k-- {
		list[k].NotAfter = earlier(list[k].NotAfter, list[k+1].NotAfter)
	}
	if r.kept++; r.kept > keptBlocks {
		r.forget()
		r.kept = 1
	}
	r.epochs[n][i] = list
	return list, nil
}
