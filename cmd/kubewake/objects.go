package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

func (a *app) objectsCommand() *cobra.Command {
	var (
		q                       query.Objects
		span                    spanFlags
		namespace, uid, at, sel string
		all                     bool
	)
	command := &cobra.Command{
		Use:   "objects [KIND[,KIND]] [NAME]",
		Short: "Which objects there are or were",
		Long: `Objects lists what is recorded, objects that ended included, of all namespaces unless -n is given. KIND is a kind as
kubectl takes it, a category such as all, or several with commas; NAME is a name or a pattern with * and ?.`,
		Example: `  kubewake objects
  kubewake objects deploy -n shop
  kubewake objects pods 'web-*' -l app=web
  kubewake objects pods -n shop --from -45s --to -40s    # alive in those seconds`,
		Args: wanted(cobra.MaximumNArgs(2)),
	}
	flags := command.Flags()
	flags.StringVarP(&namespace, "namespace", "n", "", "only this namespace")
	flags.BoolVarP(&all, "all-namespaces", "A", false, "all namespaces; this is so unless -n is given")
	flags.StringVarP(&sel, "selector", "l", "", "label selector, as app=web")
	flags.StringVar(&at, "at", "", "compare and show the labels of this time (default: the last known)")
	flags.StringVar(&uid, "uid", "", "only the object with this UID")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many (0: 500); an answer that was cut says so")
	flags.StringVar(&q.Cursor, "cursor", "", "go on where an earlier answer ended")
	span.register(command)
	command.MarkFlagsMutuallyExclusive("namespace", "all-namespaces")
	a.complete(command, "namespace", (*asker).namespaces)
	command.ValidArgsFunction = a.completeKinds
	command.RunE = func(command *cobra.Command, args []string) error {
		return a.ask(command.Context(), func(ctx context.Context, k *asker) (err error) {
			listed, err := query.ParseListing(args)
			if err != nil {
				return &usageError{err}
			}
			q.Cluster, q.Namespace, q.Selector = record.Cluster(a.cluster), namespace, sel
			q.Kind, q.Name, q.UID = listed.Kind, listed.Name, listed.UID
			if uid != "" {
				q.UID = record.UID(uid)
			}
			if q.At, err = k.time(ctx, "at", at); err != nil {
				return err
			}
			if q.Alive, err = span.window(ctx, k); err != nil {
				return err
			}
			o, err := k.Objects(ctx, q)
			if err != nil {
				return err
			}
			end := *o
			end.Objects = nil
			return a.print(printed{
				answer: o, items: anys(o.Objects), end: &end,
				table: func(w io.Writer, s show.Style) error { return show.Objects(w, o, s) },
				note:  show.Note{Cut: o.Cut, Cursor: o.Cursor, Coverage: o.Coverage, Ask: "kubewake coverage"},
			})
		})
	}
	return command
}
