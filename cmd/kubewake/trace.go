package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace/otlp"
)

func (a *app) traceCommand() *cobra.Command {
	var (
		span   spanFlags
		window string
		q      query.Trace
		to     otlpFlags
	)
	command := &cobra.Command{
		Use:   "trace" + objectUse + " | --id ID",
		Short: "An object and what it owns on one time line",
		Long: `Trace draws an object, its owners and what it owns as bars on one time line: from the first to the last record of each, with a sign
where something was recorded, • or × where it failed. Modes show it in other ways (tracing, grouped, tree, timeline), modifiers say which
objects (alone, ancestors, owned, full tree). Windows are widened to whole minutes or more, so that the ID stays the same for a while;
--id shows again what an ID says. -o otlp and -o jaeger write what other programs read, --otlp sends it to one; docs/traces.md tells more.`,
		Example: `  kubewake trace deploy/web -n shop
  kubewake trace deploy/web -n shop --window 1h -o wide
  kubewake trace deploy/web -n shop --mode tree --modifier owned
  kubewake trace deploy/web -n shop -o jaeger            # a file that Jaeger UI opens`,
	}
	object := a.oneObject(command)
	span.register(command)
	flags := command.Flags()
	flags.StringVar(&window, "window", "", "only the last stretch of the recording, as --since")
	flags.StringVar(&q.ID, "id", "", "the trace with this ID, instead of an object")
	flags.StringVar(&q.Mode, "mode", "", "display mode (default tracing)")
	flags.StringVar(&q.Modifier, "modifier", "", "which objects (default: the mode's own)")
	flags.BoolVar(&q.FullLife, "full-life", false, "objects from creation to end, not from the first to the last record")
	flags.BoolVar(&q.Verbose, "verbose", false, "changes of resourceVersion and generation too")
	flags.BoolVar(&q.Reads, "reads", false, "get, list and watch requests too")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many spans and logs (0: the engine's own limit)")
	flags.StringVar(&a.traceModes, "trace-modes", "", "YAML file of further display modes, where a directory is asked ($KUBEWAKE_TRACE_MODES)")
	a.linkRulesFlag(flags)
	to.register(flags)
	command.MarkFlagsMutuallyExclusive("window", "since", "from")
	command.MarkFlagsMutuallyExclusive("id", "uid")
	a.complete(command, "mode", (*asker).modes)
	a.complete(command, "modifier", (*asker).modifiers)
	command.RunE = func(command *cobra.Command, args []string) error {
		a.linked = true
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			if window != "" {
				span.since, span.named = window, "window"
			}
			if q.ID != "" && len(args) > 0 {
				return usagef("give KIND/NAME or --id, not both")
			}
			if q.ID == "" {
				if q.Object, err = object.object(a, args); err != nil {
					return err
				}
			}
			if q.Window, err = span.window(ctx, k); err != nil {
				return err
			}
			t, err := k.Trace(ctx, q)
			if err != nil {
				return err
			}
			if to.to.Endpoint != "" {
				return to.send(ctx, a, t)
			}
			return a.printTrace(t, asTyped(args, object))
		})
	}
	return command
}

func (a *app) printTrace(t *engine.Trace, typed string) error {
	switch a.output {
	case "jaeger":
		return printLine(a.out, jaeger.Encode(&t.Trace))
	case "otlp":
		b, err := otlp.JSON(&t.Trace)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s\n", b)
		return err
	}
	end := *t
	end.Spans = nil
	return a.print(printed{
		answer: t, items: anys(t.Spans), end: &end,
		table: func(w io.Writer, s show.Style) error { return show.Trace(w, t, s) },
		note:  show.Note{Cut: cutOrPending(t.Cut, t.Pending), Coverage: t.Coverage, Marks: show.TraceMarks(t), Ask: "kubewake coverage " + typed},
	})
}

// modes completes --mode.
func (k *asker) modes(string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), completeFor)
	defer cancel()
	services, err := k.Services(ctx)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(services.Services, func(s string) bool { return strings.Contains(s, " ") })
}

// modifiers completes --modifier.
func (k *asker) modifiers(string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), completeFor)
	defer cancel()
	services, err := k.Services(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, service := range services.Services { // a mode, or a mode and a modifier: each mode comes with all of these
		if _, modifier, ok := strings.Cut(service, " "); ok && !slices.Contains(names, modifier) {
			names = append(names, modifier)
		}
	}
	return names
}
