package tail

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
)

func TestFollowsAndGoesOnAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.poll() // no file yet
	w.events("a", "b")
	w.poll()
	w.want(0, "a", "b")
	w.events("c")
	w.restart()
	w.poll()
	w.want(0, "a", "b", "c")
	if w.sink.deliveries != 3 {
		t.Errorf("%d deliveries: the mark was not used", w.sink.deliveries)
	}
}

func TestTheSinkIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	failed := 0
	w.sink.fail = func() error {
		if failed++; failed == 1 {
			return &ingest.Busy{Reason: "full", After: time.Millisecond}
		}
		if failed == 2 {
			return errors.New("broken")
		}
		return nil
	}
	w.events("a")
	w.poll()
	w.want(0, "a")
	if failed != 3 {
		t.Errorf("%d deliveries", failed)
	}
	w.sink.fail = func() error { return errors.New("broken") }
	w.events("b")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := w.stream.poll(ctx); err == nil {
		t.Error("no error at the end")
	}
	w.sink.fail = nil
	w.restart()
	w.poll()
	w.want(0, "a", "b")
}

func TestRunFollows(t *testing.T) {
	w := newWorld(t)
	w.config.Poll = 5 * time.Millisecond
	w.config.Paths = []string{filepath.Join(w.dir, "*.log")}
	reg := prometheus.NewRegistry()
	w.config.Metrics = NewMetrics(reg)
	tail, err := New(w.config)
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tail.Run(ctx) }()
	total := 0
	for i := range 20 {
		for range 50 {
			w.events(fmt.Sprint(total))
			total++
		}
		if i%4 == 3 {
			w.rotate()
		}
	}
	for end := time.Now().Add(time.Minute); len(w.sink.ids()) < total; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d", len(w.sink.ids()), total)
		}
	}
	gauges := func() int {
		n, err := testutil.GatherAndCount(reg, "kubewake_tail_files", "kubewake_tail_unread_bytes", "kubewake_tail_lag_seconds")
		w.must(err)
		return n
	}
	if n := gauges(); n != 3 {
		t.Errorf("%d gauges", n)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := gauges(); n != 0 {
		t.Errorf("%d gauges tell of files that are followed no more", n)
	}
	if g := w.sink.gaps(); len(g) != 0 {
		t.Errorf("%+v", g[0].Gap)
	}
}

func TestSettings(t *testing.T) {
	good := Config{Cluster: "c", Sink: newMemory(), Redactor: redact.Off(), Settings: Settings{Paths: []string{"/a", "/a", "/b*"}}}
	tail, err := New(good)
	if err != nil || len(tail.streams) != 2 {
		t.Errorf("%v", err)
	}
	for _, change := range []func(*Config){func(c *Config) { c.Cluster = "" }, func(c *Config) { c.Sink = nil }, func(c *Config) { c.Paths = nil }, func(c *Config) { c.Paths = []string{"["} }} {
		bad := good
		change(&bad)
		if _, err := New(bad); err == nil {
			t.Errorf("%+v", bad)
		}
	}
}
