package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// timeTimeline asks once for each thing that pictures are drawn from: of everything, and of the last hour.
func timeTimeline(ctx context.Context, w io.Writer, data string) error {
	fmt.Fprintf(w, "\n| picture | told | wall | CPU |\n| --- | --- | --- | --- |\n")
	return withEngine(data, func(e engine.Engine) error {
		info, err := e.Info(ctx)
		if err != nil || len(info.Clusters) == 0 || info.Clusters[0].Last == nil {
			return err
		}
		end := info.Clusters[0].Last.Add(time.Second)
		hour := query.Window{From: end.Add(-time.Hour), To: end}
		for _, window := range []struct {
			name string
			query.Window
		}{{"everything", query.Window{}}, {"the last hour", hour}} {
			for _, ask := range []struct {
				name string
				ask  func() (int, error)
			}{
				{"rows", func() (int, error) {
					r, err := e.Rows(ctx, query.Rows{Window: window.Window})
					if err != nil {
						return 0, err
					}
					return len(r.Rows), nil
				}},
				{"activity", func() (int, error) {
					a, err := e.Activity(ctx, query.Activity{Window: window.Window})
					if err != nil {
						return 0, err
					}
					return a.Records, nil
				}},
				{"failing", func() (int, error) {
					f, err := e.Failing(ctx, query.Failing{Window: window.Window})
					if err != nil {
						return 0, err
					}
					return len(f.Objects), nil
				}},
			} {
				cpu, begin := cpuTime(), time.Now()
				told, err := ask.ask()
				if err := tolerate(err); err != nil {
					return err
				}
				fmt.Fprintf(w, "| %s of %s | %d | %s | %s |\n", ask.name, window.name, told, time.Since(begin).Round(time.Millisecond), (cpuTime() - cpu).Round(time.Millisecond))
			}
		}
		return nil
	})
}

// cpuTime is what this process has used of processors.
func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
