package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

func (a *app) coverageCommand() *cobra.Command {
	var (
		q    query.Coverage
		span spanFlags
	)
	command := &cobra.Command{
		Use:   "coverage [KIND[/NAME]]",
		Short: "What could not be seen, and why",
		Long: `Coverage says in sentences what the recording does not hold, for everything, one kind, or one object: the time before it began,
audit levels too low, lines that could not be read, watches that broke, revisions that others point to but nobody
recorded. It calls an answer complete only where there is evidence for that.`,
		Example: `  kubewake coverage
  kubewake coverage secrets
  kubewake coverage deploy/web -n shop --since 1m`,
	}
	object := a.oneObject(command)
	span.register(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			q.Cluster = record.Cluster(a.cluster)
			if len(args) == 1 && !strings.Contains(args[0], "/") {
				q.Kind = args[0]
				if object.namespace != "" {
					q.Object = query.Object{Cluster: q.Cluster, Kind: q.Kind, Namespace: object.namespace}
				}
			} else if len(args) > 0 || object.uid != "" {
				if q.Object, err = object.object(a, args); err != nil {
					return err
				}
				q.Kind = q.Object.Kind
			}
			if q.Window, err = span.window(ctx, k); err != nil {
				return err
			}
			c, err := k.Coverage(ctx, q)
			if err != nil {
				return err
			}
			end := *c
			end.Gaps = nil
			return a.print(printed{
				answer: c, items: anys(c.Gaps), end: &end,
				table: func(w io.Writer, s show.Style) error { return show.Coverage(w, c, s) },
			})
		})
	}
	return command
}
