package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

func (a *app) statCommand() *cobra.Command {
	var (
		q    query.Stat
		span spanFlags
	)
	command := &cobra.Command{
		Use:   "stat",
		Short: "Counts, sizes, top talkers, error rates",
		Example: `  kubewake stat
  kubewake stat --since 2m --top 20`,
		Args: wanted(cobra.NoArgs),
	}
	span.register(command)
	command.Flags().IntVar(&q.Top, "top", 0, "rows per table (0: the engine's own number)")
	command.RunE = func(command *cobra.Command, _ []string) error {
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			q.Cluster = record.Cluster(a.cluster)
			if q.Window, err = span.window(ctx, k); err != nil {
				return err
			}
			st, err := k.Stat(ctx, q)
			if err != nil {
				return err
			}
			return a.print(printed{
				answer: st,
				table:  func(w io.Writer, s show.Style) error { return show.Stat(w, st, s) },
				note:   show.Note{Coverage: st.Coverage, Ask: "kubewake coverage"},
			})
		})
	}
	return command
}
