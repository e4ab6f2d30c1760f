package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
)

func (a *app) historyCommand() *cobra.Command {
	var (
		span  spanFlags
		q     query.History
		split bool
	)
	command := &cobra.Command{
		Use:   "history" + objectUse,
		Short: "What happened to one object, in order",
		Long: `History lists what happened to one object: its states, the requests that made them or failed, the Events about it,
and its end. Each line names who did it. A mark tells what is not certain: ~ inferred, ? one of several candidates,
≤ then at the latest. An object deleted and made again under one name is another object: --all-lives shows them all.`,
		Example: `  kubewake history deploy/web -n shop
  kubewake history deploy/web -n shop --since 30s -o wide
  kubewake history ns shop --reads
  kubewake history deploy/web -n shop -o jsonl`,
	}
	object := a.oneObject(command)
	span.register(command)
	flags := command.Flags()
	flags.BoolVar(&q.Reads, "reads", false, "get, list and watch requests too")
	flags.BoolVar(&q.AllLife, "all-lives", false, "every object that had the name, not only the last or the one alive then")
	flags.BoolVar(&split, "all-event-states", false, "every stored state of an Event, not one line per series")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many lines (0: 1000); an answer that was cut says so")
	flags.StringVar(&q.Cursor, "cursor", "", "go on where an earlier answer ended")
	command.RunE = func(command *cobra.Command, args []string) error {
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			if q.Object, err = object.object(a, args); err != nil {
				return err
			}
			if q.Window, err = span.window(ctx, k); err != nil {
				return err
			}
			q.Folds = !split
			h, err := k.History(ctx, q)
			if err != nil {
				return err
			}
			end := *h
			end.Entries = nil
			style := a.style(a.out)
			return a.print(printed{
				answer: h, items: anys(h.Entries), end: &end,
				table: func(w io.Writer, s show.Style) error { return show.History(w, h, s) },
				note: show.Note{Cut: h.Cut, Cursor: h.Cursor, Coverage: h.Coverage, Marks: show.HistoryMarks(h, style),
					Ask: "kubewake coverage " + asTyped(args, object)},
			})
		})
	}
	return command
}

// asTyped repeats how an object was named, for commands that are suggested.
func asTyped(args []string, o *objectFlags) string {
	line := ""
	for i, arg := range args {
		if i > 0 {
			line += " "
		}
		line += arg
	}
	if o.namespace != "" {
		line += " -n " + o.namespace
	}
	if o.uid != "" {
		line += "--uid " + o.uid
	}
	return line
}
