// SPDX-License-Identifier: Apache-2.0

// Command wake-with-deploys is kubewake with three things added: a source that reads what a pipeline deployed, a rule that links
// ConfigMaps to the application they belong to, and a display mode that shows only what failed and what was deployed.
//
//	go run . -config serve.yaml -deploys deploys.jsonl
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/plugin"
	"github.com/kubewake/kubewake/serve"

	"example.com/wake-with-deploys/deploys"
)

//go:embed modes.yaml
var modes []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], nil); err != nil {
		fmt.Fprintln(os.Stderr, "wake-with-deploys:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Ready, where set, is told where.
func run(ctx context.Context, args []string, ready func(url, received string)) (err error) {
	flags := flag.NewFlagSet("wake-with-deploys", flag.ContinueOnError)
	config := flags.String("config", "serve.yaml", "settings of kubewake serve")
	list := flags.String("deploys", "deploys.jsonl", "file that the pipeline appends to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*config)
	if err != nil {
		return err
	}
	settings, err := serve.ReadSettings(*config, text)
	if err != nil {
		return err
	}
	live, err := serve.NewLive(settings, serve.LiveOptions{
		Version: "with deploys",
		Log:     slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Plugins: plugins(*list),
		Ready: func(url, received string) error {
			fmt.Fprintln(os.Stderr, "serving on", url)
			if received != "" { // the settings may name no listener for it
				fmt.Fprintln(os.Stderr, "taking data in on", received)
			}
			if ready != nil {
				ready(url, received)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, live.Close()) }()
	return live.Run(ctx)
}

// plugins is all that this binary adds.
func plugins(list string) plugin.Set {
	return plugin.Set{
		Sources: []plugin.Source{&deploys.Source{Path: list}},
		LinkRules: []link.Custom{{
			Name:   "part-of",
			Type:   "part-of",
			Child:  link.KindRef{Resource: "configmaps"},
			Parent: link.KindRef{Group: "apps", Kind: "Deployment"},
			CEL:    `{"namespace": object.metadata.namespace, "name": object.metadata.annotations["example.com/part-of"]}`,
		}},
		Modes: modes,
	}
}
