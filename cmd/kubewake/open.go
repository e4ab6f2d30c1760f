package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/serve"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

// opening is what open and demo share: inputs, the directory they are kept in, and where to serve.
type opening struct {
	paths       []string
	dir         string
	fingerprint string
	temporary   bool // dir goes when we go: standard input cannot be recognized again
	listen      string
	jaeger      serve.Jaeger
	in          *intakeFlags
	hints       func(url string) string // what to try, once it can be asked
}

func (a *app) openCommand() *cobra.Command {
	o := &opening{hints: openHints}
	remove := false
	command := &cobra.Command{
		Use:   "open PATH...",
		Short: "Read recordings, then serve them until Ctrl-C",
		Long: `Open reads audit logs and recordings (see kubewake import --help for what it reads), then serves the API and a page
on this machine until Ctrl-C. Ask from another shell; no flag is needed for what was opened last.

What was read is kept in the user's cache directory under a digest of the inputs, and used again the next time; --data
keeps it elsewhere, --rm removes it. Exit status 3 says that some of the input was refused.`,
		Example: `  kubewake open audit.log
  kubewake open 'audit*.log.gz' watch/ --cluster prod
  kubewake open audit.log --rm       # forget it`,
		Args: wanted(cobra.MinimumNArgs(1)),
	}
	o.in = a.intakeFlags(command)
	flags := command.Flags()
	flags.StringVar(&a.data, "data", "", "keep it in this directory instead of the cache")
	flags.StringVar(&o.listen, "listen", serve.DefaultListen, "address to serve on; if the port is in use, a free one")
	jaegerFlags(flags, &o.jaeger)
	flags.StringVar(&a.linkRules, "link-rules", "", "YAML file of further rules that link objects")
	flags.StringVar(&a.traceModes, "trace-modes", "", "YAML file of further display modes of traces")
	flags.BoolVar(&remove, "rm", false, "remove what is kept of these inputs, and exit")
	command.RunE = func(command *cobra.Command, paths []string) error {
		o.paths = paths
		if remove && a.data != "" {
			return usagef("--rm removes from the cache only; remove %s yourself", a.data)
		}
		if err := a.place(o); err != nil {
			return err
		}
		if remove {
			return a.forget(o)
		}
		return a.open(command.Context(), o)
	}
	return command
}

func openHints(url string) string {
	return "serving on " + url + " until Ctrl-C; from another shell, for example:\n" +
		"  " + callMe() + " objects deploy\n  " + callMe() + " history deploy/NAME -n NAMESPACE"
}

// callMe is what a person types to start this program: its name where the shell would find it, else how it was called.
func callMe() string {
	if found, err := exec.LookPath("kubewake"); err == nil {
		if self, err := os.Executable(); err == nil && sameFile(found, self) {
			return "kubewake"
		}
	}
	return os.Args[0]
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// fingerprintOf names the inputs and how they are taken in; standard input, which has no digest, gets one of its own.
func (a *app) fingerprintOf(paths []string, in *intakeFlags) (string, error) {
	digest := fmt.Sprintf("stdin at %d", time.Now().UnixNano())
	if !slices.Contains(paths, "-") {
		var err error
		if digest, err = input.Digest(paths); err != nil {
			return "", err
		}
	}
	return a.fingerprint(digest, in)
}

// place chooses the directory.
func (a *app) place(o *opening) (err error) {
	if o.fingerprint, err = a.fingerprintOf(o.paths, o.in); err != nil {
		return err
	}
	if a.data != "" {
		o.dir = a.data
		return nil
	}
	o.temporary = slices.Contains(o.paths, "-")
	o.dir, err = storeDir(o.fingerprint)
	return err
}

// forget removes what is kept of the inputs, unless somebody uses it.
func (a *app) forget(o *opening) error {
	if _, err := os.Stat(o.dir); errors.Is(err, os.ErrNotExist) {
		a.say("nothing is kept of %s", strings.Join(o.paths, " "))
		return nil
	}
	st, err := pebble.Open(o.dir, pebble.Options{})
	switch {
	case err == nil:
		if err := st.Close(); err != nil {
			return err
		}
	case errors.Is(err, store.ErrLocked):
		return err
	}
	size, err := dirSize(o.dir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(o.dir); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	a.say("removed %s (%s)", o.dir, show.Bytes(size))
	return nil
}

// open reads what was not read yet, then serves.
func (a *app) open(ctx context.Context, o *opening) (err error) {
	st, err := a.openStore(o)
	if errors.Is(err, store.ErrLocked) {
		if url, addressErr := pebble.ReadAddress(o.dir); addressErr == nil && url != "" {
			remember(o.dir)
			a.say("another process serves this already: %s", url)
			return nil
		}
	}
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, st.Close())
		if o.temporary {
			err = errors.Join(err, os.RemoveAll(o.dir))
		}
	}()
	done, err := alreadyTaken(ctx, st, o.fingerprint)
	if err != nil {
		return err
	}
	var lost bool
	if done != nil {
		a.say("read before, at %s: %d lines, %d records", done.At.Local().Format(time.DateTime), done.Lines, done.Records)
		lost = done.Refused > 0
	} else {
		report, err := a.takeIn(ctx, st, o.dir, o.fingerprint, o.paths, o.in)
		if err != nil {
			return err
		}
		lost = refused(report)
	}
	if size, err := st.Size(ctx); err == nil {
		a.say("kept in %s (%s)", o.dir, show.Bytes(size.Disk))
	}
	if err := a.serve(ctx, st, o); err != nil {
		return err
	}
	if lost {
		return errRefused
	}
	return nil
}

// openStore opens the directory; one in the cache that another release wrote is made anew: the inputs are at hand.
func (a *app) openStore(o *opening) (*pebble.Store, error) {
	st, err := openForWriting(o.dir)
	if a.data != "" || !errors.Is(err, store.ErrFormat) {
		return st, err
	}
	a.say("%s was written by another release: reading again", o.dir)
	if err := os.RemoveAll(o.dir); err != nil {
		return nil, fmt.Errorf("remove: %w", err)
	}
	return openForWriting(o.dir)
}

func (a *app) serve(ctx context.Context, st *pebble.Store, o *opening) error {
	for _, listen := range []string{o.listen, o.jaeger.GRPC} {
		if listen != "" && !serve.Loopback(listen) {
			a.say("warning: %s is reached from other machines, and nobody is asked who they are", listen)
		}
	}
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		dir = o.dir
	}
	rules, err := serve.LinkRules(a.linkRules)
	if err != nil {
		return &usageError{err}
	}
	modes, err := serve.TraceModes(a.traceModes)
	if err != nil {
		return &usageError{err}
	}
	e := local.New(st, local.Config{Version: versionText(), Data: dir, LinkRules: rules, Modes: modes})
	if err := a.deriveLinks(ctx, e, linksBeforeServing); err != nil {
		return err
	}
	var server *serve.Server
	server, err = serve.New(serve.Config{
		Engine:  e,
		Listen:  o.listen,
		AnyPort: true,
		Jaeger:  o.jaeger,
		Version: versionText(),
		Log:     slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready: func(url string) error {
			if err := pebble.WriteAddress(dir, url); err != nil {
				return fmt.Errorf("write the address for other processes: %w", err)
			}
			remember(dir)
			if _, port, err := net.SplitHostPort(o.listen); err == nil && port != "0" && !strings.HasSuffix(url, ":"+port) {
				a.say("%s is in use", o.listen)
			}
			a.say("%s", o.hints(url))
			a.sayJaeger(server.JaegerAddr())
			return a.sayJaegerSearch(ctx, e, o.jaeger)
		},
	})
	if err != nil {
		return &usageError{err}
	}
	linking, stop := context.WithCancel(ctx)
	linked := make(chan error, 1)
	go func() { linked <- e.LinkIndex().Run(linking) }()
	err = server.Run(ctx)
	stop()
	return errors.Join(err, <-linked)
}
