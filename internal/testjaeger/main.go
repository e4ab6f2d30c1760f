// SPDX-License-Identifier: Apache-2.0

// Command testjaeger finds or builds the Jaeger of the tests and becomes it; without arguments with docs/jaeger.yaml:
//
//	go run ./internal/testjaeger
//
// With -path it only prints where the binary lies.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/kubewake/kubewake/test/testjaeger"
)

func main() {
	binary, err := testjaeger.Binary(context.Background(), os.Stderr)
	args := os.Args[1:]
	if err == nil && len(args) == 1 && args[0] == "-path" {
		fmt.Println(binary)
		return
	}
	if len(args) == 0 {
		args = []string{"--config", "docs/jaeger.yaml"}
	}
	if err == nil {
		err = syscall.Exec(binary, append([]string{"jaeger"}, args...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, "testjaeger:", err)
	os.Exit(1)
}
