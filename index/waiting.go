package index

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// waiting are the objects that were touched and are to be joined, in the order in which they came.
type waiting struct {
	of    map[record.UID]*wait
	order []record.UID             // may hold some that were taken out
	next  map[record.UID]time.Time // not to be joined before: dear ones
}

type wait struct{ since, last time.Time }

func newWaiting() waiting {
	return waiting{of: map[record.UID]*wait{}, next: map[record.UID]time.Time{}}
}

func (w *waiting) len() int { return len(w.of) }

func (w *waiting) oldest() time.Time {
	for len(w.order) > 0 {
		if at := w.of[w.order[0]]; at != nil {
			return at.since
		}
		w.order = w.order[1:]
	}
	return time.Time{}
}

func (w *waiting) add(uid record.UID, now time.Time) {
	if at := w.of[uid]; at != nil {
		at.last = now
		return
	}
	w.of[uid] = &wait{now, now}
	w.order = append(w.order, uid)
}

const (
	quietFor   = time.Second     // an object is joined when nothing touched it for so long
	waitAtMost = 5 * time.Second // or when it has waited so long
	dearJoin   = 5 * time.Millisecond
	restFactor = 20 // a dear one rests for so many times what it cost
)

// take gives up to n objects that are to be joined now; all at once, quiet or not.
func (w *waiting) take(n int, now time.Time, all bool) []record.UID {
	var out, left []record.UID
	for i, uid := range w.order {
		if len(out) == n {
			left = append(left, w.order[i:]...)
			break
		}
		at := w.of[uid]
		if at == nil {
			continue
		}
		ready := now.Sub(at.last) >= quietFor || now.Sub(at.since) >= waitAtMost
		if !all && (!ready || now.Before(w.next[uid])) {
			left = append(left, uid)
			continue
		}
		delete(w.of, uid)
		out = append(out, uid)
	}
	w.order = left
	return out
}

// cost notes what a join took.
func (w *waiting) cost(uid record.UID, took time.Duration, now time.Time) {
	if took < dearJoin {
		delete(w.next, uid)
		return
	}
	w.next[uid] = now.Add(restFactor * took)
	if len(w.next) > 1<<14 {
		for old, at := range w.next {
			if at.Before(now) {
				delete(w.next, old)
			}
		}
	}
}

func (w *waiting) list() []record.UID {
	var out []record.UID
	for _, uid := range w.order {
		if w.of[uid] != nil {
			out = append(out, uid)
		}
	}
	return out
}

// recent remembers which objects have revisions and ends at the resourceVersions written last, so that they need not be looked for.
type recent struct {
	above record.ResourceVersion // complete from behind here; with known
	known bool
	list  []revised
}

type revised struct {
	rv  record.ResourceVersion
	uid record.UID
}

const maxRecent = 1 << 16

func (r *recent) add(rv record.ResourceVersion, uid record.UID) {
	if !r.known || rv <= r.above {
		return
	}
	r.list = append(r.list, revised{rv, uid})
	if len(r.list) < maxRecent {
		return
	}
	slices.SortFunc(r.list, func(a, b revised) int { return cmp.Compare(a.rv, b.rv) })
	half := len(r.list) / 2
	r.above = r.list[half-1].rv
	r.list = slices.DeleteFunc(slices.Clone(r.list), func(v revised) bool { return v.rv <= r.above })
}

// in gives the objects with a revision in a range; false: it does not remember so far back.
func (r *recent) in(between store.RVRange, f func(record.UID)) bool {
	if !r.known || between.From <= r.above {
		return false
	}
	for _, v := range r.list {
		if v.rv >= between.From && (between.To == 0 || v.rv <= between.To) {
			f(v.uid)
		}
	}
	return true
}
