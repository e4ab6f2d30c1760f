// SPDX-License-Identifier: Apache-2.0

// Package testjaeger gives tests a real Jaeger on loopback that asks a kubewake for its traces. It is built from the nested module
// test/jaeger, whose dependencies stay out of this module, and runs with the configuration that the repository ships, docs/jaeger.yaml.
//
//	jaeger := testjaeger.Start(t, testjaeger.Config{Storage: "127.0.0.1:17271"})
//	http.Get(jaeger.URL + "/api/services")
//
// Start skips the test unless KUBEWAKE_E2E=1 or KUBEWAKE_JAEGER names the binary.
package testjaeger

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/nested"
)

// Config says whom Jaeger asks.
type Config struct {
	Storage string // HOST:PORT of kubewake's gRPC
	Token   string // bearer token; empty: none
	CAFile  string // of the certificate there; empty: no TLS
}

// Jaeger is a running one.
type Jaeger struct {
	URL string // http://HOST:PORT of its query API
}

// startFor bounds the start; a machine may be busy.
const startFor = time.Minute

// Start runs a Jaeger until the test ends.
func Start(tb testing.TB, c Config) *Jaeger {
	tb.Helper()
	root, err := nested.Root("test/jaeger")
	if err != nil {
		tb.Fatal(err)
	}
	overlay := filepath.Join(tb.TempDir(), "overlay.yaml")
	if err := os.WriteFile(overlay, []byte(c.overlay()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return launch(tb, []string{"--config", filepath.Join(root, "docs", "jaeger.yaml"), "--config", overlay},
		"KUBEWAKE_GRPC="+c.Storage, "JAEGER_GRPC="+freeAddress(tb), "JAEGER_UI_CONFIG="+filepath.Join(root, "docs", "jaeger-ui.json"))
}

// launch runs a Jaeger whose configuration takes the address of its query API from JAEGER_HTTP.
func launch(tb testing.TB, args []string, env ...string) *Jaeger {
	tb.Helper()
	if !Enabled() {
		tb.Skip("needs a Jaeger: set KUBEWAKE_E2E=1 to build and run one, or " + EnvBinary + " to the path of a built one")
	}
	binary, err := Binary(tb.Context(), os.Stderr)
	if err != nil {
		tb.Fatal(err)
	}
	address := freeAddress(tb)
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(append(os.Environ(), "JAEGER_HTTP="+address), env...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		cancel()
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the process, at the latest in the cleanup below
	tb.Cleanup(func() {
		cancel()
		err := <-ended
		if tb.Failed() {
			tb.Logf("Jaeger ended with %v, and said:\n%s", err, log.String())
		}
	})
	j := &Jaeger{URL: "http://" + address}
	if err := j.await(ended); err != nil {
		ended <- err // for the cleanup
		tb.Fatal(err)
	}
	return j
}

// overlay is what the shipped configuration leaves to its user.
func (c Config) overlay() string {
	text := "extensions:\n  jaeger_storage:\n    backends:\n      kubewake:\n        grpc:\n"
	if c.CAFile != "" {
		text += fmt.Sprintf("          tls: {insecure: false, ca_file: %q}\n", c.CAFile)
	} else {
		text += "          tls: {insecure: true}\n"
	}
	if c.Token != "" {
		text += fmt.Sprintf("          headers: {authorization: %q}\n", "Bearer "+c.Token)
	}
	return text
}

// await waits until the query API answers.
func (j *Jaeger) await(ended <-chan error) error {
	client := http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(startFor); time.Now().Before(deadline); {
		if response, err := client.Get(j.URL + "/"); err == nil {
			return response.Body.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("Jaeger ended: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("Jaeger did not answer within %s", startFor)
}

// freeAddress is one where nobody listens. It lies below the range from which the kernel gives ports to connections: one from there could be
// gone before Jaeger listens.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	const lowest, highest = 20000, 32000
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(highest-lowest)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			tb.Fatal(err)
		}
		return l.Addr().String()
	}
	tb.Fatal("no free port found on 127.0.0.1")
	return ""
}
