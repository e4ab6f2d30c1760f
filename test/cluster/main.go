// SPDX-License-Identifier: Apache-2.0

// Command testcluster is a whole Kubernetes control plane in one binary, for tests:
//
//	testcluster up [flags]               run one on loopback until interrupted
//	testcluster ctl DIR ACTION [k=v...]  talk with the one that runs in DIR
//	testcluster drive [flags]            keep a cluster busy, and write down what was done to it
//	testcluster recordings -out DIR      make the recordings that ship with the repository, unredacted
//	testcluster COMPONENT [flags]        be etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok or kubectl
//
// Under a component's name (a link) it is that component.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/kubewake/kubewake/test/cluster/component"
)

func main() {
	name := filepath.Base(os.Args[0])
	if run, ok := component.Lookup(name); ok {
		run(os.Args)
		return
	}
	if len(os.Args) > 1 {
		if run, ok := component.Lookup(os.Args[1]); ok {
			os.Args = os.Args[1:]
			run(os.Args)
			return
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "up":
			return up(ctx, args[1:])
		case "ctl":
			return ctl(ctx, args[1:])
		case "drive":
			return drive(ctx, args[1:])
		case "recordings":
			return recordings(ctx, args[1:])
		}
	}
	return errors.New("say what to do: up [flags], ctl DIR ACTION [name=value...], drive [flags], recordings -out DIR, or a component's name with its flags")
}
