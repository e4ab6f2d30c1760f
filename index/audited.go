package index

import (
	"context"
	"fmt"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// NotAudited begins the evidence of a state whose maker can not be known, since the audit policy left it out.
const NotAudited = "Actor not audited"

// tellNotAudited says so of the states without a maker in whose hours no write to the resource was audited at all: their request is not
// missing among those that were recorded, the audit policy leaves them out or no audit log of that time was read.
func (l *Life) tellNotAudited(ctx context.Context, st store.Store) error {
	open := func(m join.Maker) bool { return m.Certainty == join.Unknown && m.Rule == join.RuleNone }
	some := l.End != nil && open(l.EndMaker)
	for _, m := range l.Makers {
		some = some || open(m)
	}
	if !some {
		return nil
	}
	hours, err := auditedHours(ctx, st, l.Entry.Ref)
	if err != nil {
		return err
	}
	mark := func(m *join.Maker, w Interval) {
		if !open(*m) || auditedIn(hours, w) {
			return
		}
		m.Evidence = []string{fmt.Sprintf("%s: no write to %s was audited %s.", NotAudited, l.Entry.Ref.GroupResource(), inHours(w))}
	}
	for i := range l.Makers {
		mark(&l.Makers[i], l.When[i])
	}
	if l.End != nil {
		mark(&l.EndMaker, l.EndWhen)
	}
	return nil
}

// auditedHours are those in which writes to a resource were audited.
func auditedHours(ctx context.Context, st store.Store, ref record.ObjectRef) (map[time.Time]bool, error) {
	hours := map[time.Time]bool{}
	for s, err := range st.Seen(ctx, ref.Cluster, store.TimeRange{}) {
		if err != nil {
			return nil, err
		}
		if s.Write && s.Resource == ref.GroupResource() {
			hours[s.Hour] = true
		}
	}
	return hours, nil
}

// auditedIn reports whether one of the hours may hold a commit in w; an end that is not known bounds nothing.
func auditedIn(hours map[time.Time]bool, w Interval) bool {
	for hour := range hours {
		before := !w.NotBefore.IsZero() && !hour.Add(time.Hour).After(w.NotBefore)
		after := !w.NotAfter.IsZero() && hour.After(w.NotAfter)
		if !before && !after {
			return true
		}
	}
	return false
}

func inHours(w Interval) string {
	if w.NotBefore.IsZero() || w.NotAfter.IsZero() {
		return "in the time of this change"
	}
	from, to := w.NotBefore.UTC().Truncate(time.Hour), w.NotAfter.UTC().Truncate(time.Hour)
	if from.Equal(to) {
		return "in the hour of this change, from " + from.Format("2006-01-02 15:04") + " UTC"
	}
	return "from " + from.Format("2006-01-02 15:04") + " to " + to.Add(time.Hour).Format("2006-01-02 15:04") + " UTC, the time of this change"
}
