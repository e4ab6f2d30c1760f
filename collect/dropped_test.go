package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

func TestCompareTellsWhatWasLost(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	server := func(start, minute int, errs float64) counters {
		return counters{Start: float64(at.Add(time.Duration(start) * time.Minute).Unix()), Errors: errs, At: at.Add(time.Duration(minute) * time.Minute)}
	}
	for _, test := range []struct {
		name   string
		before []counters
		now    counters
		want   string // from minute, until minute, count; empty: nothing
		keeps  int
	}{
		{"first look, nothing dropped", nil, server(-9, 0, 0), "", 1},
		{"first look, dropped before", nil, server(-9, 0, 7), "-9 0 7", 1},
		{"as before", []counters{server(-9, 0, 7)}, server(-9, 1, 7), "", 1},
		{"dropped since", []counters{server(-9, 0, 7)}, server(-9, 1, 9), "0 1 2", 1},
		{"another, started meanwhile", []counters{server(-9, 0, 7)}, server(1, 2, 0), "0 2 0", 2},
		{"another, started meanwhile, dropped", []counters{server(-9, 0, 7)}, server(1, 2, 3), "1 2 3", 2},
		{"another one beside it, older", []counters{server(-9, 0, 7)}, server(-5, 1, 0), "", 2},
		{"the first one answers again", []counters{server(-5, 1, 0), server(-9, 0, 7)}, server(-9, 2, 8), "0 2 1", 2},
	} {
		gaps, after := compare("c", known{test.before}, test.now)
		got := ""
		for _, g := range gaps {
			got += fmt.Sprintf("%.0f %.0f %d", g.OccurredAt.Sub(at).Minutes(), g.Gap.Until.Sub(at).Minutes(), g.Gap.Count)
		}
		if got != test.want || len(after.Servers) != test.keeps || after.Servers[0] != test.now {
			t.Errorf("%s: got %q and keeps %v, want %q and %d", test.name, got, after.Servers, test.want, test.keeps)
		}
	}
}

// memory is a sink that remembers marks, and fails when told.
type memory struct {
	ingest.Sink
	marks map[string][]byte
	gaps  []*record.Record
	fail  bool
}

func (m *memory) Deliver(_ context.Context, b ingest.Batch) error {
	if m.fail {
		return &ingest.Busy{Reason: "test"}
	}
	for _, k := range b.Marks {
		m.marks[k.Key] = k.Value
	}
	m.gaps = append(m.gaps, b.Records...)
	return nil
}

func (m *memory) Mark(_ context.Context, _ record.Cluster, key string) ([]byte, error) {
	return m.marks[key], nil
}

// TestDroppedSurvivesOurRestart: what an apiserver dropped while nobody looked, or while the sink was busy, is found later, once.
func TestDroppedSurvivesOurRestart(t *testing.T) {
	dropped, status := 2, http.StatusOK
	apiserver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "# TYPE apiserver_audit_error_total counter\napiserver_audit_error_total{plugin=\"buffered\"} 1\napiserver_audit_error_total{plugin=\"webhook\"} %d\n"+
			"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1.7e+09\n", dropped)
	}))
	defer apiserver.Close()
	m := &memory{marks: map[string][]byte{}}
	look := func() error {
		t.Helper()
		d, err := newDropped(&rest.Config{Host: apiserver.URL}, "c", m, slog.New(slog.DiscardHandler), nil) // each time a new process
		if err != nil {
			t.Fatal(err)
		}
		return d.look(t.Context())
	}
	counts := func() (n []int64) {
		for _, g := range m.gaps {
			n = append(n, g.Gap.Count)
		}
		return n
	}
	for range 2 {
		if err := look(); err != nil {
			t.Fatal(err)
		}
	}
	dropped, m.fail = 5, true
	if err := look(); ingest.IsBusy(err) == nil {
		t.Errorf("a busy sink gave %v", err)
	}
	m.fail = false
	if err := errors.Join(look(), look()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{2, 3}, counts()); diff != "" {
		t.Error(diff)
	}
	status = http.StatusForbidden
	if err := look(); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a forbidden look gave %v", err)
	}
}

func FuzzCounters(f *testing.F) {
	f.Add("# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1.7e+09\napiserver_audit_error_total{plugin=\"webhook\"} NaN\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = parseCounters(strings.NewReader(text)) // it must not panic
	})
}
