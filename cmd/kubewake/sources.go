package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/source/tail"
	"github.com/kubewake/kubewake/source/watch"
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
	tailMachine string
	receive     string
	cert, key   string
	clientCA    string
	tokens      string
	insecure    bool
	spool       string
	logLevel    string
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
	flags.StringVar(&f.tailMachine, "tail-machine", "", "name of this machine, where agents on several follow audit logs of one cluster and one path")
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
	for i := range c.Tails {
		c.Tails[i].Machine = cmp.Or(c.Tails[i].Machine, f.tailMachine)
	}
	return nil
}

// advise says which flags mend what is wrong, to a person who wrote no file.
func (f *sourceFlags) advise(err error, c collect.Config) error {
	if f.file != "" {
		return &usageError{err}
	}
	switch {
	case c.Receive.Listen != "" && c.Receive.TLS.Cert == "":
		return usagef("%w\n--receive takes --receive-cert and --receive-key, and --receive-tokens or --receive-client-ca; on a loopback address --receive-insecure instead", err)
	case c.Receive.Listen != "":
		return usagef("%w\nThe flags are --receive-tokens and --receive-client-ca", err)
	case len(c.Clusters) == 0 && len(c.Tails) == 0:
		return usagef("%w\nThe flags are --kubeconfig, --in-cluster, --tail or --receive", err)
	}
	return &usageError{err}
}

// sayCollected tells what is collected, so that a person sees what the settings came to.
func (a *app) sayCollected(c collect.Config) {
	for _, k := range c.Clusters {
		switch {
		case k.Context == "*":
			a.say("watching every cluster of the kubeconfig")
		case k.Name != "":
			a.say("watching cluster %s", k.Name)
		case k.Context != "":
			a.say("watching cluster %s", k.Context)
		default:
			a.say("watching the cluster of the kubeconfig's current context")
		}
	}
	for _, t := range c.Tails {
		a.say("following the audit log of cluster %s: %s", t.Cluster, strings.Join(t.Paths, ", "))
	}
	if c.OTLP.GRPC != "" {
		a.say("taking in spans and logs over gRPC on %s", c.OTLP.GRPC)
	}
	if c.OTLP.HTTP != "" {
		a.say("taking in spans and logs over HTTP on %s", c.OTLP.HTTP)
	}
}

// inUse says which flag takes another port.
func inUse(err error, flags string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; choose another port with %s", err, flags)
	}
	return err
}

// completed registers what a shell offers for the flags that name sources.
func (f *sourceFlags) completed(command *cobra.Command) {
	levels := cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp)
	contexts := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		words := []string{"*"}
		targets, err := watch.Targets(watch.Access{Kubeconfig: f.kubeconfig, Contexts: words})
		if err != nil { // nothing to offer
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for _, t := range targets {
			words = append(words, string(t.Cluster))
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
	for flag, complete := range map[string]cobra.CompletionFunc{"log-level": levels, "context": contexts, "cluster": cobra.NoFileCompletions, "receive": cobra.NoFileCompletions, "listen": cobra.NoFileCompletions} {
		_ = command.RegisterFlagCompletionFunc(flag, complete) // fails for a flag that does not exist: scripts complete them all
	}
	for _, flag := range []string{"spool", "data"} {
		_ = command.MarkFlagDirname(flag) // an agent has no data
	}
	command.ValidArgsFunction = cobra.NoFileCompletions
}

// read fills into from the file that --config names.
func (f *sourceFlags) read(into any) error {
	if f.file == "" {
		return nil
	}
	text, err := os.ReadFile(f.file)
	if err != nil {
		return usagef("read settings: %w", err)
	}
	if err := settings.Read(f.file, text, into); err != nil {
		return &usageError{err}
	}
	return nil
}
