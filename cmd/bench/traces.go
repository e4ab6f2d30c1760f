package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// timeTraces searches for traces in the last hour and in one before it.
func timeTraces(ctx context.Context, w io.Writer, data string) error {
	fmt.Fprintf(w, "\n| search for traces, one hour | last hour | hour before | found |\n| --- | --- | --- | --- |\n")
	return withEngine(data, func(e engine.Engine) error {
		info, err := e.Info(ctx)
		if err != nil || len(info.Clusters) == 0 || info.Clusters[0].Last == nil {
			return err
		}
		end := info.Clusters[0].Last.Add(time.Second)
		for _, tags := range []map[string]string{{}, {"resource": "deployments", "name": "web"}, {"resource": "pods"}, {"error": "true"}, {"user": "bob", "verb": "delete"}, {"user": "nobody"}} {
			var took [2]time.Duration
			found := 0
			for i := range took {
				to := end.Add(-time.Duration(i) * time.Hour)
				begin := time.Now()
				t, err := e.Traces(ctx, query.Traces{Window: query.Window{From: to.Add(-time.Hour), To: to}, Tags: tags})
				if err := tolerate(err); err != nil {
					return err
				}
				took[i] = time.Since(begin).Round(time.Millisecond)
				if t != nil {
					found += len(t.Found)
				}
			}
			fmt.Fprintf(w, "| `%v` | %s | %s | %d |\n", tags, took[0], took[1], found)
		}
		return nil
	})
}
