package local

import (
	"testing"

	"github.com/kubewake/kubewake/record"
)

func TestRequestsCountOnce(t *testing.T) {
	stage := func(s record.Stage, code int) *record.Record {
		return &record.Record{Kind: record.KindRequest, Ref: record.ObjectRef{Resource: "pods"},
			Request: &record.Request{AuditID: "a", Stage: s, Verb: "watch", Code: code, Actor: record.Actor{User: "u"}}}
	}
	c := newCounter()
	c.add(stage(record.StageRequestReceived, 0), 1)
	c.add(stage(record.StageResponseStarted, 200), 1)
	c.add(stage(record.StageResponseComplete, 200), 1)
	c.add(stage(record.StageResponseStarted, 401), 1) // refused before it was authenticated: it has no later stage
	for _, table := range []string{"requests by verb", "requests by user", "requests by resource"} {
		for word, n := range c.tables[table] {
			if n.count != 2 {
				t.Errorf("%s: %s counts %d times, want 2", table, word, n.count)
			}
		}
	}
	if rate := c.errors[[2]string{"u", "pods"}]; rate == nil || rate.Total != 2 || rate.Failed != 1 {
		t.Errorf("error rate %+v, want 1 of 2", rate)
	}
	if n := c.tables["records"][record.KindRequest.String()].count; n != 4 {
		t.Errorf("%d request records, want 4", n)
	}
}
