package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
)

func (a *app) blameCommand() *cobra.Command {
	var (
		q  query.Blame
		at string
	)
	command := &cobra.Command{
		Use:   "blame" + objectUse,
		Short: "For every field: since when it has its value, who set it, and how",
		Long: `Blame shows for every field of an object its value, since when it has it, who set it and by which call and field manager.
Fields older than the recording say "before". A mark tells what is not certain: ~ inferred, ? one of several
candidates, = assumed unchanged; -o wide gives the reason.`,
		Example: `  kubewake blame deploy/web -n shop
  kubewake blame deploy/web -n shop --path spec.template
  kubewake blame deploy/web -n shop --at -20s -o wide`,
	}
	object := a.oneObject(command)
	flags := command.Flags()
	flags.StringVar(&at, "at", "", "the state at a time, a resourceVersion (rv:1234), or counted back (@{-1})")
	flags.StringVar(&q.Path, "path", "", "only fields at or below this path")
	flags.BoolVar(&q.Noise, "noise", false, "managedFields, resourceVersion and generation too")
	command.RunE = func(command *cobra.Command, args []string) error {
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			if q.Object, err = object.object(a, args); err != nil {
				return err
			}
			if q.Point, err = k.point(ctx, "at", at); err != nil {
				return err
			}
			b, err := k.Blame(ctx, q)
			if err != nil {
				return err
			}
			end := *b
			end.Fields = nil
			return a.print(printed{
				answer: b, items: anys(b.Fields), end: &end,
				table: func(w io.Writer, s show.Style) error { return show.Blame(w, b, s) },
				note: show.Note{Coverage: b.Coverage, Marks: show.BlameMarks(b, a.style(a.out)),
					Ask: "kubewake coverage " + asTyped(args, object)},
			})
		})
	}
	return command
}
