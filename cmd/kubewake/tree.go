package main

import (
	"context"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
)

func (a *app) treeCommand() *cobra.Command {
	var (
		moment   momentFlags
		q        query.Tree
		up, down string
	)
	command := &cobra.Command{
		Use:   "tree" + objectUse,
		Short: "An object with its owners and what it owns, over time",
		Long: `Tree draws an object under its owners, and over all it owns: every object that was there at some moment of the time asked for, with
when it began and ended. Objects that were named as owners and never recorded are in it, and marked; several owners are told where
an object stands under one of them (the controller before others).`,
		Example: `  kubewake tree deploy/web -n shop
  kubewake tree deploy/web -n shop --at -30s
  kubewake tree deploy/web -n shop --since 20s --down 1
  kubewake tree deploy/web -n shop --type owns,selects,runs-on`,
	}
	object := a.oneObject(command)
	moment.register(command)
	flags := command.Flags()
	flags.StringVar(&up, "up", "all", "how many links to follow up")
	flags.StringVar(&down, "down", "all", "how many links to follow down")
	flags.BoolVar(&q.Siblings, "siblings", false, "also what else the owners own")
	flags.StringSliceVar(&q.Types, "type", nil, "links to follow (default owns, parent, and those of your own rules)")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many objects (0: the engine's own limit)")
	a.linkRulesFlag(flags)
	completeWords(command, "type", a.linkTypes)
	command.RunE = func(command *cobra.Command, args []string) error {
		a.linked = true
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			if q.Object, err = object.object(a, args); err != nil {
				return err
			}
			if q.At, q.Window, err = moment.read(ctx, k); err != nil {
				return err
			}
			if q.Up, err = depth("up", up); err != nil {
				return err
			}
			if q.Down, err = depth("down", down); err != nil {
				return err
			}
			tree, err := k.Tree(ctx, q)
			if err != nil {
				return err
			}
			end := *tree
			end.Nodes = nil
			return a.print(printed{
				answer: tree, items: anys(tree.Nodes), end: &end,
				table: func(w io.Writer, s show.Style) error { return show.Tree(w, tree, s) },
				note: show.Note{Cut: cutOrPending(tree.Cut, tree.Pending), Coverage: tree.Coverage, Marks: show.TreeMarks(tree),
					Ask: "kubewake coverage " + asTyped(args, object)},
			})
		})
	}
	return command
}

func depth(flag, text string) (int, error) {
	if text == "all" {
		return query.All, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, usagef("--%s %s: want a number, or all", flag, text)
	}
	return int(n), nil
}
