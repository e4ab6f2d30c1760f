package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/serve"
	"github.com/kubewake/kubewake/source/tail"
)

// sourceFlags are those of serve and agent that name sources; they add to what the file says.
type sourceFlags struct {
	file        string // --config
	print       bool   // --print-config
	kubeconfig  string
	contexts    []string
	inCluster   bool
	cluster     string
	tails       []string
	receive     string
	cert, key   string
	clientCA    string
	tokens      string
	insecure    bool
	spool       string
	logLevel    string
	noWatch     bool
	redactRules string
}

func (f *sourceFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.file, "config", "c", "", "YAML file of settings; --print-config shows all of them. Flags win over it")
	flags.BoolVar(&f.print, "print-config", false, "print the settings in force as a commented file, and exit")
	flags.StringVar(&f.cluster, "cluster", "", "what the cluster is called (default: the context's name)")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "watch a cluster with these credentials")
	flags.StringSliceVar(&f.contexts, "context", nil, `contexts of the kubeconfig to watch, each a cluster; "*" for all`)
	flags.BoolVar(&f.inCluster, "in-cluster", false, "watch the cluster that this runs in, with its pod's credentials")
	flags.StringSliceVar(&f.tails, "tail", nil, "follow these audit log files (globs); --cluster names their cluster")
	flags.StringVar(&f.receive, "receive", "", "HOST:PORT to take in audit webhooks (and agents) on")
	flags.StringVar(&f.cert, "receive-cert", "", "PEM certificate of that listener")
	flags.StringVar(&f.key, "receive-key", "", "PEM private key of that listener")
	flags.StringVar(&f.clientCA, "receive-client-ca", "", "PEM authorities of the client certificates that it believes")
	flags.StringVar(&f.tokens, "receive-tokens", "", "file of bearer tokens and the clusters they speak for")
	flags.BoolVar(&f.insecure, "receive-insecure", false, "plain HTTP without authentication, on a loopback address only")
	flags.StringVar(&f.spool, "spool", "", "directory of a bounded spool that bridges a slow or absent receiver")
	flags.StringVar(&f.redactRules, "redact-rules", "", "YAML file of further fields to redact")
	flags.StringVar(&f.logLevel, "log-level", "", "debug, info, warn or error")
}

// apply lays the flags over the file's sources.
func (f *sourceFlags) apply(c *collect.Config, spool *collect.Spool, log *collect.Log) error {
	for _, s := range []struct {
		flag string
		to   *string
	}{{f.receive, &c.Receive.Listen}, {f.cert, &c.Receive.TLS.Cert}, {f.key, &c.Receive.TLS.Key}, {f.clientCA, &c.Receive.TLS.ClientCA},
		{f.tokens, &c.Receive.Tokens}, {f.spool, &spool.Dir}, {f.logLevel, &log.Level}} {
		if s.flag != "" {
			*s.to = s.flag
		}
	}
	c.Receive.Insecure = c.Receive.Insecure || f.insecure
	if f.inCluster && f.kubeconfig != "" {
		return usagef("give --in-cluster or --kubeconfig, not both")
	}
	if f.inCluster {
		c.Clusters = append(c.Clusters, collect.Cluster{Name: f.cluster, InCluster: true})
	}
	if f.kubeconfig != "" || len(f.contexts) > 0 {
		if len(f.contexts) > 1 && f.cluster != "" {
			return usagef("--cluster names one cluster, --context several; leave out --cluster, or name them in a --config file")
		}
		contexts := f.contexts
		if len(contexts) == 0 {
			contexts = []string{""}
		}
		for _, name := range contexts {
			c.Clusters = append(c.Clusters, collect.Cluster{Name: f.cluster, Kubeconfig: f.kubeconfig, Context: name})
		}
	}
	if len(f.tails) > 0 {
		if f.cluster == "" {
			return usagef("--tail needs --cluster, the name of the cluster whose audit log it is")
		}
		c.Tails = append(c.Tails, collect.Tail{Cluster: f.cluster, Settings: tail.Settings{Paths: f.tails}})
	}
	return nil
}

// read fills into from the file that --config names.
func (f *sourceFlags) read(into any) error {
	if f.file == "" {
		return nil
	}
	text, err := os.ReadFile(f.file)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	if err := settings.Read(f.file, text, into); err != nil {
		return &usageError{err}
	}
	return nil
}

func (a *app) serveCommand() *cobra.Command {
	f := &sourceFlags{}
	var data, listen string
	var age, bytes = new(settings.Duration), new(settings.Bytes)
	command := &cobra.Command{
		Use:   "serve",
		Short: "Record running clusters, and answer",
		Long: `Serve records clusters as they run: it watches their objects and Events, takes in their audit logs (as a webhook of the
apiserver, or by following its files), takes in what agents deliver, and answers questions, all in one process on one directory.
It stops in order on SIGTERM or Ctrl-C and loses nothing that it acknowledged; SIGHUP reads the --config file again.

kubewake doctor says what is missing; docs/record-your-cluster.md goes through it step by step.`,
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
		}{{data, &s.Data}, {listen, &s.API.Listen}, {f.redactRules, &s.Redact.Rules}} {
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
	command.RunE = func(command *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		if f.print {
			return settings.Print(a.out, s)
		}
		if err := s.Check(); err != nil {
			return &usageError{err}
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
	live, err := serve.NewLive(s, serve.LiveOptions{Version: versionText(), Log: log, Ready: func(url, received string) error {
		remember(s.Data)
		a.say("serving on %s", url)
		if received != "" {
			a.say("taking in audit webhooks and agents on %s", received)
		}
		if len(s.Clusters) == 0 && len(s.Tails) == 0 && received == "" {
			a.say("nothing is recorded: give --kubeconfig, --tail or --receive (see kubewake serve --help)")
		}
		return nil
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, live.Close()) }()
	ctx, stop := onHangup(ctx, func() {
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

// onHangup calls do on each SIGHUP until stop is called.
func onHangup(ctx context.Context, do func()) (context.Context, func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				do()
			}
		}
	}()
	return ctx, func() {
		signal.Stop(hangup)
		cancel()
		<-done
	}
}
