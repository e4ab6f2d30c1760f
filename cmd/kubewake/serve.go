package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/serve"
)

func (a *app) serveCommand() *cobra.Command {
	f := &sourceFlags{}
	var data, listen, linkRules, traceModes string
	var jaeger serve.Jaeger
	var age, bytes = new(settings.Duration), new(settings.Bytes)
	command := &cobra.Command{
		Use:   "serve",
		Short: "Record running clusters, and answer",
		Long: `Serve records clusters as they run: it watches their objects and Events, takes in their audit logs (as a webhook of the
apiserver, or by following its files), takes in what agents deliver, and answers questions, all in one process on one directory.
It stops in order on SIGTERM or Ctrl-C and loses nothing that it acknowledged; SIGHUP reads the --config file again.

kubewake doctor says what is missing; docs/record-your-cluster.md of the repository goes through it step by step.`,
		Example: `  kubewake serve --data ./wake --kubeconfig ~/.kube/config
  kubewake serve --data ./wake --kubeconfig ~/.kube/config --cluster prod --tail /var/log/kubernetes/audit.log
  kubewake serve --config kubewake.yaml
  kubewake serve --print-config > kubewake.yaml      # every setting, documented`,
		Args: wanted(cobra.NoArgs),
	}
	flags := command.Flags()
	f.register(flags)
	flags.StringVar(&data, "data", "", "directory of the store ($KUBEWAKE_DATA)")
	flags.StringVar(&listen, "listen", "", "address to answer on (default "+serve.DefaultListen+")")
	jaegerFlags(flags, &jaeger)
	flags.StringVar(&linkRules, "link-rules", "", "YAML file of further rules that link objects; read again when it changes")
	flags.StringVar(&traceModes, "trace-modes", "", "YAML file of further display modes of traces; read again when it changes")
	flags.Var(age, "retain-age", "drop what is older than this: 36h, 30d (default: keep everything)")
	flags.Var(bytes, "retain-bytes", "drop the oldest while more than this is on disk: 500MB, 20GB (default: keep everything)")
	read := func() (serve.Settings, error) {
		s := serve.Settings{}.WithDefaults()
		if err := f.read(&s); err != nil {
			return s, err
		}
		for _, o := range []struct {
			flag string
			to   *string
		}{{data, &s.Data}, {listen, &s.API.Listen}, {f.redactRules, &s.Redact.Rules}, {linkRules, &s.Links.Rules}, {traceModes, &s.Traces.Modes},
			{jaeger.GRPC, &s.Jaeger.GRPC}, {jaeger.UI, &s.Jaeger.UI}} {
			if o.flag != "" {
				*o.to = o.flag
			}
		}
		if s.Data == "" {
			s.Data = os.Getenv("KUBEWAKE_DATA")
		}
		if *age > 0 {
			s.Retention.Age = *age
		}
		if *bytes > 0 {
			s.Retention.Bytes = *bytes
		}
		return s, f.apply(&s.Config, &s.Spool, &s.Log)
	}
	f.completed(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		if f.print {
			return settings.Print(a.out, s)
		}
		if s.Data == "" {
			return usagef("where is it kept? Give --data DIR, $KUBEWAKE_DATA, or data in the --config file")
		}
		if err := s.Check(); err != nil {
			return f.advise(err, s.Config)
		}
		return a.serveLive(command.Context(), s, read)
	}
	return command
}

func (a *app) serveLive(ctx context.Context, s serve.Settings, read func() (serve.Settings, error)) (err error) {
	log, err := s.Log.Logger(a.err)
	if err != nil {
		return &usageError{err}
	}
	if s.Data, err = filepath.Abs(s.Data); err != nil {
		return err
	}
	hangups := catchHangups()
	defer signal.Stop(hangups)
	var live *serve.Live
	live, err = serve.NewLive(s, serve.LiveOptions{Version: versionText(), Log: log, Ready: func(url, received string) error {
		remember(s.Data)
		a.say("serving on %s", url)
		a.sayJaeger(live.JaegerAddr())
		a.sayCollected(s.Config)
		if received != "" {
			a.say("taking in audit webhooks and agents on %s", received)
		}
		if len(s.Clusters) == 0 && len(s.Tails) == 0 && received == "" && s.OTLP.GRPC == "" && s.OTLP.HTTP == "" {
			a.say("nothing is recorded: give --kubeconfig, --tail or --receive (see kubewake serve --help)")
		}
		return nil
	}})
	if err != nil {
		return inUse(err, "--receive")
	}
	defer func() { err = errors.Join(err, live.Close()) }()
	ctx, stop := onHangup(ctx, hangups, func() {
		s, err := read()
		if err == nil {
			s.Data, err = filepath.Abs(s.Data)
		}
		var restart []string
		if err == nil {
			restart, err = live.Reload(s)
		}
		reloaded(log, strings.Join(restart, ", "), err)
	})
	defer stop()
	return live.Run(ctx)
}

// reloaded tells how reading the settings again went.
func reloaded(log *slog.Logger, needRestart string, err error) {
	switch {
	case err != nil:
		log.Error("the settings were not read again; the old ones hold", "error", err)
	case needRestart != "":
		log.Warn("settings read again; some take a restart", "need_restart", needRestart)
	default:
		log.Info("settings read again")
	}
}

// catchHangups keeps SIGHUP from ending the process, from now on: one that comes while a role is made waits until it runs.
func catchHangups() chan os.Signal {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	return hangups
}

// onHangup calls do on each hangup until stop is called.
func onHangup(ctx context.Context, hangups <-chan os.Signal, do func()) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				do()
			}
		}
	}()
	return ctx, func() {
		cancel()
		<-done
	}
}
