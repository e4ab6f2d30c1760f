// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/test/cluster/plane"
)

// up runs a control plane until the context ends, or a component dies that nobody asked to, or, with
// -child, standard input ends: then whoever started it is gone.
func up(ctx context.Context, args []string) error {
	config, child, err := parseUp(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if child {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	cluster, err := plane.New(config)
	if err != nil {
		return err
	}
	if err := cluster.Start(ctx); err != nil {
		return errors.Join(err, cluster.Close())
	}
	listener, err := cluster.Listen()
	if err != nil {
		return errors.Join(err, cluster.Close())
	}
	if err := announce(cluster.State(), child); err != nil {
		return errors.Join(err, cluster.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return cluster.Serve(ctx, listener) })
	group.Go(func() error { return watchOver(ctx, cluster, child) })
	return errors.Join(group.Wait(), cluster.Close())
}

func parseUp(args []string) (config plane.Config, child bool, err error) {
	var (
		webhook    plane.Webhook
		compaction string
		extra      stringList
	)
	f := flag.NewFlagSet("testcluster up", flag.ContinueOnError)
	f.BoolVar(&child, "child", false, "print the state as one JSON line, and end when standard input does")
	f.StringVar(&config.Dir, "dir", "", "`directory` for keys, data and logs; default: a temporary one, removed at the end")
	f.IntVar(&config.APIServers, "apiservers", 1, "how many apiservers run on the one etcd")
	f.IntVar(&config.Nodes, "nodes", 3, "how many fake nodes; negative: none")
	f.StringVar(&compaction, "etcd-compaction", "5m", "how often etcd forgets old revisions, or off")
	f.BoolVar(&config.ControllerManagerOff, "no-controller-manager", false, "run no controllers")
	f.BoolVar(&config.SchedulerOff, "no-scheduler", false, "run no scheduler")
	f.Var(&extra, "apiserver-arg", "a `flag` for every kube-apiserver, such as --v=4; may be repeated")
	f.DurationVar(&config.StartTimeout, "start-timeout", 5*time.Minute, "how long the start may take")
	f.StringVar(&config.Audit.PolicyFile, "audit-policy", "", "audit policy `file`; default: what -audit-level means")
	f.StringVar(&config.Audit.Level, "audit-level", plane.LevelRequestResponse, "RequestResponse, Request or Metadata, each without leases and discovery, or All")
	f.StringVar(&config.Audit.Log, "audit-log", "", "audit log `file`, or off; default audit.jsonl in -dir")
	f.StringVar(&webhook.URL, "webhook", "", "`URL` of an audit webhook")
	f.StringVar(&webhook.CAFile, "webhook-ca", "", "`file` with the authority of the webhook's certificate; default: it is not verified")
	f.StringVar(&webhook.CertFile, "webhook-client-cert", "", "client certificate `file` for the webhook")
	f.StringVar(&webhook.KeyFile, "webhook-client-key", "", "its key `file`")
	f.StringVar(&webhook.TokenFile, "webhook-token", "", "`file` with a bearer token for the webhook")
	f.StringVar(&webhook.Mode, "webhook-mode", "", "batch (default), blocking or blocking-strict")
	f.IntVar(&webhook.BatchMaxSize, "webhook-batch-max-size", 0, "events per batch (upstream's default: 400)")
	f.IntVar(&webhook.BatchBuffer, "webhook-batch-buffer-size", 0, "events that wait before they are dropped (10000)")
	f.DurationVar(&webhook.BatchMaxWait, "webhook-batch-max-wait", 0, "how long a batch waits to fill (30s)")
	f.DurationVar(&webhook.InitialBackoff, "webhook-initial-backoff", 0, "pause before the first retry (10s)")
	if err := f.Parse(args); err != nil {
		return config, child, err
	}
	if f.NArg() > 0 {
		return config, child, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if compaction == "off" {
		config.EtcdCompaction = -1
	} else if config.EtcdCompaction, err = time.ParseDuration(compaction); err != nil {
		return config, child, fmt.Errorf("-etcd-compaction: %w", err)
	}
	if webhook.URL != "" {
		config.Audit.Webhook = &webhook
	} else if webhook != (plane.Webhook{}) {
		return config, child, errors.New("the flags -webhook-... need -webhook URL")
	}
	config.APIServerArgs = extra
	return config, child, nil
}

type stringList []string

func (l *stringList) String() string     { return strings.Join(*l, " ") }
func (l *stringList) Set(s string) error { *l = append(*l, s); return nil }

func announce(s plane.State, child bool) error {
	if child {
		return json.NewEncoder(os.Stdout).Encode(s)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf(`Kubernetes runs on %s; Ctrl-C ends it.

  export KUBECONFIG=%s
  %s get nodes

audit log   %s
control     %s ctl %s state|kill|stop|start|pause|resume|snapshot|restore|wipe|user|token|history [name=...]
`, s.APIServers[0].URL, s.Kubeconfig, s.Kubectl, s.APIServers[0].AuditLog, self, s.Dir)
	return nil
}

// watchOver ends a cluster that somebody plays with when it falls apart; a test asks for itself.
func watchOver(ctx context.Context, cluster *plane.Cluster, child bool) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := cluster.Failed(); err != nil && !child {
			return err
		}
	}
}
