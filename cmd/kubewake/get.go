package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
)

func (a *app) getCommand() *cobra.Command {
	var (
		q       query.State
		at      string
		managed bool
	)
	command := &cobra.Command{
		Use:   "get" + objectUse,
		Short: "How an object looked at a time",
		Long: `Get writes the manifest of an object as it was, in YAML, under comments that say since when and how sure that is.
With -o json it writes the whole answer; the manifest is its member "manifest".`,
		Example: `  kubewake get deploy/web -n shop
  kubewake get deploy/web -n shop --at -20s
  kubewake get deploy/web -n shop --at 2026-11-21T15:26:25Z
  kubewake get deploy/web -n shop -o json | jq .manifest.spec`,
	}
	object := a.oneObject(command)
	command.Flags().StringVar(&at, "at", "", "a time, a resourceVersion (rv:1234), or counted back from the newest (@{-1})")
	command.Flags().BoolVar(&managed, "show-managed-fields", false, "write metadata.managedFields, too")
	command.RunE = func(command *cobra.Command, args []string) error {
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			if q.Object, err = object.object(a, args); err != nil {
				return err
			}
			if q.Point, err = k.point(ctx, "at", at); err != nil {
				return err
			}
			st, err := k.State(ctx, q)
			if err != nil {
				return err
			}
			if a.output == "yaml" {
				a.output = "table" // the manifest is YAML already
			}
			return a.print(printed{
				answer: st,
				table:  func(w io.Writer, s show.Style) error { return show.State(w, st, s, managed) },
				note:   show.Note{Coverage: st.Coverage, Ask: "kubewake coverage " + asTyped(args, object)},
			})
		})
	}
	return command
}
