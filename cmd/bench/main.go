// SPDX-License-Identifier: Apache-2.0

// Command bench measures speed and size on a corpus multiplied from a real recording, and prints a table for
// docs/benchmarks.md. The corpus is generated as a stream into the importer, which runs as a process of its own
// so that its CPU time and peak memory are its alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/internal/corpus"
)

func main() {
	var c config
	flag.StringVar(&c.binary, "kubewake", "bin/kubewake", "the `binary` to measure")
	flag.StringVar(&c.recording, "recording", "testdata/recordings/scenarios/audit.jsonl.zst", "audit log (zstd) to multiply")
	flag.Int64Var(&c.bytes, "bytes", 4<<30, "size of the corpus in `bytes` of JSON, unless -records is given")
	flag.Int64Var(&c.records, "records", 0, "audit events in the corpus")
	flag.IntVar(&c.questions, "questions", 200, "warm questions of each kind; a tenth of them cold")
	flag.StringVar(&c.data, "data", "", "`directory` for the store; empty: a temporary one that is removed")
	flag.BoolVar(&c.askOnly, "ask", false, "only ask what an earlier run of the same size left in -data")
	flag.BoolVar(&c.webhook, "webhook", false, "send the corpus to kubewake serve as an audit webhook, instead of importing it")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, c)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type config struct {
	binary, recording, data string
	bytes, records          int64
	questions               int
	askOnly, webhook        bool
}

func run(ctx context.Context, c config) error {
	template, copies, err := plan(c)
	if err != nil {
		return err
	}
	dir := c.data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "kubewake-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	data := filepath.Join(dir, "store")
	fmt.Printf("corpus: %d copies of %s, %d audit events\nmachine: %d cores, %s %s/%s\n\n", copies, filepath.Base(filepath.Dir(c.recording)),
		int64(copies)*int64(template.Lines()), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)

	if c.webhook {
		return benchWebhook(ctx, os.Stdout, c, dir, template, copies)
	}
	if c.askOnly {
		return askQuestions(ctx, os.Stdout, data, c.questions, copies)
	}
	in, err := importCorpus(ctx, c.binary, data, template, copies)
	if err != nil {
		return err
	}
	in.print(os.Stdout)
	if err := printSizes(ctx, os.Stdout, data, in.bytes); err != nil {
		return err
	}
	return askQuestions(ctx, os.Stdout, data, c.questions, copies)
}

func plan(c config) (*corpus.Template, int, error) {
	f, err := os.Open(c.recording)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return nil, 0, err
	}
	defer z.Close()
	template, err := corpus.Read(z)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", c.recording, err)
	}
	copies := int(c.records / int64(template.Lines()))
	if c.records == 0 {
		copies = int(c.bytes / template.Bytes())
	}
	return template, max(copies, 1), nil
}
