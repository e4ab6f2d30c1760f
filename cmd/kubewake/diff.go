package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
)

func (a *app) diffCommand() *cobra.Command {
	var (
		q        query.Diff
		from, to string
	)
	command := &cobra.Command{
		Use:   "diff" + objectUse,
		Short: "What changed between two states of an object",
		Long: `Diff compares two states of an object field by field. Without --from and --to it shows the last change. A state is named
by a time, by a resourceVersion (rv:1234), or counted back from the newest (@{-1}). List items are matched by their
Kubernetes merge key; where none is known, the answer says how.`,
		Example: `  kubewake diff deploy/web -n shop
  kubewake diff deploy/web -n shop --from @{-3}
  kubewake diff deploy/web -n shop --from -27s --to -26s`,
	}
	object := a.oneObject(command)
	flags := command.Flags()
	flags.StringVar(&from, "from", "", "the earlier state (default: the one before --to)")
	flags.StringVar(&to, "to", "", "the later state (default: the newest)")
	flags.BoolVar(&q.Noise, "noise", false, "managedFields, resourceVersion and generation too")
	command.RunE = func(command *cobra.Command, args []string) error {
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			if q.Object, err = object.object(a, args); err != nil {
				return err
			}
			if q.From, err = k.point(ctx, "from", from); err != nil {
				return err
			}
			if q.To, err = k.point(ctx, "to", to); err != nil {
				return err
			}
			d, err := k.Diff(ctx, q)
			if err != nil {
				return err
			}
			return a.print(printed{
				answer: d,
				table:  func(w io.Writer, s show.Style) error { return show.Diff(w, d, s) },
				note:   show.Note{Cut: d.Cut, Coverage: d.Coverage, Ask: "kubewake coverage " + asTyped(args, object)},
			})
		})
	}
	return command
}
