package join

import (
	"slices"
	"testing"

	"github.com/kubewake/kubewake/record"
)

// figures of one run over a recording.
type figures struct {
	total, exact, inferred, single, actor, several, unknown, wrong, missed int
}

func (c *recording) clock() *PinClock {
	var pins []record.Pin
	for _, e := range c.events {
		if p, storage, ok := record.PinOf(e.rec); ok && storage == record.MainStorage {
			pins = append(pins, p)
		}
	}
	return NewPinClock(pins)
}

// join runs twice: the second time with the pins that the exact makers of the first prove.
func (c *recording) join() map[record.UID]Result {
	var pins []record.Pin
	for _, r := range c.joinWith(nil) {
		pins = append(pins, r.Pins()...)
	}
	return c.joinWith(pins)
}

func (c *recording) joinWith(pins []record.Pin) map[record.UID]Result {
	clock := c.clock()
	out := map[record.UID]Result{}
	for uid, in := range c.inputs() {
		for i := range in.Revisions {
			in.Revisions[i].When = clock.When(in.Revisions[i].Record.Revision.RV)
		}
		if in.End != nil {
			in.EndWhen = clock.When(in.End.End.RV)
		}
		out[uid] = Object(in.WithPins(pins))
	}
	return out
}

func measure(t *testing.T, name string, truth map[truthKey]*rawEvent, strip bool) figures {
	t.Helper()
	c := load(t, name, strip)
	results := c.join()
	var f figures
	for k, want := range truth {
		l := c.objects[k.UID]
		m := results[k.UID].Makers[k.RV]
		if k.End {
			m = results[k.UID].End
		}
		f.total++
		sameActor := func(r *record.Record) bool {
			return r.Request.Actor.User == want.rec.Request.Actor.User && r.Request.Actor.UserAgent == want.rec.Request.Actor.UserAgent
		}
		switch m.Certainty {
		case Exact, Inferred:
			if m.Certainty == Exact {
				f.exact++
			} else {
				f.inferred++
			}
			if m.Request.Request.AuditID != want.AuditID {
				f.wrong++
				t.Errorf("%s %s/%s rv %d end=%v: %v by %s (%s %s), truth %s (%s %s) %v", l.ref.Kind, l.ref.Namespace, l.ref.Name, k.RV, k.End, m.Certainty, m.Request.Request.AuditID,
					m.Request.Request.Verb, m.Request.Ref.Subresource, want.AuditID, want.Verb, want.ObjectRef.Subresource, m.Evidence)
				continue
			}
			f.single++
			f.actor++
		case Candidates:
			f.several++
			if !slices.ContainsFunc(m.Candidates, func(r *record.Record) bool { return r.Request.AuditID == want.AuditID }) {
				f.missed++
				t.Errorf("%s %s/%s rv %d end=%v: candidates lack the truth %s %s", l.ref.Kind, l.ref.Namespace, l.ref.Name, k.RV, k.End, want.Verb, want.AuditID)
				continue
			}
			if !slices.ContainsFunc(m.Candidates, func(r *record.Record) bool { return !sameActor(r) }) {
				f.actor++
			}
			t.Logf("%d candidates: %s %s/%s rv %d end=%v %s truth %s %s", len(m.Candidates), l.ref.Kind, l.ref.Namespace, l.ref.Name, k.RV, k.End, m.Evidence, want.Verb, want.ObjectRef.Subresource)
		default:
			f.unknown++
			t.Errorf("%s %s/%s rv %d end=%v: unknown, truth %s %s %s", l.ref.Kind, l.ref.Namespace, l.ref.Name, k.RV, k.End, want.Verb, want.ObjectRef.Subresource, want.AuditID)
		}
	}
	return f
}

func TestRecordedMakers(t *testing.T) {
	for _, name := range recordingsOf("deployment", "scenarios") {
		truth := truthOf(t, name)
		t.Run(name+"/bodies", func(t *testing.T) {
			f := measure(t, name, truth, false)
			t.Logf("%+v", f)
			// Two deletes of a pod in the same millisecond can answer alike: then both are candidates, the right one among them.
			if f.single+f.several != f.total || f.wrong+f.missed+f.unknown != 0 || 1000*f.several > f.total {
				t.Errorf("not every revision has the right request: %+v", f)
			}
		})
		t.Run(name+"/metadata", func(t *testing.T) {
			f := measure(t, name, truth, true)
			t.Logf("%+v: single %.2f %%, actor %.2f %%", f, 100*float64(f.single)/float64(f.total), 100*float64(f.actor)/float64(f.total))
			if f.wrong+f.missed+f.unknown != 0 || float64(f.actor) < 0.995*float64(f.total) || float64(f.single) < 0.97*float64(f.total) {
				t.Errorf("below the bars: %+v", f)
			}
		})
	}
}

// TestMetadataRecording joins a recording that was made at level Metadata: every watched state of its time has a maker or
// candidates, as far as requests were audited.
func TestMetadataRecording(t *testing.T) {
	c := load(t, "deployment-metadata", false)
	counts := map[Certainty]int{}
	results := c.join()
	for uid, l := range c.objects {
		for rv := range l.watched {
			if l.listed[rv] {
				continue
			}
			m := results[uid].Makers[rv]
			counts[m.Certainty]++
			if m.Certainty == Unknown {
				t.Errorf("%s %s/%s rv %d has no maker", l.ref.Kind, l.ref.Namespace, l.ref.Name, rv)
			}
		}
		if l.end != 0 {
			counts[results[uid].End.Certainty]++
			if results[uid].End.Certainty == Unknown {
				t.Errorf("the end of %s %s/%s has no maker", l.ref.Kind, l.ref.Namespace, l.ref.Name)
			}
		}
	}
	t.Logf("%d exact, %d inferred, %d with candidates", counts[Exact], counts[Inferred], counts[Candidates])
	if total := counts[Exact] + counts[Inferred] + counts[Candidates]; counts[Candidates]*100 > 3*total {
		t.Errorf("%d of %d have candidates only", counts[Candidates], total)
	}
}

func BenchmarkObject(b *testing.B) {
	c := load(b, "scenarios", true)
	inputs := c.inputs()
	revisions := 0
	for _, in := range inputs {
		revisions += len(in.Revisions)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, in := range inputs {
			Object(in)
		}
	}
	b.ReportMetric(float64(revisions)*float64(b.N)/b.Elapsed().Seconds(), "revisions/s")
}
