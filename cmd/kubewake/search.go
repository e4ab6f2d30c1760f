package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// searchLimit is --limit of a search unless given.
const searchLimit = 1000

func (a *app) searchCommand() *cobra.Command {
	var (
		q     query.Search
		span  spanFlags
		kinds []string
	)
	command := &cobra.Command{
		Use:   "search [FILTER]",
		Short: "Records that match a CEL filter",
		Long: `Search lists the records that match a filter in CEL, the language of Kubernetes' admission policies. A filter reads the record's
kind, time, cluster, group, resource, namespace, name and uid; request, event and gap; object, the object's state after the
record, and oldObject, the one before it. A record whose state is not known is neither hit nor miss: the end of the answer
counts them. docs/search.md lists every field.`,
		Example: `  kubewake search 'request.verb == "delete"'
  kubewake search 'request.code >= 400' --since 5m
  kubewake search 'object.spec.replicas > 3 && oldObject.spec.replicas <= 3'
  kubewake search 'request.user.startsWith("system:serviceaccount:")' -o jsonl --limit 0`,
		Args: wanted(cobra.MaximumNArgs(1)),
	}
	flags := command.Flags()
	span.register(command)
	flags.StringSliceVar(&kinds, "record", nil, "kinds of record: request, revision, end, event, gap, progress")
	flags.BoolVar(&q.Reads, "reads", false, "get, list and watch requests too")
	flags.BoolVar(&q.Newest, "newest", false, "newest first")
	flags.IntVar(&q.Limit, "limit", searchLimit, "at most so many hits (0: 1000, too); an answer that was cut says so")
	flags.StringVar(&q.Cursor, "cursor", "", "go on where an earlier answer ended")
	completeWords(command, "record", func() []string {
		return []string{"request", "revision", "end", "event", "gap", "progress", "span"}
	})
	command.RunE = func(command *cobra.Command, args []string) error {
		if len(args) == 1 {
			q.Filter, a.filter = args[0], args[0]
		}
		for _, word := range kinds {
			kind, ok := record.ParseKind(word)
			if !ok {
				return usagef("--record %s: want request, revision, end, event, gap or progress", word)
			}
			q.Kinds = append(q.Kinds, kind)
		}
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			q.Cluster = record.Cluster(a.cluster)
			if q.Window, err = span.window(ctx, k); err != nil {
				return err
			}
			return a.search(ctx, k, q)
		})
	}
	return command
}

// search writes hits as they come where the output is lines, and as one document otherwise.
func (a *app) search(ctx context.Context, k *asker, q query.Search) error {
	switch a.output {
	case "json", "yaml":
		found := engine.Found{Hits: []*engine.Hit{}}
		end, err := k.Search(ctx, q, func(h *engine.Hit) error {
			found.Hits = append(found.Hits, h)
			return nil
		})
		if err != nil {
			return err
		}
		found.End = end
		return a.print(printed{answer: found})
	case "jsonl":
		end, err := k.Search(ctx, q, func(h *engine.Hit) error { return printLine(a.out, h) })
		if err != nil {
			return err
		}
		return printLine(a.out, ending{end})
	}
	hits := show.NewHits(a.out, a.style(a.out))
	end, err := k.Search(ctx, q, hits.Add)
	if flushErr := hits.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		return err
	}
	return a.searchEnd(end)
}

func (a *app) searchEnd(end *engine.SearchEnd) error {
	parts := []string{plural(end.Hits, "hit", "hits") + " in " + plural(end.Scanned, "record", "records")}
	if end.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d records whose state is not known: neither hit nor miss", end.Unknown))
	}
	if end.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d records on which the filter failed (first: %s)", end.Failed, end.FirstFail))
	}
	note := show.Note{Cut: end.Cut, Cursor: end.Cursor, Coverage: end.Coverage, Ask: "kubewake coverage", Marks: []string{strings.Join(parts, "; ")}}
	return show.Notes(a.err, note, a.style(a.err))
}
