package join

import (
	"maps"

	"github.com/kubewake/kubewake/record"
)

// Joined is what the joins of all epochs of an object say; Makers and Intervals stand in the order of Input.Revisions, since a
// restore lets a resourceVersion be used twice.
type Joined struct {
	Makers    []Maker
	Intervals []Interval
	// Result holds the rest; its maps by resourceVersion are those of the last epoch.
	Result
	Pins []record.Pin // see Result.Pins, of all epochs
}

// ByEpoch joins the records of an object epoch by epoch: a request of one epoch made no state of another. A request that
// was under way when an epoch began is held against both.
func ByEpoch(in Input, epochs []Epoch) Joined {
	first, last := epochsOfInput(in)
	if first == last {
		return aligned(Joined{Result: Object(in)}, in)
	}
	out := Joined{Makers: make([]Maker, 0, len(in.Revisions)), Result: Result{NoOps: map[record.ID]bool{}, MadeBy: map[record.ID][]record.ResourceVersion{}}}
	for from := 0; from < len(in.Revisions); {
		n, to := in.Revisions[from].Epoch, from+1
		for to < len(in.Revisions) && in.Revisions[to].Epoch == n {
			to++
		}
		part := in
		part.Revisions, part.Requests = in.Revisions[from:to], requestsIn(epochs, in.Requests, n)
		part.CreatedInRecording = in.CreatedInRecording && from == 0
		if to < len(in.Revisions) {
			part.End, part.EndWhen = nil, Interval{}
		}
		out = out.with(Object(part), part)
		from = to
	}
	return out
}

// epochsOfInput gives the least and the greatest epoch of the revisions, which stand in their order.
func epochsOfInput(in Input) (first, last int) {
	if len(in.Revisions) == 0 {
		return 0, 0
	}
	return in.Revisions[0].Epoch, in.Revisions[len(in.Revisions)-1].Epoch
}

func requestsIn(epochs []Epoch, requests []*record.Record, n int) (out []*record.Record) {
	for _, r := range requests {
		if r == nil || r.Request == nil {
			continue
		}
		if EpochAt(epochs, r.OccurredAt) == n || !r.Request.StageAt.IsZero() && EpochAt(epochs, r.Request.StageAt) == n {
			out = append(out, r)
		}
	}
	return out
}

// with adds the join of the next epoch.
func (j Joined) with(r Result, in Input) Joined {
	losses, reused := append(j.Losses, r.Losses...), append(j.Reused, r.Reused...)
	maps.Copy(j.NoOps, r.NoOps)
	for id, rvs := range r.MadeBy {
		j.MadeBy[id] = append(j.MadeBy[id], rvs...)
	}
	noOps, madeBy := j.NoOps, j.MadeBy
	j.Result = r
	j.Losses, j.Reused, j.NoOps, j.MadeBy = losses, reused, noOps, madeBy
	return aligned(j, in)
}

// aligned adds the makers of a part's revisions.
func aligned(j Joined, in Input) Joined {
	for _, v := range in.Revisions {
		m, ok := j.Result.Makers[v.Record.Revision.RV]
		if !ok {
			m.Certainty = Unknown
		}
		j.Makers = append(j.Makers, m)
		j.Intervals = append(j.Intervals, j.Result.Intervals[v.Record.Revision.RV])
	}
	j.Pins = append(j.Pins, j.Result.Pins()...)
	return j
}
