package local

import (
	"context"
	"fmt"
	"testing"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// timelineAnswers keeps the rows, the activity and the failures of several sets and windows.
func timelineAnswers(ctx context.Context, t *testing.T, e *Engine, keep func(string, any, error)) {
	t.Helper()
	info, err := e.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	windows := []query.Window{{}}
	if c := info.Clusters[0]; c.First != nil {
		third := c.Last.Sub(*c.First) / 3
		windows = append(windows, query.Window{From: c.First.Add(third), To: c.First.Add(2 * third)})
	}
	for i, w := range windows {
		for n, set := range []query.Set{{}, {Namespace: "shop"}, {Kind: "all"}, {Kind: "deploy,rs,pods", Selector: "app=web"}, {Filter: `request.code == 409`},
			{Object: query.Object{Kind: "deploy", Name: "web", Namespace: "shop"}, Up: query.All, Down: query.All}} {
			rows, err := e.Rows(ctx, query.Rows{Set: set, Window: w})
			keep(fmt.Sprintf("rows of set %d in window %d", n, i), rows, err)
			activity, err := e.Activity(ctx, query.Activity{Set: set, Window: w, Bins: 77, Top: 100})
			keep(fmt.Sprintf("activity of set %d in window %d", n, i), activity, err)
		}
		failing, err := e.Failing(ctx, query.Failing{Window: w})
		keep(fmt.Sprintf("failing in window %d", i), failing, err)
	}
	var ticks []engine.Tick
	following, stop := context.WithCancel(ctx)
	err = e.Follow(following, query.Follow{}, func(tick *engine.Tick) error {
		tick.Number, tick.Added = 0, 0 // deliveries are no facts
		ticks = append(ticks, *tick)
		stop()
		return nil
	})
	keep("follow", ticks, err)
}
