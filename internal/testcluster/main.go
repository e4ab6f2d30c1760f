// SPDX-License-Identifier: Apache-2.0

// Command testcluster finds or builds the test control plane and becomes it:
//
//	go run ./internal/testcluster up -nodes 5
//
// With -path it only prints where the binary lies.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/kubewake/kubewake/test/testcluster"
)

func main() {
	binary, err := testcluster.Binary(context.Background(), os.Stderr)
	if err == nil && len(os.Args) == 2 && os.Args[1] == "-path" {
		fmt.Println(binary)
		return
	}
	if err == nil {
		err = syscall.Exec(binary, append([]string{"testcluster"}, os.Args[1:]...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, "testcluster:", err)
	os.Exit(1)
}
