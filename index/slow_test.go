package index

import (
	"context"
	"testing"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// TestSlowCreate: on a busy apiserver a create took seconds until it set the creationTimestamp. It is found; what ended before the object was
// there is not taken for its own.
func TestSlowCreate(t *testing.T) {
	ctx, st := context.Background(), open(t)
	c := &cluster{now: begin, rv: 100}
	c.write("create", "alice", "web", "uid-web", `{}`) // creationTimestamp: begin
	create := c.out[0]
	create.OccurredAt, create.Request.StageAt = begin.Add(-20*time.Second), begin.Add(500*time.Millisecond)
	// At level Metadata, by the watch.
	create.Ref.UID, create.Request.Level = "", record.LevelMetadata
	create.Request.Answer, create.Request.AnswerUID, create.Request.AnswerRV = record.BodyNone, "", 0
	c.out[1].Provenance.Sources = record.FromWatch
	earlier := *create
	q := *create.Request
	earlier.Request = &q
	q.AuditID, q.Verb, q.Code, q.Actor.User = "earlier", "delete", 404, "bob"
	earlier.OccurredAt, q.StageAt = begin.Add(-10*time.Second), begin.Add(-9*time.Second)
	appendAll(t, st, append(c.out, &earlier))

	entry, err := st.Object(ctx, store.ObjectKey{Cluster: "test", UID: "uid-web"})
	if err != nil {
		t.Fatal(err)
	}
	life, err := ReadLife(ctx, st, NewClocks(st), entry, Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	if m := life.Makers[0]; m.Certainty != join.Inferred || m.Request.Request.AuditID != create.Request.AuditID {
		t.Errorf("the state of the creation is told to be made by %+v", m)
	}
	if len(life.Requests) != 1 {
		t.Errorf("%d requests are taken to be within its life, want the create alone", len(life.Requests))
	}
}

func TestTouchOfASlowCreate(t *testing.T) {
	entry := &store.Entry{CreatedAt: begin}
	for name, c := range map[string]struct {
		touch
		want bool
	}{
		"ended before":    {touch{at: begin.Add(-20 * time.Second), until: begin.Add(-10 * time.Second)}, false},
		"still going on":  {touch{at: begin.Add(-20 * time.Second), until: begin.Add(time.Second)}, true},
		"within the life": {touch{at: begin.Add(time.Hour), until: begin.Add(time.Hour)}, true},
		"without a name":  {touch{at: begin.Add(-20 * time.Second), until: begin.Add(time.Second), creates: true}, true},
		"of another time": {touch{at: begin.Add(time.Hour), until: begin.Add(time.Hour), creates: true}, false},
	} {
		if got := c.mayConcern(entry); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
