package show

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// fewGaps is how many gaps a note lists; the coverage command lists all.
const fewGaps = 3

// Note is what has to be said beside an answer.
type Note struct {
	Cut      string
	Cursor   string
	Unread   []engine.Unread
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
	for _, u := range n.Unread {
		list = append(list, u.Field+" can not be read and makes no link: "+u.Reason+".")
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
	bounds, gaps := s.bounds(c.Gaps)
	all := len(gaps) + c.Cut
	if all == 0 {
		return bounds
	}
	list := append(bounds, fmt.Sprintf("Not everything could be seen (%s):", plural(all, "gap", "gaps")))
	for i := range gaps[:min(fewGaps, len(gaps))] {
		list = append(list, "  "+cut(gaps[i].Sentence, max(s.Width-2, 0)))
	}
	if more := all - min(fewGaps, len(gaps)); more > 0 {
		list = append(list, fmt.Sprintf("  … and %d more: %s", more, n.Ask))
	}
	return list
}

// bounds says in one line a cluster where its recording begins and ends; that is true of every recording, and no hole in
// it. The other gaps are given back.
func (s Style) bounds(gaps []engine.Gap) (lines []string, others []engine.Gap) {
	ends := map[string]*time.Time{}
	begins := map[string]bool{}
	for i := range gaps {
		switch g := &gaps[i]; g.Reason {
		case "after-recording":
			ends[g.Scope.Cluster] = g.From
		case "before-recording":
			begins[g.Scope.Cluster] = true
		}
	}
	for i := range gaps {
		g := &gaps[i]
		end := ends[g.Scope.Cluster]
		switch {
		case g.Reason == "after-recording" && begins[g.Scope.Cluster] && end != nil:
		case g.Reason == "before-recording" && end != nil && g.To != nil:
			lines = append(lines, fmt.Sprintf("Cluster %s was recorded from %s to %s; what lies outside is not known.", g.Scope.Cluster,
				s.stamp(g.To), s.stamp(end)))
		default:
			others = append(others, *g)
		}
	}
	if len(lines) > fewGaps {
		lines = append(lines[:fewGaps], fmt.Sprintf("… and %d more clusters.", len(lines)-fewGaps))
	}
	return lines, others
}

// HistoryMarks explains the marks in a history.
func HistoryMarks(h *engine.History, s Style) []string {
	var m marks
	for i := range h.Entries {
		m.certainty(h.Entries[i].Certainty)
		m.when(s.entryWhen(&h.Entries[i]), s)
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

type marks struct{ inferred, candidate, assumed, latest, earliest, received bool }

func (m *marks) certainty(c engine.Certainty) {
	m.inferred = m.inferred || c == engine.Inferred
	m.candidate = m.candidate || c == engine.Candidate
	m.assumed = m.assumed || c == engine.Assumed
}

func (m *marks) when(w *engine.When, s Style) {
	shown := strings.TrimSpace(s.when(w, clock))
	m.latest = m.latest || strings.HasPrefix(shown, markLatest)
	m.earliest = m.earliest || strings.HasPrefix(shown, markEarliest)
	m.received = m.received || strings.HasPrefix(shown, markReceived)
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
		{m.received, markReceived + " when the watch delivered it"},
	} {
		if mark.set {
			list = append(list, mark.text)
		}
	}
	return list
}
