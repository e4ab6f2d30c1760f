package watch

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// TestResourcesOfSharedCluster: two watchers that share one cluster, as the elected ones of objects and of Events do, add up, and what
// watches no more is not counted.
func TestResourcesOfSharedCluster(t *testing.T) {
	bubble(t, func(w *world) {
		reg := prometheus.NewRegistry()
		metrics := NewMetrics(reg)
		gauge := func(states string) {
			w.t.Helper()
			want := ""
			for state := range strings.FieldsSeq(states) {
				name, n, _ := strings.Cut(state, "=")
				want += `kubewake_watch_resources{cluster="test",state="` + name + `"} ` + n + "\n"
			}
			if want != "" {
				want = "# HELP kubewake_watch_resources Resources by what becomes of them.\n# TYPE kubewake_watch_resources gauge\n" + want
			}
			if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "kubewake_watch_resources"); err != nil {
				w.t.Error(err)
			}
		}
		run := func(only func(record.GroupResource) bool) (*Watcher, func()) {
			w.t.Helper()
			v, err := New(Config{Cluster: "test", REST: &rest.Config{Host: "http://fake", Transport: direct{w.api}}, Sink: w.sink, Redactor: redact.Off(), Only: only, Metrics: metrics})
			if err != nil {
				w.t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(w.t.Context())
			done := make(chan error, 1)
			go func() { done <- v.Run(ctx) }()
			return v, func() {
				cancel()
				if err := <-done; err != nil && ctx.Err() == nil {
					w.t.Error(err)
				}
			}
		}
		isPod := func(gr record.GroupResource) bool { return gr.Resource == "pods" }
		pods, stopPods := run(isPod)
		rest, stopRest := run(func(gr record.GroupResource) bool { return !isPod(gr) })
		w.pass(time.Minute)
		pods.Status()
		rest.Status()
		pods.Status()
		gauge("excluded=0 failing=0 forbidden=0 listing=0 waiting=0 watching=2")
		stopPods()
		gauge("excluded=0 failing=0 forbidden=0 listing=0 waiting=0 watching=1")
		stopRest()
		pods.Status() // it may still be asked
		gauge("")
	}, pods(), widgets())
}
