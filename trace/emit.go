package trace

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubewake/kubewake/record"
)

// Bounds of what one span shows.
const (
	maxLine     = 240      // bytes of one line of a diff
	maxManifest = 32 << 10 // bytes of a snapshot
	maxText     = 2000     // bytes of any other text
	maxLinks    = 100      // of one span
	modAlone    = 1        // the built-in modifiers that links of a cut trace use
	modOwned    = 3
	noteBreak   = "\n"
)

// ownTags are the tags that every object span has, or may have.
func ownTags() []string {
	return []string{"cluster", "group", "version", "kind", "resource", "namespace", "name", "uid", "link", "relations", "created", "ended", "records",
		"failed", "cut", "left", "stub", "notes"}
}

// attrs gathers tags; empty values are left out.
type attrs []Attr

func (a *attrs) str(key, value string) {
	if value != "" {
		*a = append(*a, Attr{key, clip(value, maxText)})
	}
}

func (a *attrs) num(key string, value int) {
	if value != 0 {
		*a = append(*a, Attr{key, int64(value)})
	}
}

func (a *attrs) flag(key string, value bool) {
	if value {
		*a = append(*a, Attr{key, true})
	}
}

func (a *attrs) time(key string, t time.Time) {
	if !t.IsZero() {
		a.str(key, t.UTC().Format(time.RFC3339Nano))
	}
}

// done sorts; of one key the first value counts.
func (a attrs) done() []Attr {
	slices.SortStableFunc(a, func(x, y Attr) int { return cmp.Compare(x.Key, y.Key) })
	return slices.CompactFunc(a, func(x, y Attr) bool { return x.Key == y.Key })
}

// clip cuts a text, and shows that it did.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// emitter writes spans, parents first.
type emitter struct {
	*projection
	out  []Span
	used map[SpanID]bool
}

func (p *projection) emit() *Trace {
	e := &emitter{projection: p, used: map[SpanID]bool{}, out: []Span{}}
	for _, root := range p.roots {
		e.object(root, SpanID{})
	}
	if len(e.out) > 0 && len(p.notes) > 0 { // where the readers of other programs see them
		first := &e.out[0]
		more := attrs(first.Attrs)
		more.str("notes", strings.Join(p.notes, noteBreak))
		first.Attrs = more.done()
	}
	return &Trace{ID: p.in.Question.ID(), Spans: e.out, Notes: p.notes}
}

// id makes an ID unique within the trace: two states of one resourceVersion, of two epochs, share their identity.
func (e *emitter) id(want SpanID) SpanID {
	for n := 1; e.used[want]; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", want, n))
		want = spanOf(sum[:])
	}
	e.used[want] = true
	return want
}

func (e *emitter) object(n *node, parent SpanID) {
	o := n.of
	s := Span{ID: e.id(spanOfObject(o.Ref)), Parent: parent, Service: o.Ref.Resource, Name: Operation(o.Ref), Start: n.start, End: n.end}
	a := tagsOf(o)
	a.str("link", o.Link)
	a.time("created", o.Created)
	a.time("ended", o.Ended)
	a.flag("stub", o.Stub)
	e.related(o, &s, &a)
	total, failed := 0, []*Record(nil)
	walk(n, func(r *Record) {
		total++
		if r.Failed {
			failed = append(failed, r)
		}
	})
	a.num("records", total+n.cut)
	a.num("failed", len(failed))
	if len(failed) > 0 {
		s.Failed = true
		s.Status = clip(fmt.Sprintf("%d of %d failed: %s", len(failed), total, failed[0].Status), maxText)
	}
	e.say(n, &s, &a)
	s.Attrs = a.done()
	s.Events = e.logs(n)
	at := len(e.out)
	e.out = append(e.out, s)
	if e.snapshots && len(o.Manifest) > 0 && !o.Ended.IsZero() {
		e.out[at].Events = insert(s.Events, snapshot(o))
	}
	e.records(n, s.ID)
	for _, b := range n.below {
		e.object(b, s.ID)
	}
}

// walk visits the records of a node, those in groups and counts too, but not those of objects below.
func walk(n *node, f func(*Record)) {
	for _, list := range [][]*node{n.records, n.logs} {
		for _, r := range list {
			switch {
			case r.record == nil:
			case r.repeats != nil:
				for _, one := range r.repeats {
					f(one)
				}
			default:
				f(r.record)
			}
			walk(r, f)
		}
	}
}

// say tells what is not here, and links to where it is.
func (e *emitter) say(n *node, s *Span, a *attrs) {
	q, o := e.in.Question, n.of
	if n.cut > 0 {
		a.str("cut", fmt.Sprintf("%d of its records are left out", n.cut))
		if !(o.Asked && q.Modifier == modAlone) {
			e.linkTo(s, o.Ref, modAlone, "records left out")
		}
	}
	a.str("cut", o.Cut)
	if o.Left > 0 {
		a.str("left", fmt.Sprintf("%s not shown: ask for a shorter window", plural(o.Left, "more child")))
		if !(o.Asked && q.Modifier == modOwned) {
			e.linkTo(s, o.Ref, modOwned, "children left out")
		}
	}
	if !e.flat {
		return
	}
	for _, other := range e.objects {
		if other != n && other.cut > 0 && len(s.Links) < maxLinks {
			e.linkTo(s, other.of.Ref, modAlone, "records of "+Operation(other.of.Ref)+" left out")
		}
	}
}

// linkTo links to an object's span in a trace of its own.
func (e *emitter) linkTo(s *Span, ref record.ObjectRef, modifier uint8, why string) {
	q := e.in.Question
	q.Modifier, q.Object = modifier, HashOf(ref.Cluster, ref.UID)
	s.Links = append(s.Links, Link{Trace: q.ID(), Span: objectSpan(ref.Cluster, ref.UID), Attrs: []Attr{{"why", why}}})
}

// related tells of relations that the tree does not nest by; those within the trace become span links.
func (e *emitter) related(o *Object, s *Span, a *attrs) {
	var words []string
	for _, r := range o.Others {
		way := "-> "
		if r.Parent {
			way = "<- "
		}
		words = append(words, way+r.Type+" "+r.Other.Resource+" "+Operation(r.Other))
		if r.Other.UID != "" && !r.Another && len(s.Links) < maxLinks {
			s.Links = append(s.Links, Link{Trace: e.in.Question.ID(), Span: objectSpan(r.Other.Cluster, r.Other.UID), Attrs: []Attr{{"why", r.Type}}})
		}
	}
	a.str("relations", strings.Join(words, noteBreak))
}

func (e *emitter) records(n *node, parent SpanID) {
	for _, r := range n.records {
		if r.record != nil {
			e.records(r, e.record(r, parent))
			continue
		}
		sum := sha256.Sum256(fmt.Appendf(nil, "%s group %s", parent, r.group))
		s := Span{ID: e.id(spanOf(sum[:])), Parent: parent, Service: n.of.Ref.Resource, Name: r.group, Start: r.start, End: r.end, Events: e.logs(r)}
		a := tagsOf(n.of)
		a.str("grouped", r.by)
		walk(r, func(rec *Record) {
			if rec.Failed && !s.Failed {
				s.Failed, s.Status = true, rec.Status
			}
		})
		s.Attrs = a.done()
		e.out = append(e.out, s)
		e.records(r, s.ID)
	}
}

func (e *emitter) record(n *node, parent SpanID) SpanID {
	r := n.record
	s := Span{ID: e.id(spanOf(r.ID[:])), Parent: parent, Service: n.of.Ref.Resource, Name: n.title(), Start: n.start, End: n.end,
		Failed: r.Failed, Status: clip(r.Status, maxText)}
	if e.flat {
		s.Name = Operation(n.of.Ref) + " " + s.Name
	}
	a := append(tagsOf(n.of), e.recordTags(n)...)
	s.Attrs = a.done()
	e.out = append(e.out, s)
	return s.ID
}

func (n *node) title() string {
	if n.repeats != nil {
		return fmt.Sprintf("%s ×%d", n.record.Name, len(n.repeats))
	}
	return n.record.Name
}

func (e *emitter) logs(n *node) []Event {
	var out []Event
	for _, r := range n.logs {
		a := e.recordTags(r)
		a.flag("error", r.record.Failed)
		a.str("status", r.record.untold())
		out = append(out, Event{At: r.start, Name: r.title(), Attrs: a.done()})
	}
	return out
}

// untold is why the record failed, where its summary, with a message behind that, does not say it.
func (r *Record) untold() string {
	if r.Summary == "" {
		return r.Status
	}
	if rest, said := strings.CutPrefix(r.Status, r.Summary); said && (rest == "" || rest[0] == ':') {
		return ""
	}
	return r.Status
}

// insert puts an event at its place in time.
func insert(list []Event, ev Event) []Event {
	i := len(list)
	for i > 0 && list[i-1].At.After(ev.At) {
		i--
	}
	return slices.Insert(list, i, ev)
}

func snapshot(o *Object) Event {
	var a attrs
	a = append(a, Attr{"manifest", clip(string(o.Manifest), maxManifest)})
	if len(o.Manifest) > maxManifest {
		a.str("cut", fmt.Sprintf("the manifest has %d bytes, %d are shown", len(o.Manifest), maxManifest))
	}
	return Event{At: o.Ended, Name: "snapshot", Attrs: a.done()}
}

// Operation is the name of an object's span: "shop/web", "node-1".
func Operation(r record.ObjectRef) string {
	if r.Namespace == "" {
		return r.Name
	}
	return r.Namespace + "/" + r.Name
}

// spanOfObject is the ID of an object's span; of a stub that is known by its name alone, by that.
func spanOfObject(r record.ObjectRef) SpanID {
	if r.UID != "" {
		return objectSpan(r.Cluster, r.UID)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(r.Cluster), r.Group, r.Resource, r.Namespace, r.Name}, "\x00")))
	return spanOf(sum[:])
}

// tagsOf names an object, on its own span and on those of its records.
func tagsOf(o *Object) attrs {
	r := o.Ref
	var a attrs
	a.str("cluster", string(r.Cluster))
	a.str("group", r.Group)
	a.str("version", r.Version)
	a.str("kind", r.Kind)
	a.str("resource", r.Resource)
	a.str("namespace", r.Namespace)
	a.str("name", r.Name)
	a.str("uid", string(r.UID))
	return append(a, o.Tags...)
}

func (e *emitter) recordTags(n *node) attrs {
	r := n.record
	var a attrs
	a.str("record", r.Kind)
	a.str("id", r.ID.String())
	a.str("summary", r.Summary)
	a.str("user", r.User)
	a.str("verb", r.Verb)
	a.num("code", r.Code)
	a.flag("no-op", r.NoOp)
	if took := r.End.Sub(r.Start); took > 0 && n.repeats == nil {
		a.str("took", took.String())
	}
	if e.lines > 0 {
		a.lines("diff", r.Changes, e.lines)
		a.lines("verbose diff", r.Verbose, e.lines)
	}
	if n.repeats != nil {
		a.num("count", len(n.repeats))
		a.time("last", n.end)
		a.str("last id", n.repeats[len(n.repeats)-1].ID.String())
	}
	return append(a, r.Attrs...)
}

// lines shows changes, a line each.
func (a *attrs) lines(key string, list []Change, most int) {
	if len(list) == 0 {
		return
	}
	var b strings.Builder
	for i := range list {
		if i == most {
			fmt.Fprintf(&b, "\n%d more", len(list)-most)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(list[i].Line())
	}
	*a = append(*a, Attr{key, b.String()}) // each line is bounded, and their number
}

// Line shows the change as "status.observedGeneration 1 -> 2", "+ metadata.labels.app web", "- spec.paused true".
func (c *Change) Line() string {
	path := cmp.Or(c.Path, "object")
	var line string
	switch c.Op {
	case "add":
		line = "+ " + path + " " + plainValue(c.To)
	case "remove":
		line = "- " + path + " " + plainValue(c.From)
	case "move":
		line = path + " reordered"
	default:
		line = path + " " + shorter(plainValue(c.From)) + " -> " + plainValue(c.To)
	}
	if c.Note != "" {
		line += " (" + c.Note + ")"
	}
	return clip(line, maxLine)
}

// shorter leaves room for what stands behind.
func shorter(s string) string { return clip(s, (maxLine-40)/2) }

// plainValue is JSON without the quotes of a plain word.
func plainValue(b []byte) string {
	s := string(b)
	if strings.HasPrefix(s, `"`+record.RedactedMark) {
		return "(redacted)"
	}
	if len(s) > 2 && s[0] == '"' && !strings.ContainsAny(s[1:len(s)-1], "\"\\ ,") {
		return s[1 : len(s)-1]
	}
	return s
}
