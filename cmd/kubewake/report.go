package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/source/input"
)

// Bounds of what a summary shows.
const (
	showRefusals = 5
	showSkipped  = 5
)

// summarize tells what was read, and what was refused and where.
func summarize(w io.Writer, r *input.Report, took time.Duration) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // nobody is left to tell
	var bytes int64
	var skipped []input.FileReport
	read := 0
	for _, f := range r.Files {
		bytes += f.Bytes
		if f.Skipped != "" {
			skipped = append(skipped, f)
			continue
		}
		read++
	}
	rate := ""
	if took > 0 {
		rate = fmt.Sprintf(", %s/s", show.Bytes(int64(float64(bytes)/took.Seconds())))
	}
	line("read %s (%s in %s%s): %d lines, %d records", plural(read, "file", "files"), show.Bytes(bytes), took.Round(10*time.Millisecond), rate, r.Lines, r.Records)
	for i, f := range skipped {
		if i == showSkipped {
			line("  … and %d more files left out", len(skipped)-i)
			break
		}
		line("  left out %s: %s", f.Path, f.Skipped)
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Ignored)) {
		line("  not for us: %d × %s", r.Ignored[reason], reason)
	}
	for _, f := range r.Files {
		if f.Truncated {
			line("  %s ends in the middle; what came before is kept", f.Path)
		}
	}
	refusals(line, r)
}

func refusals(line func(string, ...any), r *input.Report) {
	refused := r.RefusedLines()
	if refused == 0 {
		return
	}
	line("refused %s:", plural(int(refused), "line", "lines"))
	for _, reason := range r.Reasons() {
		line("  %d × %s", r.Refused[reason], reason)
	}
	shown := 0
	for _, f := range r.Files {
		for _, one := range f.First {
			if shown == showRefusals {
				return
			}
			shown++
			column := ""
			if one.Column >= 0 {
				column = fmt.Sprintf(", its byte %d", one.Column)
			}
			line("  %s:%d (byte %d%s): %s", one.Path, one.Line, one.Offset, column, one.Reason)
		}
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// refused reports whether anything was not taken in.
func refused(r *input.Report) bool {
	if r.RefusedLines() > 0 {
		return true
	}
	return slices.ContainsFunc(r.Files, func(f input.FileReport) bool { return f.Truncated || f.Failed })
}
