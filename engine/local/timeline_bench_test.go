package local

import (
	"context"
	"testing"
	"time"

	"github.com/kubewake/kubewake/query"
)

// BenchmarkTimeline asks for rows, activity and failures: of everything, of an hour, of a namespace, of a tree. The bars, on two cores over a million
// records: 10,000 rows well under a second, activity of all of them 1.5 s.
func BenchmarkTimeline(b *testing.B) {
	ctx := context.Background()
	e := corpusStore(b)
	info, err := e.Info(ctx)
	if err != nil {
		b.Fatal(err)
	}
	web, err := e.Objects(ctx, query.Objects{Kind: "deploy", Name: "web", Limit: 1})
	if err != nil || len(web.Objects) == 0 {
		b.Fatal("no deployment web: ", err)
	}
	o := web.Objects[0]
	last := *info.Clusters[0].Last
	hour := query.Window{From: last.Add(-time.Hour), To: last}
	object := query.Object{Kind: "deploy", Name: o.Name, Namespace: o.Namespace}
	for _, q := range []struct {
		name   string
		set    query.Set
		window query.Window
	}{
		{"all", query.Set{}, query.Window{}},
		{"hour", query.Set{}, hour},
		{"kinds", query.Set{Kind: "deploy,rs,pods"}, query.Window{}},
		{"namespace", query.Set{Namespace: o.Namespace}, query.Window{}},
		{"tree", query.Set{Object: object, Down: query.All}, query.Window{}},
	} {
		benchAsk(b, "rows/"+q.name, func() (int, error) {
			e.answers = answerCache{}
			rows, err := e.Rows(ctx, query.Rows{Set: q.set, Window: q.window})
			if err != nil {
				return 0, err
			}
			return len(rows.Rows), nil
		})
		benchAsk(b, "rows-without-refused/"+q.name, func() (int, error) {
			s, err := e.set(ctx, q.set, q.window, e.limits.Lanes)
			if err != nil {
				return 0, err
			}
			rows, err := s.rows(ctx, e.limits.Lanes)
			if err != nil {
				return 0, err
			}
			return len(rows.Rows), nil
		})
		benchAsk(b, "activity/"+q.name, func() (int, error) {
			e.answers = answerCache{}
			activity, err := e.Activity(ctx, query.Activity{Set: q.set, Window: q.window})
			if err != nil {
				return 0, err
			}
			return activity.Records, nil
		})
		if q.set.Kind != "" || q.set.HasObject() {
			continue
		}
		benchAsk(b, "failing/"+q.name, func() (int, error) {
			e.answers = answerCache{}
			failing, err := e.Failing(ctx, query.Failing{Namespace: q.set.Namespace, Window: q.window})
			if err != nil {
				return 0, err
			}
			return len(failing.Objects), nil
		})
	}
}

func benchAsk(b *testing.B, name string, ask func() (int, error)) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		if _, err := ask(); err != nil { // the first one derives links
			b.Fatal(err)
		}
		cpu := cpuSeconds(b)
		for b.Loop() {
			var err error
			if n, err = ask(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric((cpuSeconds(b)-cpu)*1000/float64(b.N), "cpu-ms/op")
		b.ReportMetric(float64(n), "told")
	})
}
