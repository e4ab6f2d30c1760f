package index

import (
	"hash/fnv"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
)

// TestTwoApiservers shifts the times of half of the requests, as a second apiserver would whose clock goes ahead: nothing wrong may be said.
func TestTwoApiservers(t *testing.T) {
	const ahead = 300 * time.Millisecond
	for _, strip := range []int{0, 1} {
		for _, name := range []string{"deployment", "scenarios"} {
			list := recordsOf(t, strip, name)
			st := liveStore(t)
			if _, err := st.Append(t.Context(), shifted(list, ahead)); err != nil {
				t.Fatal(err)
			}
			truth := liveStore(t)
			if _, err := truth.Append(t.Context(), recordsOf(t, 0, name)); err != nil {
				t.Fatal(err)
			}
			want, got := makersOf(t, truth), makersOf(t, st)
			var total, single, actor, wrong, lacking int
			for at, w := range want {
				if w.Certainty != join.Exact && w.Certainty != join.Inferred {
					continue
				}
				g, ok := got[at]
				if !ok {
					continue
				}
				total++
				is := func(r *record.Record) bool { return r.Request.AuditID == w.Request.Request.AuditID }
				switch g.Certainty {
				case join.Exact, join.Inferred:
					if !is(g.Request) {
						wrong++
						t.Logf("%s stripped %d: %v %d by %s %s (%s), was %s %s: %v", name, strip, at, g.Certainty, g.Request.Request.Verb, g.Request.Request.Actor.User, g.Rule, w.Request.Request.Verb, w.Request.Request.Actor.User, g.Evidence)
						continue
					}
					single, actor = single+1, actor+1
				case join.Candidates:
					if !slices.ContainsFunc(g.Candidates, is) {
						lacking++
						t.Logf("%s stripped %d: the candidates for %v lack %s by %s", name, strip, at, w.Request.Request.Verb, w.Request.Request.Actor.User)
					} else if !slices.ContainsFunc(g.Candidates, func(r *record.Record) bool { return r.Request.Actor.User != w.Request.Request.Actor.User }) {
						actor++
					}
				}
			}
			clock, err := NewClocks(st).Of(t.Context(), "local", record.MainStorage)
			if err != nil {
				t.Fatal(err)
			}
			share := func(n int) float64 { return 100 * float64(n) / float64(total) }
			t.Logf("%s stripped %d: skew %v, epochs %d; of %d wrong %d, lacking %d, single %.2f %%, actor %.2f %%", name, strip, clock.Skew(), clock.Epochs(), total, wrong, lacking, share(single), share(actor))
			if wrong > 0 {
				t.Errorf("%s stripped %d: %d wrong", name, strip, wrong)
			}
		}
	}
}

// shifted gives copies in which the requests of one of two apiservers are told by another clock.
func shifted(list []*record.Record, by time.Duration) []*record.Record {
	out := make([]*record.Record, len(list))
	for i, r := range list {
		out[i] = r
		if r.Request == nil {
			continue
		}
		h := fnv.New32a()
		_, _ = h.Write([]byte(r.Request.AuditID))
		if h.Sum32()%2 == 0 {
			continue
		}
		c, q := *r, *r.Request
		c.OccurredAt = r.OccurredAt.Add(by)
		if !q.StageAt.IsZero() {
			q.StageAt = q.StageAt.Add(by)
		}
		c.Request = &q
		out[i] = &c
	}
	return out
}
