package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/test/testcluster"
)

// A real apiserver sends what it also writes to its log, to a sink that fails now and then, before and after its effect.
func TestTakesWhatARealAPIServerSends(t *testing.T) {
	s := start(t, nil)
	c := testcluster.Start(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1,
		Webhook: &testcluster.Webhook{URL: s.url + "/audit/prod", CAFile: s.ca.path("ca.pem"), Token: goodToken, BatchMaxWait: 200 * time.Millisecond}})
	var calls atomic.Int64
	s.sink.fail(func(context.Context, ingest.Batch) error {
		if calls.Add(1)%5 == 1 {
			return &ingest.Busy{Reason: "trying the apiserver's patience"}
		}
		return nil
	}, func(context.Context, ingest.Batch) error {
		if calls.Load()%5 == 3 {
			return errors.New("stored, but nobody was told")
		}
		return nil
	})
	for i := range 10 {
		c.Kubectl("create", "configmap", fmt.Sprint("c", i), "--from-literal=a=b")
	}
	s.sink.fail(nil, nil)
	all := inLog(t, c.AuditLog()) // what is in the log now; the apiserver itself drops events when it is stopped
	var missing int
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		missing = 0
		s.sink.mu.Lock()
		for _, id := range all {
			if s.sink.facts[id] == nil {
				missing++
			}
		}
		s.sink.mu.Unlock()
		if missing == 0 || time.Now().After(end) {
			break
		}
	}
	t.Logf("%d facts in the log, stored in %d deliveries", len(all), s.sink.calls)
	if missing > 0 || len(all) < 50 || s.sink.kinds()[record.KindGap] > 0 {
		t.Errorf("%d of %d facts are missing; %v", missing, len(all), s.sink.kinds())
	}
}

func inLog(t *testing.T, path string) (ids []record.ID) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // being written
		}
		records, err := audit.Decode(line, audit.Options{Cluster: "prod", Redactor: redact.Off()})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			ids = append(ids, r.ID())
		}
	}
	return ids
}
