package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/source/input"
)

// plainEvery is how often a line tells the progress where there is no terminal.
const plainEvery = 10 * time.Second

// progress draws a bar on a terminal, and writes a line now and then elsewhere. It is called from one goroutine.
type progress struct {
	w     io.Writer
	width int // of the terminal; 0: none
	said  time.Duration
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			p.width = width
		}
	}
	return p
}

func (p *progress) report(now input.Progress) {
	if p.width > 0 {
		line := ""
		if !now.Done {
			line = bar(now, p.width)
		}
		_, _ = fmt.Fprintf(p.w, "\r\x1b[K%s", line) // a bar that cannot be drawn is no loss
		return
	}
	if !now.Done && now.Elapsed-p.said >= plainEvery {
		p.said = now.Elapsed
		_, _ = fmt.Fprintln(p.w, "read "+numbers(now))
	}
}

// numbers is "1.2 GB of 3.4 GB (35 %), 98 MB/s, 22s left".
func numbers(now input.Progress) string {
	s := show.Bytes(now.Bytes)
	if now.Total > 0 {
		s += fmt.Sprintf(" of %s (%d %%)", show.Bytes(now.Total), percent(now))
	}
	s += fmt.Sprintf(", %s/s", show.Bytes(int64(now.BytesPerSecond())))
	if left := now.Remaining(); left > 0 {
		s += ", " + left.Round(time.Second).String() + " left"
	}
	return s
}

func percent(now input.Progress) int64 {
	return min(100*now.Bytes/max(now.Total, 1), 100)
}

// bar is one line of at most width columns.
func bar(now input.Progress, width int) string {
	text := " " + numbers(now)
	room := min(width-len(text)-4, 40)
	if room < 8 || now.Total == 0 {
		return strings.TrimSpace(text)[:min(len(strings.TrimSpace(text)), max(width-1, 0))]
	}
	full := int(percent(now)) * room / 100
	return "[" + strings.Repeat("█", full) + strings.Repeat("·", room-full) + "]" + text
}
