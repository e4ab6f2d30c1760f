package join

import (
	"slices"
	"sort"
	"time"

	"github.com/kubewake/kubewake/record"
)

// joiner holds the state of one call of Object.
type joiner struct {
	in       Input
	resource string
	writes   []*write
	along    []*write // such that may have ended what the object goes with
	revs     []*rev
	end      *rev // the end as a target; nil where the object has not ended
	out      Result
	hasSub   bool // the object has a status subresource
	oneEpoch bool
}

// rev is one thing to be explained: a revision, or the end.
type rev struct {
	rec     *record.Record
	rv      record.ResourceVersion
	epoch   int
	body    body
	chg     change
	watched bool
	when    Interval
	cand    []*write
	isEnd   bool
	prev    *rev // the revision recorded before; nil for the first one, and where an epoch begins
	gap     bool // records show that something lies between prev and this one
	ranked  bool // siblings narrowed the candidates
	uneven  bool // creates without a name and the objects of that time differ in number
	// baseline is the newest managedFields entry of a first state that its candidates were found by; else nil.
	baseline *managedEntry
}

// prevRV is the resourceVersion recorded before; zero if none.
func (r *rev) prevRV() record.ResourceVersion {
	if r.prev == nil {
		return 0
	}
	return r.prev.rv
}

func newJoiner(in Input) *joiner {
	return &joiner{in: in, resource: in.Ref.Resource, out: Result{
		Makers:    make(map[record.ResourceVersion]Maker, len(in.Revisions)),
		Intervals: make(map[record.ResourceVersion]Interval, len(in.Revisions)),
		MadeBy:    map[record.ID][]record.ResourceVersion{},
		NoOps:     map[record.ID]bool{},
	}}
}

func (j *joiner) run() Result {
	j.writes = j.writesOf(j.in.Requests, j.concerns)
	j.along = j.writesOf(j.in.Along, func(*record.Record) bool { return true })
	j.targets()
	j.gaps()
	j.changes()
	j.boundByRecords()
	j.gather()
	j.settle()
	j.outlives()
	j.gone()
	j.settle()
	j.siblings()
	j.settle()
	j.baseline()
	j.verdicts()
	return j.out
}

// targets reads the revisions and the end.
func (j *joiner) targets() {
	j.oneEpoch = true
	for i := range j.in.Revisions {
		v := &j.in.Revisions[i]
		if v.Record == nil || v.Record.Revision == nil {
			continue
		}
		r := &rev{rec: v.Record, rv: v.Record.Revision.RV, epoch: v.Epoch, body: readBody(v.Record), when: v.When}
		r.watched = v.Record.Provenance.Sources&(record.FromWatch|record.FromList) != 0
		j.revs = append(j.revs, r)
	}
	slices.SortStableFunc(j.revs, func(a, b *rev) int {
		if a.epoch != b.epoch {
			return a.epoch - b.epoch
		}
		if a.rv < b.rv {
			return -1
		}
		if a.rv > b.rv {
			return 1
		}
		return 0
	})
	for i, r := range j.revs {
		if i > 0 && j.revs[i-1].epoch == r.epoch {
			r.prev = j.revs[i-1]
		}
		j.oneEpoch = j.oneEpoch && r.epoch == j.revs[0].epoch
		for k := range r.body.managed {
			j.hasSub = j.hasSub || r.body.managed[k].subresource == "status"
		}
	}
	for _, w := range j.writes {
		j.hasSub = j.hasSub || w.sub == "status"
	}
	if j.in.End == nil || j.in.End.End == nil {
		return
	}
	j.end = &rev{rec: j.in.End, rv: j.in.End.End.RV, when: j.in.EndWhen, isEnd: true}
	j.end.watched = j.in.End.End.Sources.Has(record.FromWatch)
	if n := len(j.revs); n > 0 {
		j.end.prev, j.end.epoch = j.revs[n-1], j.revs[n-1].epoch
	}
}

// gaps marks revisions before which something was lost: a resourceVersion that a successful update named and that was
// not recorded, or a jump of the generation.
func (j *joiner) gaps() {
	for _, w := range j.writes {
		if w.act != actUpdate || w.doubtful || w.q.NamedRV == 0 || !j.oneEpoch {
			continue
		}
		i := sort.Search(len(j.revs), func(i int) bool { return j.revs[i].rv >= w.q.NamedRV })
		switch {
		case i == 0 || i < len(j.revs) && j.revs[i].rv == w.q.NamedRV:
			continue // recorded, or from before the first recorded one
		case i < len(j.revs):
			j.revs[i].gap = true
		case j.end != nil:
			j.end.gap = true
		}
		j.lose(MissingRevision, w.q.NamedRV, w.q.NamedRV, w, "A successful update replaced resourceVersion %d, which was not recorded.", w.q.NamedRV)
	}
	for _, r := range j.revs {
		if r.prev != nil && r.body.gen > r.prev.body.gen+1 && r.prev.body.gen > 0 {
			r.gap = true
			j.lose(MissingRevision, r.prev.rv, r.rv, nil, "metadata.generation goes from %d to %d: at least one state between was not recorded.", r.prev.body.gen, r.body.gen)
		}
	}
}

// changes compares each revision with the one before, where that is the one directly before.
func (j *joiner) changes() {
	for _, r := range j.revs {
		switch {
		case r.prev != nil && r.body.known && r.prev.body.known && !r.gap && j.direct(r):
			r.chg = compare(&r.prev.body, &r.body)
			if len(r.chg.written) > 1 { // one write makes one entry new
				r.gap, r.chg = true, change{}
				j.lose(MissingRevision, r.prev.rv, r.rv, nil, "Several managedFields entries are new at resourceVersion %d: at least one state before it was not recorded.", r.rv)
			}
		case r.prev == nil && r.epoch == j.revs[0].epoch && r.body.createdState() && !j.boundAlready(r):
			r.chg = change{first: true, written: r.body.managed, unmanaged: len(r.body.managed) == 0}
		}
	}
}

// boundAlready reports whether r is a Pod that its recorded binding has reached already: not the state of its creation.
func (j *joiner) boundAlready(r *rev) bool {
	if j.resource != "pods" {
		return false
	}
	spec, _ := members(find(r.body.top, "spec"))
	if len(find(spec, "nodeName")) <= 2 {
		return false
	}
	return slices.ContainsFunc(j.writes, func(w *write) bool { return w.act == actBind && w.q.NamedUID == j.in.Ref.UID && !w.doubtful })
}

// direct reports whether nothing can lie unseen between r and the revision before: both were watched, or no
// write whose answer does not show what it made lies between.
func (j *joiner) direct(r *rev) bool {
	if r.watched && r.prev.watched {
		return true
	}
	between := Interval{NotBefore: r.prev.when.NotBefore, NotAfter: r.when.NotAfter}
	for _, w := range j.writes {
		if w.nameless && w.act == actCreate || w.answered() && !w.removes() {
			continue
		}
		if w.fits(between, j.in.Skew) {
			return false
		}
	}
	return true
}

// all gives the revisions and, where there is one, the end.
func (j *joiner) all() []*rev {
	if j.end == nil {
		return j.revs
	}
	return append(slices.Clip(j.revs), j.end)
}

// boundByRecords narrows the intervals by what bodies and requests tell of time, then makes them monotonous.
func (j *joiner) boundByRecords() {
	skew := j.in.Skew
	for _, r := range j.revs {
		low := latest(r.body.created, r.chg.deletedAt)
		for k := range r.body.managed {
			low = latest(low, r.body.managed[k].time)
		}
		if !low.IsZero() {
			r.when = r.when.And(Interval{NotBefore: low.Add(-skew)})
		}
	}
	if j.oneEpoch {
		for _, w := range j.writes {
			if w.doubtful {
				continue
			}
			j.boundByWrite(w)
		}
	}
	j.monotonous()
}

func (j *joiner) boundByWrite(w *write) {
	if len(j.revs) == 0 {
		return
	}
	below := func(rv record.ResourceVersion, at time.Time) {
		if i := sort.Search(len(j.revs), func(i int) bool { return j.revs[i].rv > rv }); i > 0 && !at.IsZero() {
			j.revs[i-1].when = j.revs[i-1].when.And(Interval{NotAfter: at.Add(j.in.Skew)})
		}
	}
	switch {
	case w.act == actUpdate && w.q.NamedRV != 0:
		below(w.q.NamedRV, w.from)
	case w.act != actCreate && w.q.NamedUID == j.in.Ref.UID:
		j.revs[0].when = j.revs[0].when.And(Interval{NotAfter: w.from.Add(j.in.Skew)})
	}
	if w.answered() && w.q.AnswerUID == j.in.Ref.UID {
		below(w.q.AnswerRV, w.to)
	}
}

// monotonous carries lower bounds forward and upper bounds back, within an epoch.
func (j *joiner) monotonous() {
	list := j.all()
	for i := 1; i < len(list); i++ {
		if list[i].prev != nil {
			list[i].when = list[i].when.And(Interval{NotBefore: list[i-1].when.NotBefore})
		}
	}
	for i := len(list) - 2; i >= 0; i-- {
		if list[i+1].prev != nil {
			list[i].when = list[i].when.And(Interval{NotAfter: list[i+1].when.NotAfter})
		}
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
