package e2e

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/test/testcluster"
)

// TestTooOldIsAGap stops kubewake until the apiserver no longer has what the watch would go on from: gaps with bounds tell what was not
// watched, objects that are gone have an end with bounds, and from the list on everything is there. A restarted apiserver answers as
// one whose etcd was compacted, that the resourceVersion is too old, and leaves the history that the test compares with.
func TestTooOldIsAGap(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := s.record(t, testcluster.Config{AuditLevel: testcluster.Metadata})
	c.Kubectl("create", "configmap", "gone")
	c.Kubectl("create", "configmap", "stays")
	gone := record.UID(c.Kubectl("get", "configmap", "gone", "-o", "jsonpath={.metadata.uid}"))
	drive(t, c, 70, 5*time.Second).wait()
	away := time.Now()
	s.terminate(30 * time.Second)

	c.Kubectl("create", "configmap", "unseen")
	unseen := record.UID(c.Kubectl("get", "configmap", "unseen", "-o", "jsonpath={.metadata.uid}"))
	c.Kubectl("delete", "configmap", "unseen")
	c.Kubectl("delete", "configmap", "gone")
	c.Kubectl("label", "configmap", "stays", "a=b")
	drive(t, c, 71, 5*time.Second).wait()
	c.Restart(testcluster.APIServer(0)) // which forgets its window of changes
	c.Kubectl("label", "configmap", "stays", "c=d")
	back := time.Now()
	s.start()
	s.settled()
	drive(t, c, 72, 5*time.Second).wait()
	stored, missing := stopAndFind(t, s, c)
	missing.noStates(t)
	if missing.told == 0 {
		t.Error("nothing was missed: the test proves nothing")
	}

	gap := stored.gapOf(record.GroupResource{Resource: "configmaps"})
	if gap == nil {
		t.Fatal("no gap of configmaps")
	}
	if g := gap.Gap; g.FromRV == 0 || g.ToRV <= g.FromRV || gap.OccurredAt.After(away.Add(time.Second)) || g.Until.Before(back) {
		t.Errorf("a gap %d–%d, %s–%s, for an absence %s–%s", g.FromRV, g.ToRV, clock(gap.OccurredAt), clock(g.Until), clock(away), clock(back))
	}
	switch end := stored.ends[gone]; {
	case end == nil:
		t.Error("what was deleted meanwhile has no end")
	case end.End.RV == 0 && (end.End.After == 0 || end.End.Before <= end.End.After):
		t.Errorf("the end of what was deleted meanwhile has no bounds: %+v", end.End)
	}
	if _, seen := stored.ends[unseen]; seen {
		t.Error("what lived and died unseen has an end: nobody can have told it")
	}
	// Behind the list nothing is missing, and nothing lies in a gap.
	for _, change := range c.History(1) {
		if g := stored.missed(change); g != nil && g.Gap.Until.Before(back) {
			t.Errorf("%d %s lies in a gap that ended before kubewake was back", change.Revision, change.Key)
		}
	}
	missing.inDropped(t, stored)
}

// gapOf is a gap of the watch of a resource.
func (c *contents) gapOf(resource record.GroupResource) *record.Record {
	for _, g := range c.gaps {
		if g.Gap.Reason == record.GapWatchMissed && g.Ref.GroupResource() == resource {
			return g
		}
	}
	return nil
}
