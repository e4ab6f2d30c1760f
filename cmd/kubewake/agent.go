package main

import (
	"context"
	"errors"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/agent"
	"github.com/kubewake/kubewake/internal/settings"
)

func (a *app) agentCommand() *cobra.Command {
	f := &sourceFlags{}
	var to, token, ca, cert, key, listen, redactKey string
	var elect bool
	command := &cobra.Command{
		Use:   "agent --to URL",
		Short: "Collect in a cluster, and deliver to a server",
		Long: `Agent watches clusters and takes in their audit logs, as kubewake serve does, and delivers what it sees to a server over one
outbound TLS connection. It holds no state that matters: the server remembers how far each watch and file has come. Any number of
agents may collect from one cluster side by side: what two of them see is stored once. With --elect they share the work.

While the server is away watches wait, and the audit webhook's pressure goes back to the apiserver, which drops a batch after
some 80 seconds; --spool gives it a bounded place on disk to bridge that. SIGHUP reads the --config file again.`,
		Example: `  kubewake agent --to https://kubewake.example.org:7443 --to-token token --to-ca ca.pem --in-cluster --cluster prod --elect
  kubewake agent --config agent.yaml
  kubewake agent --print-config > agent.yaml      # every setting, documented`,
		Args: wanted(cobra.NoArgs),
	}
	flags := command.Flags()
	flags.StringVar(&to, "to", "", "address of the server's receive listener, as https://HOST:PORT")
	flags.StringVar(&token, "to-token", "", "file of the bearer token to show there")
	flags.StringVar(&ca, "to-ca", "", "PEM authorities of the server's certificate (default: the system's)")
	flags.StringVar(&cert, "to-cert", "", "PEM client certificate to show there")
	flags.StringVar(&key, "to-key", "", "PEM private key of it")
	flags.StringVar(&listen, "listen", agent.DefaultListen, "address of /metrics, /healthz and /readyz; empty: none")
	flags.StringVar(&redactKey, "redact-key", "", "file of the redaction key (default: the server's)")
	flags.BoolVar(&elect, "elect", false, "stand for election among agents by Leases in the cluster")
	f.register(flags)
	read := func() (agent.Settings, error) {
		s := agent.Settings{Listen: agent.DefaultListen}.WithDefaults()
		if err := f.read(&s); err != nil {
			return s, err
		}
		for _, o := range []struct {
			flag string
			to   *string
		}{{to, &s.To.URL}, {token, &s.To.Token}, {ca, &s.To.TLS.CA}, {cert, &s.To.TLS.Cert}, {key, &s.To.TLS.Key}, {redactKey, &s.Redact.Key}, {f.redactRules, &s.Redact.Rules}} {
			if o.flag != "" {
				*o.to = o.flag
			}
		}
		if flags.Changed("listen") {
			s.Listen = listen
		}
		s.Election.Enabled = s.Election.Enabled || elect
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
		if s.To.URL == "" {
			return usagef("where does it go? Give --to https://HOST:PORT, or to.url in the --config file")
		}
		if err := s.Check(); err != nil {
			return f.advise(err, s.Config)
		}
		return a.agent(command.Context(), s, read)
	}
	return command
}

func (a *app) agent(ctx context.Context, s agent.Settings, read func() (agent.Settings, error)) (err error) {
	log, err := s.Log.Logger(a.err)
	if err != nil {
		return &usageError{err}
	}
	hangups := catchHangups()
	defer signal.Stop(hangups)
	role, err := agent.New(ctx, s, agent.Options{Log: log, Ready: func(status, received string) {
		a.say("collecting for %s", s.To.URL)
		a.sayCollected(s.Config)
		if status != "" {
			a.say("telling how it is on %s", status)
		}
		if received != "" {
			a.say("taking in audit webhooks on %s", received)
		}
	}})
	if err != nil {
		return inUse(err, "--listen or --receive")
	}
	defer func() { err = errors.Join(err, role.Close()) }()
	ctx, stop := onHangup(ctx, hangups, func() {
		s, err := read()
		var restart []string
		if err == nil {
			restart, err = role.Reload(s)
		}
		reloaded(log, strings.Join(restart, ", "), err)
	})
	defer stop()
	return role.Run(ctx)
}
