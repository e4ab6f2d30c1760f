package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// asker is an engine with what it takes to read a person's words: the newest fact, which relative times count from,
// and the zone of times without one.
type asker struct {
	engine.Engine
	close   func() error
	cluster string
	zone    *time.Location
	newest  time.Time
}

// ask connects, runs do, and lets go.
func (a *app) ask(ctx context.Context, do func(context.Context, *asker) error) error {
	asker, err := a.connect(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, asker), asker.close())
}

// now is the newest fact of the cluster asked for.
func (k *asker) now(ctx context.Context) (time.Time, error) {
	if k.newest.IsZero() {
		info, err := k.Info(ctx)
		if err != nil {
			return time.Time{}, err
		}
		k.newest = info.Newest(k.cluster)
	}
	return k.newest, nil
}

// time reads a time as given to the flag; empty is the zero time.
func (k *asker) time(ctx context.Context, flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	now, err := k.now(ctx)
	if err != nil {
		return time.Time{}, err
	}
	t, err := query.ParseTime(text, now, k.zone)
	if err != nil {
		return time.Time{}, usagef("--%s: %w", flag, err)
	}
	return t, nil
}

// point reads a time, or a revision as query.ParsePoint knows them; empty is the zero point.
func (k *asker) point(ctx context.Context, flag, text string) (query.Point, error) {
	if text == "" {
		return query.Point{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return query.Point{At: t}, nil
	}
	now, err := k.now(ctx)
	if err != nil {
		return query.Point{}, err
	}
	p, err := query.ParsePoint(text, now, k.zone)
	if err != nil {
		return query.Point{}, usagef("--%s: %w", flag, err)
	}
	return p, nil
}

// spanFlags are --since, or --from and --to.
type spanFlags struct {
	since, from, to string
	named           string // the flag that since was given as, where it is another
}

func (s *spanFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&s.since, "since", "", "only the last stretch of the recording, as 15m or 2h; or since a time")
	flags.StringVar(&s.from, "from", "", "only from this time on")
	flags.StringVar(&s.to, "to", "", "only before this time")
	command.MarkFlagsMutuallyExclusive("since", "from")
}

func (s *spanFlags) window(ctx context.Context, k *asker) (w query.Window, err error) {
	from, flag := s.from, "from"
	if s.since != "" {
		from, flag = s.since, cmp.Or(s.named, "since")
	}
	if w.From, err = k.time(ctx, flag, from); err != nil {
		return w, err
	}
	if w.To, err = k.time(ctx, "to", s.to); err != nil {
		return w, err
	}
	if !w.From.IsZero() && !w.To.IsZero() && w.To.Before(w.From) {
		return w, usagef("--to lies before --%s", flag)
	}
	return w, nil
}

// objectFlags name one object: KIND/NAME or KIND NAME, -n, --uid.
type objectFlags struct{ namespace, uid string }

const objectUse = " KIND/NAME"

// oneObject makes command take one object, and completes it.
func (a *app) oneObject(command *cobra.Command) *objectFlags {
	o := new(objectFlags)
	command.Flags().StringVarP(&o.namespace, "namespace", "n", "", `namespace; not needed where the name is unique, else "default"`)
	command.Flags().StringVar(&o.uid, "uid", "", "the object with this UID, instead of KIND/NAME")
	command.Args = wanted(cobra.MaximumNArgs(2))
	command.ValidArgsFunction = a.completeObject(o)
	a.complete(command, "namespace", (*asker).namespaces)
	return o
}

func (o *objectFlags) object(a *app, args []string) (query.Object, error) {
	named := query.Object{Cluster: record.Cluster(a.cluster), Namespace: o.namespace, UID: record.UID(o.uid)}
	switch {
	case o.uid != "" && len(args) > 0:
		return named, usagef("give KIND/NAME or --uid, not both")
	case o.uid != "":
		return named, nil
	}
	parsed, err := query.ParseObject(args)
	if err != nil {
		return named, &usageError{err}
	}
	named.Kind, named.Name, named.UID = parsed.Kind, parsed.Name, parsed.UID
	return named, nil
}
