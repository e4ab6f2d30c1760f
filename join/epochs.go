package join

import (
	"iter"
	"slices"
	"sort"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Epoch is a stretch of a storage's life in which resourceVersions run forward.
type Epoch struct {
	From        time.Time // its first moment; zero for the first one
	First, Last record.ResourceVersion
	// Told says that watches of ours were there when it began (see Turn): what they delivered from then on is of this epoch or a later one.
	Told bool
}

// EpochTolerance is how far back resourceVersions must go in time to open an epoch: clocks of apiservers differ.
const EpochTolerance = 10 * time.Second

// maxEpochs bounds the passes over the pins; a storage is restored a few times in its life.
const maxEpochs = 64

// Epochs divides the life of a storage. Within an epoch, for all pins p and q
//
//	p.RV > q.RV and q.Made  =>  q.After <= p.Before
//
// (q committed its resourceVersion after q.After, and before the greater one was known). A pin that breaks this by more
// than EpochTolerance belongs to a later epoch; the earliest of those begins it. down yields all pins by falling
// resourceVersion, and is called once for each epoch and once more; nothing is kept of what it yields. An epoch begins also where watches
// tell it (turns, see Turns), which pins alone can not always show. The result is a function of the sets of pins and turns; it is empty
// where there are no pins.
func Epochs(down func() iter.Seq2[record.Pin, error], turns ...Turn) ([]Epoch, error) {
	var out []Epoch
	var from time.Time
	for range maxEpochs {
		next, e, err := nextEpoch(down(), from)
		if err != nil {
			return nil, err
		}
		if e.Last == 0 {
			return out, closeEpochs(down, out)
		}
		e.Told = !from.IsZero() && Tells(turns, from)
		out = append(out, e)
		if next = turnBefore(turns, from, next); next.IsZero() {
			return out, closeEpochs(down, out)
		}
		from = next
	}
	return out, closeEpochs(down, out)
}

// nextEpoch finds where the epoch behind the one that begins at from begins; zero if there is none.
func nextEpoch(down iter.Seq2[record.Pin, error], from time.Time) (next time.Time, e Epoch, err error) {
	e.From = from
	var known, same time.Time // earliest end of a request that knew a greater resourceVersion; of those at the current one
	var at record.ResourceVersion
	for p, err := range down {
		if err != nil {
			return next, e, err
		}
		if p.Before.Before(from) || p.After.Before(from) {
			continue
		}
		if p.RV != at {
			known, same, at = earliest(known, same), time.Time{}, p.RV
		}
		if e.Last == 0 {
			e.Last = p.RV
		}
		e.First = p.RV
		same = earliest(same, p.Before)
		if p.Made && !known.IsZero() && p.After.After(known.Add(EpochTolerance)) {
			next = earliest(next, p.After)
		}
	}
	return next, e, nil
}

// closeEpochs sets the range of each epoch, now that all beginnings are known.
func closeEpochs(down func() iter.Seq2[record.Pin, error], list []Epoch) error {
	if len(list) < 2 {
		return nil
	}
	for i := range list {
		list[i].First, list[i].Last = 0, 0
	}
	for p, err := range down() {
		if err != nil {
			return err
		}
		e := &list[EpochAt(list, p.Before)]
		e.First, e.Last = p.RV, max(e.Last, p.RV)
	}
	return nil
}

// EpochAt gives the epoch that was running at t.
func EpochAt(epochs []Epoch, t time.Time) int {
	n := sort.Search(len(epochs), func(i int) bool { return i > 0 && epochs[i].From.After(t) })
	return max(0, n-1)
}

// EpochOf assigns a revision to an epoch: by the requests that answered or named its resourceVersion, where all of them lie in one
// epoch; else, or where a restore let a resourceVersion be used twice, by the latest time that its body tells, which lies before its
// commit; a later epoch where the one of that time never reached so far. Requests are those that Input takes.
func EpochOf(epochs []Epoch, r *record.Record, requests []*record.Record) int {
	if len(epochs) < 2 || r.Revision == nil {
		return 0
	}
	if known := epochsOf(epochs, r, requests); len(known) == 1 {
		return known[0]
	}
	n, _ := bodyEpoch(epochs, r)
	for n+1 < len(epochs) && epochs[n].Last < r.Revision.RV && epochs[n+1].First <= r.Revision.RV {
		n++
	}
	return n
}

// epochsOf are the epochs of the requests that answered or named the resourceVersion of a revision, sorted.
func epochsOf(epochs []Epoch, r *record.Record, requests []*record.Record) (out []int) {
	note := func(at time.Time) {
		if n := EpochAt(epochs, at); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	for _, q := range requests {
		if q.Request == nil || !q.Request.Succeeded() {
			continue
		}
		if answered(q, r) {
			note(q.Request.StageAt)
		}
		if q.Request.Verb == "update" && q.Request.NamedUID == r.Ref.UID && q.Request.NamedRV == r.Revision.RV {
			note(q.OccurredAt)
		}
	}
	slices.Sort(out)
	return out
}

func answered(q, r *record.Record) bool {
	return q.Request.AnswerUID == r.Ref.UID && q.Request.AnswerRV == r.Revision.RV && q.Request.Answer != record.BodyStatus
}

// bodyEpoch is the epoch of the latest time that a body tells, or a later one if a watch that saw that begin delivered it; false: neither
// tells any. Times in bodies are cut to seconds, and a restore takes longer than one: what was written in the second in which an epoch
// begins was written in that epoch.
func bodyEpoch(epochs []Epoch, r *record.Record) (int, bool) {
	b := readBody(r)
	last := b.created
	for i := range b.managed {
		last = latest(last, b.managed[i].time)
	}
	if !b.deletion.IsZero() {
		last = latest(last, b.askedAt())
	}
	n, ok := 0, !last.IsZero()
	if ok {
		n = EpochAt(epochs, last.Add(time.Second-time.Nanosecond))
	}
	at := r.Provenance.ReceivedAt
	if at.IsZero() || !r.Provenance.Sources.Has(record.FromWatch) {
		return n, ok
	}
	for i := n + 1; i < len(epochs) && epochs[i].Told && !at.Before(epochs[i].From); i++ {
		n = i
	}
	return n, ok || slices.ContainsFunc(epochs, func(e Epoch) bool { return e.Told })
}

// SplitByEpoch divides the bodies of one resourceVersion that was used in several epochs, by the times that they tell. A body without
// times stays with those of the epoch that EpochOf gives it, or else with the first. One group where the bodies do not tell.
func SplitByEpoch(epochs []Epoch, variants, requests []*record.Record) (groups [][]*record.Record, of []int) {
	add := func(n int, r *record.Record) {
		i := slices.Index(of, n)
		if i < 0 {
			i = len(of)
			of, groups = append(of, n), append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	var rest []*record.Record
	for _, r := range variants {
		if n, ok := bodyEpoch(epochs, r); ok {
			add(n, r)
		} else {
			rest = append(rest, r)
		}
	}
	if len(of) < 2 {
		return [][]*record.Record{variants}, []int{EpochOf(epochs, variants[0], requests)}
	}
	for _, r := range rest {
		n := EpochOf(epochs, r, requests)
		if !slices.Contains(of, n) {
			n = of[0]
		}
		add(n, r)
	}
	return groups, of
}

// AnsweredInEpochs gives the requests that answered a revision's UID and resourceVersion, by received time, where they lie in several
// epochs; else nil.
func AnsweredInEpochs(epochs []Epoch, r *record.Record, requests []*record.Record) (out []*record.Record) {
	if len(epochsOf(epochs, r, requests)) < 2 {
		return nil
	}
	for _, q := range requests {
		if q.Request != nil && q.Request.Succeeded() && answered(q, r) {
			out = append(out, q)
		}
	}
	slices.SortStableFunc(out, func(a, b *record.Record) int { return a.OccurredAt.Compare(b.OccurredAt) })
	return out
}
