package local

import (
	"context"
	"sync"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/record"
)

// basisReceived says in an answer that a moment is when the watch delivered the state.
const basisReceived = "received"

// receivedAt gives when a live watch delivered what r tells, where that lies within the interval and tells more than its end does;
// zero where not. An import has one time for all it read, so only what the run of a watch covers counts: imports have no runs.
func receivedAt(r *record.Record, w index.Interval) time.Time {
	at := r.Provenance.ReceivedAt
	if !r.Provenance.Sources.Has(record.FromWatch) || at.IsZero() || at.Before(w.NotBefore) || (!w.NotAfter.IsZero() && !at.Before(w.NotAfter)) {
		return time.Time{}
	}
	return at
}

// ran reports whether the run of a watch covers a resourceVersion.
func (w *watches) ran(scope watchScope, rv record.ResourceVersion) bool {
	for _, s := range [...]watchScope{scope, {resource: scope.resource}} {
		for _, run := range w.runs[s] {
			if run.from < rv && rv <= run.to {
				return true
			}
		}
	}
	return false
}

// received is when a live watch delivered the states of a life, and its end; zero where that does not count. It changes
// the moments that are shown and nothing else: intervals, joins and the state at a time rest on what the records prove.
type received struct {
	states []time.Time // nil: none
	end    time.Time
}

func (e *Engine) received(ctx context.Context, l *index.Life) (received, error) {
	return receivedBy(l, func() (*watches, error) { return e.watches(ctx, l.Entry.Ref.Cluster) })
}

// receivedBy is received for a question that has the watches of the cluster at hand; they are only asked for where that may count.
func receivedBy(l *index.Life, load func() (*watches, error)) (received, error) {
	var got received
	some := false
	for i := range l.States {
		for _, r := range l.States[i].Chosen.Records {
			if at := receivedAt(r, l.When[i]); !at.IsZero() {
				if got.states == nil {
					got.states = make([]time.Time, len(l.States))
				}
				got.states[i] = earliest(got.states[i], at)
				some = true
			}
		}
	}
	if l.End != nil {
		got.end = receivedAt(l.End, l.EndWhen)
		some = some || !got.end.IsZero()
	}
	if !some {
		return received{}, nil
	}
	ws, err := load()
	if err != nil {
		return received{}, err
	}
	scope := watchScope{l.Entry.Ref.GroupResource(), l.Entry.Ref.Namespace}
	for i := range got.states {
		if !ws.ran(scope, l.States[i].RV) {
			got.states[i] = time.Time{}
		}
	}
	if l.End == nil || !ws.ran(scope, l.End.End.RV) {
		got.end = time.Time{}
	}
	return got, nil
}

// when tells when a state was committed.
func (r received) when(l *index.Life, i int) engine.When {
	var at time.Time
	if r.states != nil {
		at = r.states[i]
	}
	return whenReceived(l.When[i], at)
}

// at is the moment by which a state is shown.
func (r received) at(l *index.Life, i int) time.Time { return *timeOr(r.when(l, i).At) }

func (r received) endWhen(l *index.Life) engine.When { return whenReceived(l.EndWhen, r.end) }

func timeOr(t *time.Time) *time.Time {
	if t == nil {
		return new(time.Time)
	}
	return t
}

func whenReceived(w index.Interval, at time.Time) engine.When {
	out := whenOf(w)
	if !at.IsZero() {
		out.At, out.Basis = timePtr(at), basisReceived
	}
	return out
}

// receivedRecords tells the same of single records, of one cluster, for a scan.
type receivedRecords struct {
	load func() (*watches, error)
}

func (e *Engine) receivedRecords(ctx context.Context, cluster record.Cluster) receivedRecords {
	return receivedRecords{sync.OnceValues(func() (*watches, error) { return e.watches(ctx, cluster) })}
}

// at gives when a live watch delivered a revision or an end; zero where that does not count.
func (c receivedRecords) at(r *record.Record, w index.Interval) (time.Time, error) {
	var rv record.ResourceVersion
	switch r.Kind {
	case record.KindRevision:
		rv = r.Revision.RV
	case record.KindEnd:
		rv = r.End.RV
	default:
		return time.Time{}, nil
	}
	at := receivedAt(r, w)
	if at.IsZero() {
		return at, nil
	}
	ws, err := c.load()
	if err != nil || !ws.ran(watchScope{r.Ref.GroupResource(), r.Ref.Namespace}, rv) {
		return time.Time{}, err
	}
	return at, nil
}
