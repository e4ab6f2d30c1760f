package pebble

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

// TestSpansBeginNoRecording: a record that somebody pushes for a time long ago does not make the recording begin there.
func TestSpansBeginNoRecording(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ref := record.ObjectRef{Cluster: "c", Resource: "pods", Namespace: "shop", Name: "web"}
	pushed := func(at time.Time) *record.Record {
		return &record.Record{Kind: record.KindSpan, OccurredAt: at, Ref: ref, Span: &record.Span{Form: record.FormPushed, Name: "deployed", Service: "ci", Key: at.String()}}
	}
	for i, step := range []struct {
		add         *record.Record
		first, last time.Time
	}{
		{pushed(now.AddDate(-25, 0, 0)), time.Time{}, now.AddDate(-25, 0, 0)},
		{&record.Record{Kind: record.KindRequest, OccurredAt: now, Ref: ref, Request: &record.Request{AuditID: "a", Verb: "update", StageAt: now}}, now, now},
		{pushed(now.Add(time.Minute)), now, now.Add(time.Minute)},
	} {
		if _, err := s.Append(t.Context(), []*record.Record{step.add}); err != nil {
			t.Fatal(err)
		}
		clusters, err := s.Clusters(t.Context())
		if err != nil || len(clusters) != 1 {
			t.Fatal(clusters, err)
		}
		if c := clusters[0]; !c.First.Equal(step.first) || !c.Last.Equal(step.last) {
			t.Errorf("step %d: recorded from %v to %v, want %v to %v", i, c.First, c.Last, step.first, step.last)
		}
	}
}
