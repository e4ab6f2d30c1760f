package show

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubewake/kubewake/engine"
)

// fewGaps is how many gaps a note lists; the coverage command lists all.
const fewGaps = 3

// Note is what has to be said beside an answer.
type Note struct {
	Cut      string
	Cursor   string
	Coverage *engine.Coverage
	// Marks are explained where the answer has them.
	Marks []string
	// Ask is the command that lists all gaps.
	Ask string
}

// Notes writes what an answer does not hold, and what its marks mean. Nothing to say writes nothing.
func Notes(w io.Writer, n Note, s Style) error {
	var list []string
	if len(n.Marks) > 0 {
		list = append(list, strings.Join(n.Marks, "   "))
	}
	if n.Cut != "" {
		line := "Not all is shown: " + n.Cut
		if n.Cursor != "" {
			line += "; go on with --cursor " + n.Cursor
		}
		list = append(list, line)
	}
	list = append(list, s.gaps(n)...)
	for _, line := range list {
		if _, err := fmt.Fprintln(w, s.paint(dim, clean(line))); err != nil {
			return err
		}
	}
	return nil
}

func (s Style) gaps(n Note) []string {
	c := n.Coverage
	if c == nil || c.Complete || len(c.Gaps) == 0 {
		return nil
	}
	all := len(c.Gaps) + c.Cut
	list := []string{fmt.Sprintf("Not everything could be seen (%s):", plural(all, "gap", "gaps"))}
	for i := range c.Gaps[:min(fewGaps, len(c.Gaps))] {
		list = append(list, "  "+cut(c.Gaps[i].Sentence, max(s.Width-2, 0)))
	}
	if more := all - min(fewGaps, len(c.Gaps)); more > 0 {
		list = append(list, fmt.Sprintf("  … and %d more: %s", more, n.Ask))
	}
	return list
}

// HistoryMarks explains the marks in a history.
func HistoryMarks(h *engine.History, s Style) []string {
	var m marks
	for i := range h.Entries {
		m.certainty(h.Entries[i].Certainty)
		m.when(&h.Entries[i].When, s)
	}
	return m.list()
}

// BlameMarks explains the marks in a blame.
func BlameMarks(b *engine.Blame, s Style) []string {
	var m marks
	for i := range b.Fields {
		m.certainty(b.Fields[i].Certainty)
		m.when(b.Fields[i].Since, s)
	}
	return m.list()
}

type marks struct{ inferred, candidate, assumed, latest, earliest bool }

func (m *marks) certainty(c engine.Certainty) {
	m.inferred = m.inferred || c == engine.Inferred
	m.candidate = m.candidate || c == engine.Candidate
	m.assumed = m.assumed || c == engine.Assumed
}

func (m *marks) when(w *engine.When, s Style) {
	shown := strings.TrimSpace(s.when(w, clock))
	m.latest = m.latest || strings.HasPrefix(shown, markLatest)
	m.earliest = m.earliest || strings.HasPrefix(shown, markEarliest)
}

func (m *marks) list() []string {
	var list []string
	for _, mark := range []struct {
		set  bool
		text string
	}{
		{m.inferred, markInferred + " inferred"},
		{m.candidate, markCandidate + " one of several candidates"},
		{m.assumed, markAssumed + " assumed unchanged"},
		{m.latest, markLatest + " then at the latest"},
		{m.earliest, markEarliest + " then at the earliest"},
	} {
		if mark.set {
			list = append(list, mark.text)
		}
	}
	return list
}
