package serve

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/record"
)

// TestRetentionReload: a retention that is read again holds at once, however long the wait was that the old one had begun.
func TestRetentionReload(t *testing.T) {
	dir := t.TempDir()
	s := Settings{Data: filepath.Join(dir, "data"), API: API{Listen: "127.0.0.1:0"}, Retention: Retention{Every: settings.Duration(24 * time.Hour)},
		Config: collect.Config{Tails: []collect.Tail{auditTail("one", filepath.Join(dir, "a.log"))}}}
	l, _ := startLive(t, s)
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for i, id := range []string{"old", "new"} {
		r := &record.Record{Kind: record.KindRequest, OccurredAt: at.Add(time.Duration(i) * 72 * time.Hour), Ref: record.ObjectRef{Cluster: "one", Version: "v1", Resource: "configmaps", Namespace: "x", Name: "a"},
			Request: &record.Request{AuditID: id, Verb: "update", URI: "/api/v1/namespaces/x/configmaps/a", Stage: record.StageResponseComplete}}
		if _, err := l.store.Append(t.Context(), []*record.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(l.requests(t, "one")); n != 2 {
		t.Fatalf("%d requests", n)
	}
	s.Retention = Retention{Age: settings.Duration(time.Hour), Every: settings.Duration(10 * time.Millisecond)}
	if restart, err := l.Reload(s); err != nil || len(restart) > 0 {
		t.Fatal(restart, err)
	}
	until(t, "that the old request is dropped", func() bool { return len(l.requests(t, "one")) == 1 })
}
