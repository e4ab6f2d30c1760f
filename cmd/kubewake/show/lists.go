package show

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// Objects writes one line per object.
func Objects(w io.Writer, o *engine.Objects, s Style) error {
	if len(o.Objects) == 0 {
		_, err := fmt.Fprintln(w, "No objects match.")
		return err
	}
	first := o.Objects[0]
	manySpaces, manyClusters := s.Wide, s.Wide
	for i := range o.Objects {
		manySpaces = manySpaces || o.Objects[i].Namespace != first.Namespace
		manyClusters = manyClusters || o.Objects[i].Cluster != first.Cluster
	}
	t := &table{style: s}
	head := func(name string, width int) { t.heads, t.caps = append(t.heads, name), append(t.caps, width) }
	if manyClusters {
		head("CLUSTER", 24)
	}
	if manySpaces {
		head("NAMESPACE", 24)
	}
	head("NAME", 64)
	head("CREATED", 0)
	head("LAST SEEN", 0)
	head("ENDED", 0)
	t.right = map[int]bool{len(t.heads): true}
	head("REVISIONS", 0)
	if s.Wide {
		head("UID", 0)
		head("LABELS", 0)
	}
	for i := range o.Objects {
		e := &o.Objects[i]
		row := make([]cell, 0, len(t.heads))
		if manyClusters {
			row = append(row, text(e.Cluster))
		}
		if manySpaces {
			row = append(row, text(e.Namespace))
		}
		row = append(row, text(ref(e.Ref)), text(s.second(e.CreatedAt)), text(s.second(e.LastSeen)), text(s.ended(e)), text(strconv.Itoa(e.Revisions)))
		if s.Wide {
			row = append(row, text(e.UID), text(labels(e.Labels)))
		}
		t.add(row...)
	}
	return t.write(w)
}

func (s Style) second(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.In(s.zone()).Format(time.DateTime)
}

func (s Style) ended(e *engine.ObjectEntry) string {
	switch {
	case e.EndedAt != nil:
		return s.second(e.EndedAt)
	case e.Ended:
		return "yes"
	}
	return "-"
}

func labels(m map[string]string) string {
	list := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k+"="+m[k])
	}
	return strings.Join(list, ",")
}

// Hits writes search hits as they come, aligned within blocks: a long search shows its first hits early.
type Hits struct {
	w     io.Writer
	style Style
	block []*engine.Hit
}

// blockSize is how many hits are aligned with each other.
const blockSize = 200

// NewHits writes to w.
func NewHits(w io.Writer, s Style) *Hits { return &Hits{w: w, style: s} }

// Add takes one hit.
func (h *Hits) Add(hit *engine.Hit) error {
	h.block = append(h.block, hit)
	if len(h.block) < blockSize {
		return nil
	}
	return h.Flush()
}

// Flush writes what was taken.
func (h *Hits) Flush() error {
	if len(h.block) == 0 {
		return nil
	}
	s := h.style
	t := &table{style: s, heads: []string{s.timeHeading(""), "OBJECT", " WHO", "WHAT", "SUMMARY"}, caps: []int{0, 52, whoCap, 44}}
	for _, hit := range h.block {
		e := engine.Entry{Kind: hit.Kind, When: hit.When, Summary: hit.Summary, Actor: hit.Actor, Request: hit.Request, Event: hit.Event, Gap: hit.Gap, Span: hit.Span, Certainty: engine.Exact}
		if hit.Request != nil {
			e.Verb, e.Subresource, e.Code = hit.Request.Verb, hit.Request.Subresource, hit.Request.Code
			if e.Actor == nil {
				e.Actor = &hit.Request.Actor
			}
		}
		row := s.entry(&e, dateTime)
		if hit.Kind == "revision" || hit.Kind == "end" {
			row[2] = painted(dim, hit.Kind)
		}
		if s.Wide { // when, who, what, version, from, agent, request, summary
			row = []cell{row[0], row[1], row[2], row[7]}
		}
		t.add(row[0], text(fullRef(hit.Object)), row[1], row[2], row[3])
	}
	h.block = h.block[:0]
	return t.write(h.w)
}
