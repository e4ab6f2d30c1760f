package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// whoCap bounds the column of names; wide style does not cut it.
const whoCap = 34

// History writes one line per entry, oldest first; each life of a re-created name under a line of its own.
func History(w io.Writer, h *engine.History, s Style) error {
	if err := heading(w, s, h.Object, ""); err != nil {
		return err
	}
	if len(h.Entries) == 0 {
		_, err := fmt.Fprintln(w, "Nothing recorded here.")
		return err
	}
	times := make([]*time.Time, 0, len(h.Entries))
	for i := range h.Entries {
		times = append(times, h.Entries[i].When.At)
	}
	layout, day := s.layout(times)
	t := &table{style: s, heads: []string{s.timeHeading(day), " WHO", "WHAT", "SUMMARY"}, caps: []int{0, whoCap, 44}}
	if s.Wide {
		t.heads = []string{s.timeHeading(day), " WHO", "WHAT", "VERSION", "FROM", "AGENT", "REQUEST", "SUMMARY"}
	}
	life := ""
	for i := range h.Entries {
		e := &h.Entries[i]
		if len(h.Lives) > 1 && e.UID != "" && e.UID != life {
			life = e.UID
			t.band(s.life(h.Lives, life))
		}
		t.add(s.entry(e, layout)...)
		for _, row := range s.spans(e, layout) {
			t.add(row...)
		}
	}
	return t.write(w)
}

// heading says which object is meant.
func heading(w io.Writer, s Style, r engine.Ref, more string) error {
	line := s.paint(bold, clean(fullRef(r)))
	rest := " · cluster " + r.Cluster
	if r.UID != "" {
		rest += " · uid " + r.UID
	}
	_, err := fmt.Fprintln(w, line+s.paint(dim, clean(rest+more)))
	return err
}

func (s Style) life(lives []engine.Life, uid string) string {
	for i, life := range lives {
		if life.UID != uid {
			continue
		}
		line := fmt.Sprintf("life %d of %d · uid %s", i+1, len(lives), uid)
		if life.CreatedAt != nil {
			line += " · created " + life.CreatedAt.In(s.zone()).Format(time.DateTime)
		}
		if life.Ended != nil {
			line += " · ended " + strings.TrimSpace(s.when(life.Ended, dateTime))
		}
		return line
	}
	return "uid " + uid
}

func (s Style) entry(e *engine.Entry, layout string) []cell {
	what, color := s.what(e)
	who := s.maker(e.Actor, e.Certainty, makerOf(e))
	switch {
	case e.Event != nil:
		who = " " + e.Event.Source
	case e.Gap != nil:
		who = ""
	case e.Span != nil:
		who = " " + e.Span.Service
	}
	summary := e.Summary
	if e.Event != nil { // type and reason stand in the column before
		summary = e.Event.Note
		if e.Event.Count > 1 {
			summary += fmt.Sprintf(" (×%d)", e.Event.Count)
		}
	}
	at := s.when(s.entryWhen(e), layout)
	tail := color
	if color != red && color != dim {
		tail = plain
	}
	if !s.Wide {
		return []cell{text(at), text(who), painted(color, what), painted(tail, summary)}
	}
	version, from, agent, request := details(e)
	return []cell{text(at), text(who), painted(color, what), text(version), text(from), text(agent), text(request), painted(tail, summary)}
}

// entryWhen is the moment that a line shows: of a span when it began, as it says itself how long it took; elsewhere an interval is one in which
// something happened, which a span is not.
func (s Style) entryWhen(e *engine.Entry) *engine.When {
	if e.Span != nil && !s.Wide {
		return &engine.When{At: &e.Span.Start}
	}
	return &e.When
}

func makerOf(e *engine.Entry) *engine.Maker {
	switch {
	case e.Revision != nil:
		return e.Revision.Maker
	case e.End != nil:
		return e.End.Maker
	}
	return nil
}

// what is the verb with its subresource, and the code where it says more than the verb; Events show type and reason.
func (s Style) what(e *engine.Entry) (what, color string) {
	switch {
	case e.Event != nil && e.Event.Type != "Normal":
		return e.Event.Type + " " + e.Event.Reason, yellow
	case e.Event != nil:
		return e.Event.Type + " " + e.Event.Reason, cyan
	case e.Gap != nil:
		return "gap", dim
	case e.Span != nil:
		return spanWhat(e.Span)
	}
	what = action(e.Verb, e.Subresource, e.Code)
	switch {
	case e.Code >= 400:
		return what, red
	case e.End != nil && what == "":
		return "ended", bold
	case e.End != nil:
		return what, bold
	case what == "" && e.Revision != nil && e.Revision.First:
		return "(first seen)", dim
	case what == "" && e.Revision != nil:
		return "(changed)", dim
	case e.Kind == "request":
		return what, dim
	}
	return what, plain
}

// action is "update/status", with the code unless it is the one expected.
func action(verb, subresource string, code int) string {
	if subresource != "" {
		verb += "/" + subresource
	}
	if code == 0 || code == 200 || (code == 201 && strings.HasPrefix(verb, "create")) {
		return verb
	}
	return strings.TrimSpace(verb + " " + strconv.Itoa(code))
}

// details are the columns that only wide style has.
func details(e *engine.Entry) (version, from, agent, request string) {
	if e.Revision != nil {
		version = e.Revision.ResourceVersion
	}
	if e.End != nil {
		version = e.End.ResourceVersion
	}
	if e.Actor != nil {
		from, agent = strings.Join(e.Actor.SourceIPs, ","), e.Actor.UserAgent
	}
	switch {
	case e.Request != nil:
		request = e.Request.AuditID
	case e.Revision != nil && e.Revision.Maker != nil && e.Revision.Maker.Request != nil:
		request = e.Revision.Maker.Request.AuditID
	case e.End != nil && e.End.Maker != nil && e.End.Maker.Request != nil:
		request = e.End.Maker.Request.AuditID
	}
	return version, from, agent, request
}
