package show

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubewake/kubewake/engine"
)

// Coverage says in sentences what could not be seen.
func Coverage(w io.Writer, c *engine.Coverage, s Style) error {
	out := bufio.NewWriter(w)
	line := func(text string) { _, _ = out.WriteString(text + "\n") } // Flush tells
	switch {
	case c.Complete:
		line(s.paint(green, "Complete: there is evidence that everything was seen."))
	case len(c.Gaps) == 0:
		line("No gap is known, but nothing proves that everything was seen either.")
	default:
		line(fmt.Sprintf("Not everything could be seen: %s.", plural(len(c.Gaps)+c.Cut, "gap", "gaps")))
	}
	for i := range c.Gaps {
		line("")
		g := &c.Gaps[i]
		line(s.paint(yellow, clean(g.Reason)) + s.paint(dim, clean(s.scope(g))))
		for _, l := range wrap(clean(g.Sentence), s.Width-2) {
			line("  " + l)
		}
	}
	if c.Cut > 0 {
		line("")
		line(fmt.Sprintf("%s more not listed; -o json lists as many as the limit allows.", plural(c.Cut, "gap", "gaps")))
	}
	return out.Flush()
}

// scope is where and when a gap lies.
func (s Style) scope(g *engine.Gap) string {
	var parts []string
	if r := fullRef(g.Scope); r != "" {
		parts = append(parts, r)
	}
	if span := s.span(g.From, g.To); span != "" {
		parts = append(parts, span)
	}
	if s.Wide && (g.FromRV != "" || g.ToRV != "") {
		parts = append(parts, "resourceVersions "+g.FromRV+".."+g.ToRV)
	}
	if g.Count > 1 {
		parts = append(parts, fmt.Sprintf("×%d", g.Count))
	}
	if len(parts) == 0 {
		return ""
	}
	return " · " + strings.Join(parts, " · ")
}

func (s Style) span(from, to *time.Time) string {
	switch {
	case from == nil && to == nil:
		return ""
	case from == nil:
		return "until " + s.stamp(to)
	case to == nil:
		return "from " + s.stamp(from)
	}
	return s.stamp(from) + " to " + s.stamp(to)
}

// wrap breaks a sentence into lines at spaces. Without a width it stays one line.
func wrap(sentence string, width int) []string {
	if width < 20 {
		return []string{sentence}
	}
	var list []string
	line := ""
	for word := range strings.FieldsSeq(sentence) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			list, line = append(list, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(list, line)
}
