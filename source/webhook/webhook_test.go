package webhook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

func TestBatchIsStoredBeforeItIsAcknowledged(t *testing.T) {
	s := start(t, nil)
	if got := s.send(eventList(event("a"), event("b"))); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	if k := s.sink.kinds(); k[record.KindRequest] != 2 || len(k) != 1 || s.sink.cluster[0] != "prod" {
		t.Errorf("%v %v", k, s.sink.cluster)
	}
	if got := s.send(packed(eventList(event("c"))), "Content-Encoding", "gzip"); got.status != 200 || s.sink.kinds()[record.KindRequest] != 3 {
		t.Errorf("%+v %v", got, s.sink.kinds())
	}
	calls := s.sink.calls
	if got := s.send(eventList()); got.status != 200 || s.sink.calls != calls {
		t.Errorf("an empty list: %+v, %d calls", got, s.sink.calls-calls)
	}
}

// Whatever fails, before or after the effect: the batch is sent again, and every fact is there once.
func TestRepeatedBatchesAreStoredOnce(t *testing.T) {
	broken := errors.New("disk on fire in /var/lib/x")
	for _, tt := range []struct {
		name          string
		before, after error
		status        int
		retryAfter    string
	}{
		{"busy", &ingest.Busy{Reason: "the disk is full", After: 7 * time.Second}, nil, 503, "7"},
		{"busy at once", &ingest.Busy{Reason: "starting"}, nil, 503, "1"},
		{"wrapped", fmt.Errorf("deliver: %w", &ingest.Busy{Reason: "x", After: 1500 * time.Millisecond}), nil, 503, "2"},
		{"broken before", broken, nil, 503, "1"},
		{"broken after", nil, broken, 503, "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, nil)
			s.sink.fail(func(context.Context, ingest.Batch) error { return tt.before }, func(context.Context, ingest.Batch) error { return tt.after })
			body := eventList(event("a"), `{"no":"event"}`, event("b"))
			got := s.send(body)
			if got.status != tt.status || got.header.Get("Retry-After") != tt.retryAfter || strings.Contains(got.text, "/var/lib") {
				t.Errorf("%+v", got)
			}
			s.sink.fail(nil, nil)
			for range 2 {
				if got := s.send(body); got.status != 200 {
					t.Errorf("%+v", got)
				}
			}
			if k := s.sink.kinds(); k[record.KindRequest] != 2 || k[record.KindGap] != 1 {
				t.Errorf("%v", k)
			}
		})
	}
}

func TestSinkThatHangsIsAnsweredInTime(t *testing.T) {
	s := start(t, nil)
	s.sink.fail(func(ctx context.Context, _ ingest.Batch) error { <-ctx.Done(); return ctx.Err() }, nil)
	began := time.Now()
	got := s.post(s.client, "/audit/prod?timeout=1s", strings.NewReader(eventList(event("a"))), "Authorization", "Bearer "+goodToken)
	if took := time.Since(began); got.status != 503 || took < 900*time.Millisecond {
		t.Errorf("%+v after %v", got, took)
	}
}

func TestConcurrentBatches(t *testing.T) {
	s := start(t, nil)
	var wg sync.WaitGroup
	const callers, batches, events = 8, 10, 20
	for caller := range callers {
		wg.Go(func() {
			client := s.connect(nil)
			for n := range batches {
				var items []string
				for i := range events {
					items = append(items, event(fmt.Sprintf("%d-%d-%d", caller, n, i)))
				}
				body := eventList(items...)
				for range 1 + n%2 { // some twice
					if got := s.post(client, "/audit/prod", strings.NewReader(body), "Authorization", "Bearer "+goodToken); got.status != 200 {
						t.Errorf("%+v", got)
					}
				}
			}
		})
	}
	wg.Wait()
	if k := s.sink.kinds(); k[record.KindRequest] != callers*batches*events {
		t.Errorf("%v", k)
	}
}
