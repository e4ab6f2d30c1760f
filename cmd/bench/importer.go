package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/kubewake/kubewake/internal/corpus"
)

// imported is what one run of the importer cost.
type imported struct {
	bytes, lines int64
	wall, cpu    time.Duration
	peakKiB      int64
}

func importCorpus(ctx context.Context, binary, data string, template *corpus.Template, copies int) (*imported, error) {
	cmd := exec.CommandContext(ctx, binary, "import", "-", "--data", data, "--cluster", "bench")
	cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (run make build first): %w", binary, err)
	}
	count := &counter{w: pipe}
	writeErr := errors.Join(template.WriteCopies(count, 0, copies), pipe.Close())
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if writeErr != nil {
		return nil, writeErr
	}
	in := &imported{bytes: count.n, lines: int64(copies) * int64(template.Lines()), wall: time.Since(begin)}
	in.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		in.peakKiB = usage.Maxrss
	}
	return in, nil
}

func (in *imported) print(w io.Writer) {
	mb := float64(in.bytes) / 1e6
	fmt.Fprintf(w, "| import | %.0f MB of JSON, %d events |\n| --- | --- |\n", mb, in.lines)
	fmt.Fprintf(w, "| MB per CPU second, sealing and compaction included | %.1f |\n", mb/in.cpu.Seconds())
	fmt.Fprintf(w, "| MB/s wall (the generator runs beside it) | %.1f |\n", mb/in.wall.Seconds())
	fmt.Fprintf(w, "| events/s wall | %.0f |\n", float64(in.lines)/in.wall.Seconds())
	fmt.Fprintf(w, "| CPU seconds, wall seconds | %.1f, %.1f |\n", in.cpu.Seconds(), in.wall.Seconds())
	fmt.Fprintf(w, "| peak memory | %.0f MiB |\n\n", float64(in.peakKiB)/1024)
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
