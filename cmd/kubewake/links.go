package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/serve"
)

// momentFlags are --at, or a window.
type momentFlags struct {
	at   string
	span spanFlags
}

func (m *momentFlags) register(command *cobra.Command) {
	command.Flags().StringVar(&m.at, "at", "", "as of this time")
	m.span.register(command)
	for _, flag := range []string{"since", "from", "to"} {
		command.MarkFlagsMutuallyExclusive("at", flag)
	}
}

func (m *momentFlags) read(ctx context.Context, k *asker) (at time.Time, w query.Window, err error) {
	if at, err = k.time(ctx, "at", m.at); err != nil {
		return at, w, err
	}
	w, err = m.span.window(ctx, k)
	return at, w, err
}

func (a *app) linkRulesFlag(flags *pflag.FlagSet) {
	flags.StringVar(&a.linkRules, "link-rules", "", "YAML file of further rules that link objects, where a directory is asked ($KUBEWAKE_LINK_RULES)")
}

func (a *app) linksCommand() *cobra.Command {
	var (
		moment momentFlags
		q      query.Links
	)
	command := &cobra.Command{
		Use:   "links" + objectUse,
		Short: "How one object was related to others",
		Long: `Links lists how an object was related to others: what owns it and what it owns, what selects, mounts, runs, scales, exposes or
grants, and the Events about it; each with the time over which it held. Without a time: what holds by the last state that is known, or
of an object that ended, all of its life. A link ends with the object that says so; → stands for what is below the object, ← for what is above.

Rules of your own come from a YAML file, see docs/links.md; links check shows what they would link.`,
		Example: `  kubewake links svc/web -n shop
  kubewake links deploy/web -n shop --at -30s
  kubewake links deploy/web -n shop --since 1m --type owns,regards -o wide`,
	}
	object := a.oneObject(command)
	moment.register(command)
	flags := command.Flags()
	flags.StringSliceVar(&q.Types, "type", nil, "only links of these types: owns, selects, mounts, ...")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many links (0: the engine's own limit)")
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
			l, err := k.Links(ctx, q)
			if err != nil {
				return err
			}
			end := *l
			end.Links = nil
			return a.print(printed{
				answer: l, items: anys(l.Links), end: &end,
				table: func(w io.Writer, s show.Style) error { return show.Links(w, l, s) },
				note: show.Note{Cut: cutOrPending(l.Cut, l.Pending), Unread: l.Unread, Coverage: l.Coverage, Marks: show.LinkMarks(l, a.style(a.out)),
					Ask: "kubewake coverage " + asTyped(args, object)},
			})
		})
	}
	command.AddCommand(a.linksCheckCommand())
	return command
}

func cutOrPending(cut, pending string) string {
	if cut != "" && pending != "" {
		return cut + "; " + pending
	}
	return cmp.Or(cut, pending)
}

// linkTypes are the types of the built-in rules and of those of --link-rules.
func (a *app) linkTypes() (words []string) {
	rules, err := serve.LinkRules(cmp.Or(a.linkRules, os.Getenv("KUBEWAKE_LINK_RULES")))
	if err != nil {
		return nil
	}
	for _, typ := range rules.Types() {
		words = append(words, string(typ))
	}
	return words
}

func (a *app) linksCheckCommand() *cobra.Command {
	limit := 0
	command := &cobra.Command{
		Use:   "check FILE",
		Short: "What a file of link rules would link in what is recorded",
		Long: `Check reads a file of link rules, as strictly as serve does, and shows what they link in recorded data before they go live: each link
over all that is recorded, how many there are by rule, and where an expression failed. Nothing is written.
Exit status 4 says that a rule failed on some objects.`,
		Example: `  kubewake links check my-rules.yaml --data ./wake
  kubewake links check my-rules.yaml --data ./wake -o jsonl`,
		Args: wanted(cobra.ExactArgs(1)),
	}
	flags := command.Flags()
	flags.StringVar(&a.data, "data", "", "data directory with what is recorded ($KUBEWAKE_DATA)")
	flags.StringVarP(&a.output, "output", "o", "table", "table, wide, json, yaml or jsonl")
	flags.BoolVar(&a.utc, "utc", false, "show times in UTC")
	flags.IntVar(&limit, "limit", 100, "at most so many links of each rule; all are counted")
	command.RunE = func(command *cobra.Command, args []string) error {
		rules, err := serve.LinkRules(args[0])
		if err != nil {
			return &usageError{err}
		}
		data := cmp.Or(a.data, os.Getenv("KUBEWAKE_DATA"), lastOpened())
		if data == "" {
			return usagef("what is recorded where? give --data DIR")
		}
		st, err := openReader(data)
		if err != nil {
			return err
		}
		defer func() { _ = st.Close() }() // it was only read
		found, err := local.CheckLinks(command.Context(), st, rules, local.LinkCheck{Limit: limit, Progress: a.linkProgress()})
		if err != nil {
			return err
		}
		if err := a.print(printed{answer: found, table: func(w io.Writer, s show.Style) error { return show.LinkCheck(w, found, s) }}); err != nil {
			return err
		}
		for i := range found.Rules {
			if found.Rules[i].Failed > 0 {
				return errFound
			}
		}
		return nil
	}
	return command
}

// linkProgress tells now and then how far the index of links has got.
func (a *app) linkProgress() func(int) {
	began := time.Now()
	said := began
	return func(objects int) {
		if now := time.Now(); now.Sub(began) > 2*time.Second && now.Sub(said) > 2*time.Second {
			said = now
			a.say("deriving links: %s so far", fmt.Sprint(objects, " objects"))
		}
	}
}

// linksBeforeServing is how long the links of what was opened are derived before it can be asked; what is left is derived behind.
const linksBeforeServing = 2 * time.Second

// deriveLinks makes the index of links, as far as it gets in a time (below zero: all of it), so that questions find it made.
func (a *app) deriveLinks(ctx context.Context, e *local.Engine, within time.Duration) error {
	links := e.LinkIndex()
	links.Patience, links.Progress = within, a.linkProgress()
	_, err := links.View(ctx)
	return err
}

// keepLinks derives the links of a directory that has none yet, or not of all it holds, so that the next question finds them. One that may
// only be read derives them for itself each time, as does one whose links were made by other rules: those may be a server's.
func (a *app) keepLinks(ctx context.Context, dir string, rules *link.Rules, st reader) (reader, error) {
	unkept, err := index.NewLinks(st, rules).Unkept(ctx)
	if err != nil || !unkept {
		return st, err
	}
	if err := st.Close(); err != nil {
		return st, err
	}
	if w, err := openForWriting(dir); err == nil {
		err := a.deriveLinks(ctx, local.New(w, local.Config{LinkRules: rules}), -1)
		if err := errors.Join(err, w.Flush(ctx), w.Close()); err != nil {
			return st, fmt.Errorf("derive the links of %s: %w", dir, err)
		}
	}
	return openReader(dir)
}
