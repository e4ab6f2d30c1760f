package index

import (
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// follow marks the states of which it is certain that no other lies between them and the one before: the request that made
// it names the one before; or a watch that told of no gap delivered it; or every write to the resource was recorded
// with its answer. A loss that the records show is always between states that do not follow.
func (l *Life) follow(ctx context.Context, st store.Store) error {
	if len(l.States) < 2 {
		return nil
	}
	gaps, err := l.sourceGaps(ctx, st)
	if err != nil {
		return err
	}
	var audited func(from, to time.Time) bool
	for i := 1; i < len(l.States); i++ {
		if l.Epochs[i] != l.Epochs[i-1] || l.lost(i) {
			continue
		}
		if l.names(i) || l.watched(i, gaps) {
			l.States[i].Follows = true
			continue
		}
		if l.Makers[i].Certainty != join.Exact {
			continue
		}
		if audited == nil {
			if audited, err = l.audited(ctx, st); err != nil {
				return err
			}
		}
		l.States[i].Follows = audited(l.When[i-1].NotBefore, l.When[i].NotAfter) && !touched(gaps, l.When[i-1], l.When[i])
	}
	return nil
}

// lost reports whether the records show that something is missing before state i.
func (l *Life) lost(i int) bool {
	if before, after := generation(&l.States[i-1]), generation(&l.States[i]); before > 0 && after > before+1 {
		return true
	}
	return slices.ContainsFunc(l.Losses, func(loss join.Loss) bool {
		return loss.Kind == join.MissingRevision && loss.FromRV < l.States[i].RV && (loss.ToRV == 0 || loss.ToRV > l.States[i-1].RV)
	})
}

func generation(s *object.State) int64 { return object.MetaOf(s.Value).Generation }

// names reports whether the request that made state i names the one before it.
func (l *Life) names(i int) bool {
	m := l.Makers[i]
	return m.Certainty == join.Exact && m.Request != nil && m.Request.Request.NamedRV == l.States[i-1].RV
}

// watched reports whether one watch delivered state i after the one before it.
func (l *Life) watched(i int, gaps []*record.Record) bool {
	return sources(&l.States[i]).Has(record.FromWatch) && sources(&l.States[i-1])&(record.FromWatch|record.FromList) != 0 &&
		!touched(gaps, l.When[i-1], l.When[i])
}

func sources(s *object.State) (all record.Sources) {
	for _, r := range s.Chosen.Records {
		all |= r.Provenance.Sources
	}
	return all
}

// sourceGaps are the gaps that the sources told of, where they may hide a state of the object.
func (l *Life) sourceGaps(ctx context.Context, st store.Store) ([]*record.Record, error) {
	ref := l.Entry.Ref
	var out []*record.Record
	for g, err := range st.Gaps(ctx, ref.Cluster, store.TimeRange{From: l.Entry.CreatedAt}) {
		if err != nil {
			return nil, err
		}
		if (g.Ref.Resource == "" || g.Ref.GroupResource() == ref.GroupResource()) && (g.Ref.Namespace == "" || g.Ref.Namespace == ref.Namespace) &&
			(g.Ref.Name == "" || g.Ref.Name == ref.Name) {
			out = append(out, g)
		}
	}
	return out, nil
}

// touched reports whether a gap may lie between two states; what is not known of either may.
func touched(gaps []*record.Record, a, b Interval) bool {
	return slices.ContainsFunc(gaps, func(g *record.Record) bool {
		endsBefore := !g.Gap.Until.IsZero() && !a.NotBefore.IsZero() && g.Gap.Until.Before(a.NotBefore)
		beginsAfter := !g.OccurredAt.IsZero() && !b.NotAfter.IsZero() && g.OccurredAt.After(b.NotAfter)
		return !endsBefore && !beginsAfter
	})
}

// audited gives a test whether every recorded write to the resource in a time was recorded with its answer.
func (l *Life) audited(ctx context.Context, st store.Store) (func(from, to time.Time) bool, error) {
	ref := l.Entry.Ref
	low := map[time.Time]bool{}
	for s, err := range st.Seen(ctx, ref.Cluster, store.TimeRange{From: l.Entry.CreatedAt.Truncate(time.Hour)}) {
		if err != nil {
			return nil, err
		}
		if !s.Write || s.Resource != ref.GroupResource() {
			continue
		}
		less := slices.ContainsFunc(s.Levels, func(level record.Level) bool { return level < record.LevelRequestResponse })
		low[s.Hour] = low[s.Hour] || less || s.Truncated
	}
	return func(from, to time.Time) bool {
		if from.IsZero() || to.IsZero() {
			return false
		}
		for hour, is := range low {
			if is && hour.Before(to) && hour.Add(time.Hour).After(from) {
				return false
			}
		}
		return true
	}, nil
}
