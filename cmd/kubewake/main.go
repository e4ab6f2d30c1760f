// SPDX-License-Identifier: Apache-2.0

// Command kubewake records what happens in Kubernetes control planes and answers what happened, who did it, and why.
//
// Each subcommand has a file of its own; root.go holds what they share. A question goes to an engine: over a data
// directory, or over a server that holds it (connect.go).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	os.Exit(run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}
