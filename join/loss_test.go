package join

import (
	"math/rand/v2"
	"testing"
)

// TestNoFalseLosses: whole recordings show no loss of a revision. Objects from before the recording and those written by
// unaudited requests (leases) have no makers.
func TestNoFalseLosses(t *testing.T) {
	for _, name := range recordingsOf("deployment-metadata", "scenarios", "deployment-allstages") {
		for _, strip := range [...]bool{false, true} {
			c := load(t, name, strip)
			for uid, r := range c.join() {
				o := c.objects[uid]
				if o.ref.Resource == "leases" {
					continue // renewed between the two audit logs of a recording, which is a loss indeed
				}
				for _, l := range r.Losses {
					t.Errorf("%s stripped=%v: %s %s/%s (%s): %+v", name, strip, o.ref.Resource, o.ref.Namespace, o.ref.Name, uid, l)
				}
			}
		}
	}
}

// TestRecordedLosses removes one line of twenty, and says how often a maker is wrong then, and how many of the
// objects that lost something are flagged. An exact maker is wrong only where two neighbouring facts are lost at once.
func TestRecordedLosses(t *testing.T) {
	for _, name := range recordingsOf("deployment", "scenarios") {
		truth := truthOf(t, name)
		whole := load(t, name, false)
		for _, strip := range [...]bool{false, true} {
			rng := rand.New(rand.NewPCG(1, 7))
			c := loadLossy(t, name, strip, func() bool { return rng.IntN(20) == 0 })
			var exact, inferred, named, lossy, flagged int
			for uid, r := range c.join() {
				for rv, m := range r.Makers {
					want := truth[truthKey{UID: uid, RV: rv}]
					if want == nil || m.Request == nil {
						continue
					}
					named++
					switch {
					case m.Request.Request.AuditID == want.AuditID:
					case m.Certainty == Exact:
						exact++
					default:
						inferred++
					}
				}
				if c.objects[uid].states() < whole.objects[uid].states() {
					lossy++
					if len(r.Losses) > 0 {
						flagged++
					}
				}
			}
			t.Logf("%s stripped=%v: of %d named makers %d exact and %d inferred are wrong; %d of %d objects that lost a state are flagged",
				name, strip, named, exact, inferred, flagged, lossy)
			if 200*exact > named || 50*inferred > named || !strip && exact+inferred > 0 {
				t.Errorf("too many wrong makers")
			}
		}
	}
}

// states counts the resourceVersions of which a body was recorded.
func (l *lifeOf) states() int {
	n := len(l.watched)
	for rv := range l.answers {
		if l.watched[rv] == nil {
			n++
		}
	}
	return n
}
