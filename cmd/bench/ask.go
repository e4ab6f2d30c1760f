package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/internal/corpus"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/pebble"
)

func printSizes(ctx context.Context, w io.Writer, data string, raw int64) error {
	st, err := pebble.Open(data, pebble.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer st.Close()
	size, err := st.Size(ctx)
	if err != nil {
		return err
	}
	buckets, err := st.Buckets(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "| on disk, %d buckets | records | encoded MB | disk MB | %% of the JSON |\n| --- | --- | --- | --- | --- |\n", len(buckets))
	for _, c := range size.Classes {
		fmt.Fprintf(w, "| %s | %d | %.1f | %.2f | %.2f |\n", c.Class, c.Records, float64(c.Raw)/1e6, float64(c.Disk)/1e6, 100*float64(c.Disk)/float64(raw))
	}
	fmt.Fprintf(w, "| **everything** | | | %.2f | **%.2f** |\n\n", float64(size.Disk)/1e6, 100*float64(size.Disk)/float64(raw))
	return nil
}

// question is one kind of question about one object.
type question struct {
	name string
	ask  func(ctx context.Context, e engine.Engine, o query.Object, at time.Time) error
}

var questions = []question{
	{"history", func(ctx context.Context, e engine.Engine, o query.Object, _ time.Time) error {
		_, err := e.History(ctx, query.History{Object: o})
		return err
	}},
	{"state at T", func(ctx context.Context, e engine.Engine, o query.Object, at time.Time) error {
		_, err := e.State(ctx, query.State{Object: o, Point: query.Point{At: at}})
		return err
	}},
	{"diff", func(ctx context.Context, e engine.Engine, o query.Object, _ time.Time) error {
		_, err := e.Diff(ctx, query.Diff{Object: o})
		return err
	}},
	{"blame", func(ctx context.Context, e engine.Engine, o query.Object, _ time.Time) error {
		_, err := e.Blame(ctx, query.Blame{Object: o})
		return err
	}},
	{"links", func(ctx context.Context, e engine.Engine, o query.Object, at time.Time) error {
		_, err := e.Links(ctx, query.Links{Object: o, At: at})
		return err
	}},
	{"tree", func(ctx context.Context, e engine.Engine, o query.Object, _ time.Time) error {
		_, err := e.Tree(ctx, query.Tree{Object: o, Up: query.All, Down: query.All})
		return err
	}},
	{"trace", func(ctx context.Context, e engine.Engine, o query.Object, _ time.Time) error {
		_, err := e.Trace(ctx, query.Trace{Object: o})
		return err
	}},
}

func askQuestions(ctx context.Context, w io.Writer, data string, n, copies int) error {
	objects, last, err := sample(ctx, data, n, copies)
	if err != nil {
		return err
	}
	if err := deriveLinks(ctx, w, data); err != nil {
		return err
	}
	fmt.Fprintf(w, "| question, %d objects | warm p50 | warm p99 | cold p50 | cold p99 |\n| --- | --- | --- | --- | --- |\n", len(objects))
	for _, q := range questions {
		warm, err := timeWarm(ctx, data, q, objects, last)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		cold, err := timeCold(ctx, data, q, objects[:max(1, len(objects)/10)], last)
		if err != nil {
			return fmt.Errorf("%s, cold: %w", q.name, err)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", q.name, quantile(warm, 0.5), quantile(warm, 0.99), quantile(cold, 0.5), quantile(cold, 0.99))
	}
	return errors.Join(timeSearches(ctx, w, data), timeTraces(ctx, w, data), timeTimeline(ctx, w, data))
}

// deriveLinks makes the index of links, as the first question about them does; it is kept in the store.
func deriveLinks(ctx context.Context, w io.Writer, data string) error {
	st, err := pebble.Open(data, pebble.Options{})
	if err != nil {
		return err
	}
	links := index.NewLinks(st, link.Builtin())
	links.Patience = -1
	begin := time.Now()
	_, err = links.View(ctx)
	fmt.Fprintf(w, "links derived in %s\n\n", time.Since(begin).Round(time.Millisecond))
	return errors.Join(err, st.Close())
}

// sample picks objects spread over the whole recording, the same ones at every run: each from the namespace of the scenario deployment in one copy.
func sample(ctx context.Context, data string, n, copies int) ([]query.Object, time.Time, error) {
	var out []query.Object
	var last time.Time
	err := withEngine(data, func(e engine.Engine) error {
		rnd := rand.New(rand.NewPCG(1, 2))
		kinds := []string{"deployments", "pods", "replicasets", "configmaps"}
		for i := range n {
			kind := kinds[i%len(kinds)]
			namespace := corpus.Namespace("deployment-0-9", rnd.IntN(copies))
			found, err := e.Objects(ctx, query.Objects{Kind: kind, Namespace: namespace, Limit: 100})
			if err != nil {
				return err
			}
			if len(found.Objects) == 0 {
				return fmt.Errorf("no %s in namespace %s: is this a multiple of the scenarios recording?", kind, namespace)
			}
			o := found.Objects[rnd.IntN(len(found.Objects))]
			out = append(out, query.Object{Kind: kind, UID: record.UID(o.UID)})
		}
		info, err := e.Info(ctx)
		if err != nil {
			return err
		}
		last = *info.Clusters[0].Last
		return nil
	})
	return out, last, err
}

func timeWarm(ctx context.Context, data string, q question, objects []query.Object, at time.Time) ([]time.Duration, error) {
	var times []time.Duration
	err := withEngine(data, func(e engine.Engine) error {
		for range 2 { // the first pass warms the caches
			times = times[:0]
			for _, o := range objects {
				begin := time.Now()
				if err := tolerate(q.ask(ctx, e, o, at)); err != nil {
					return err
				}
				times = append(times, time.Since(begin))
			}
		}
		return nil
	})
	return times, err
}

// timeCold opens the store anew for each question, its files dropped from the page cache; opening is not counted.
func timeCold(ctx context.Context, data string, q question, objects []query.Object, at time.Time) ([]time.Duration, error) {
	var times []time.Duration
	for _, o := range objects {
		if err := dropPageCache(data); err != nil {
			return nil, err
		}
		err := withEngine(data, func(e engine.Engine) error {
			begin := time.Now()
			err := tolerate(q.ask(ctx, e, o, at))
			times = append(times, time.Since(begin))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return times, nil
}

// tolerate lets answers such as "it had ended" count as answers.
func tolerate(err error) error {
	if engine.KindOf(err) != "" {
		return nil
	}
	return err
}

func timeSearches(ctx context.Context, w io.Writer, data string) error {
	fmt.Fprintf(w, "\n| search | hits | scanned | time |\n| --- | --- | --- | --- |\n")
	return withEngine(data, func(e engine.Engine) error {
		for _, filter := range []string{
			`request.verb == "delete" && request.user == "bob"`,
			`resource == "deployments" && object.spec.replicas > 6`,
			`object.spec.replicas > 6`,
		} {
			begin := time.Now()
			end, err := e.Search(ctx, query.Search{Filter: filter, Limit: 100000}, func(*engine.Hit) error { return nil })
			if err := tolerate(err); err != nil {
				return err
			}
			if end == nil {
				end = &engine.SearchEnd{}
			}
			fmt.Fprintf(w, "| `%s` | %d | %d | %s %s|\n", filter, end.Hits, end.Scanned, time.Since(begin).Round(time.Millisecond), end.Cut)
		}
		return nil
	})
}

func withEngine(data string, use func(engine.Engine) error) error {
	st, err := pebble.Open(data, pebble.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(use(local.New(st, local.Config{Data: data})), st.Close())
}

// dropPageCache asks the kernel to forget the store's files; it needs no privilege.
func dropPageCache(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
}

func quantile(times []time.Duration, q float64) time.Duration {
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))].Round(10 * time.Microsecond)
}
