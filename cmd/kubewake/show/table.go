package show

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// cell is one field of a line.
type cell struct {
	text  string
	color string
}

func text(s string) cell           { return cell{text: clean(s)} }
func painted(color, s string) cell { return cell{text: clean(s), color: color} }

// table aligns lines in columns. The last column takes what is left of the width, and is cut there.
type table struct {
	style Style
	heads []string
	caps  []int // greatest width per column on a terminal; 0: none; below 0: the beginning is cut. Not used in wide style.
	rows  [][]cell
	right map[int]bool // columns of numbers
}

const (
	between  = "  "
	leastEnd = 24 // the last column is not cut narrower than this
)

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// band is a line across all columns.
func (t *table) band(s string) { t.rows = append(t.rows, []cell{painted(bold, s)}) }

func (t *table) widths() []int {
	widths := make([]int, len(t.heads))
	for i, head := range t.heads {
		widths[i] = utf8.RuneCountInString(head)
	}
	for _, row := range t.rows {
		if len(row) != len(widths) {
			continue
		}
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(t.fit(i, c.text)))
		}
	}
	return widths
}

func (t *table) fit(column int, s string) string {
	if t.style.Wide || t.style.Width == 0 || column >= len(t.caps) {
		return s
	}
	if width := t.caps[column]; width < 0 {
		return cutLeft(s, -width)
	}
	return cut(s, t.caps[column])
}

func (t *table) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	widths := t.widths()
	last := 0
	if t.style.Width > 0 && !t.style.Wide {
		used := 0
		for _, width := range widths[:len(widths)-1] {
			used += width + len(between)
		}
		last = max(t.style.Width-used, leastEnd)
	}
	heads := make([]cell, len(t.heads))
	for i, head := range t.heads {
		heads[i] = cell{text: head, color: dim}
	}
	t.line(out, heads, widths, last)
	for _, row := range t.rows {
		t.line(out, row, widths, last)
	}
	return out.Flush()
}

func (t *table) line(out *bufio.Writer, row []cell, widths []int, last int) {
	var b strings.Builder
	for i, c := range row {
		s := c.text
		end := i == len(row)-1
		switch {
		case len(row) != len(widths): // a band
		case end:
			s = cut(s, last)
		default:
			s = t.fit(i, s)
		}
		pad := ""
		if len(row) == len(widths) {
			pad = strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(s), 0))
		}
		s = t.style.paint(c.color, s)
		switch {
		case t.right[i]:
			s = pad + s
		case !end:
			s += pad
		}
		b.WriteString(s)
		if !end {
			b.WriteString(between)
		}
	}
	_, _ = out.WriteString(strings.TrimRight(b.String(), " ") + "\n") // Flush tells
}
