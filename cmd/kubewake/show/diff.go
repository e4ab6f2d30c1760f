package show

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// context is how many equal lines are shown around the lines of a long text that changed.
const context = 2

// Diff writes the changes by path: + added, - removed, ~ changed, > moved.
func Diff(w io.Writer, d *engine.Diff, s Style) error {
	out := &diffWriter{Writer: bufio.NewWriter(w), style: s}
	if err := heading(out, s, d.Object, ""); err != nil {
		return err
	}
	out.state(red, "---", d.From)
	out.state(green, "+++", d.To)
	for i := range d.Makers {
		out.maker(&d.Makers[i])
	}
	for i := range d.Changes {
		out.change(&d.Changes[i])
	}
	if len(d.Changes) == 0 {
		out.put(plain, "No difference.")
	}
	if d.Folded > 0 {
		out.put(dim, fmt.Sprintf("(%s left out: managedFields, resourceVersion, generation; --noise shows them)", plural(d.Folded, "change", "changes")))
	}
	return out.Flush()
}

type diffWriter struct {
	*bufio.Writer
	style Style
}

// put writes one line; Flush tells of errors.
func (d *diffWriter) put(color, line string) {
	_, _ = d.WriteString(d.style.paint(color, clean(line)) + "\n")
}

func (d *diffWriter) state(color, mark string, state *engine.State) {
	if state == nil {
		d.put(color, mark+" nothing recorded before")
		return
	}
	line := fmt.Sprintf("%s resourceVersion %s  %s", mark, state.Revision, strings.TrimSpace(d.style.when(&state.When, dateTime)))
	if state.Certainty != engine.Exact && state.Reason != "" {
		line += "  (" + state.Reason + ")"
	}
	d.put(color, line)
}

func (d *diffWriter) maker(m *engine.Maker) {
	line := "by " + strings.TrimPrefix(d.style.maker(m.Actor, m.Certainty, m), " ")
	if m.Request != nil {
		line += fmt.Sprintf(": %s at %s", action(m.Request.Verb, m.Request.Subresource, m.Request.Code), d.style.stamp(&m.Request.ReceivedAt))
	}
	if len(m.Candidates) > 0 {
		line += fmt.Sprintf(", one of %d requests", len(m.Candidates))
	}
	d.put(dim, line)
}

func (d *diffWriter) change(c *engine.Change) {
	note := ""
	if c.Match != "" {
		note += "  (list items matched by " + c.Match + ")"
	}
	if c.Note != "" {
		note += "  (" + c.Note + ")"
	}
	switch c.Op {
	case "add":
		d.side(green, "+", c.Path, c.To, note)
	case "remove":
		d.side(red, "-", c.Path, c.From, note)
	case "move":
		d.put(yellow, "> "+c.Path+": moved"+note)
	default:
		d.changed(c, note)
	}
}

// side writes a value that is on one side only.
func (d *diffWriter) side(color, mark, path string, raw []byte, note string) {
	if !compound(raw) {
		d.put(color, mark+" "+path+": "+value(raw)+note)
		return
	}
	d.put(color, mark+" "+path+":"+note)
	for _, line := range lines(raw) {
		d.put(color, mark+"   "+line)
	}
}

func (d *diffWriter) changed(c *engine.Change, note string) {
	if !compound(c.From) && !compound(c.To) {
		d.put(yellow, "~ "+c.Path+": "+value(c.From)+" → "+value(c.To)+note)
		return
	}
	d.put(yellow, "~ "+c.Path+":"+note)
	from, to := lines(c.From), lines(c.To)
	head := common(from, to)
	tail := common(reversed(from[head:]), reversed(to[head:]))
	for _, line := range from[max(head-context, 0):head] {
		d.put(dim, "    "+line)
	}
	for _, line := range from[head : len(from)-tail] {
		d.put(red, "-   "+line)
	}
	for _, line := range to[head : len(to)-tail] {
		d.put(green, "+   "+line)
	}
	after := from[len(from)-tail:]
	for _, line := range after[:min(context, len(after))] {
		d.put(dim, "    "+line)
	}
}

// common counts the equal lines at the beginning.
func common(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func reversed(list []string) []string {
	back := make([]string, len(list))
	for i, s := range list {
		back[len(list)-1-i] = s
	}
	return back
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Blame writes one line per field.
func Blame(w io.Writer, b *engine.Blame, s Style) error {
	more := " · resourceVersion " + b.Revision + " · " + strings.TrimSpace(s.when(&b.When, dateTime))
	if err := heading(w, s, b.Object, more); err != nil {
		return err
	}
	times := make([]*time.Time, 0, len(b.Fields))
	for i := range b.Fields {
		times = append(times, moment(b.Fields[i].Since), moment(b.Fields[i].Before))
	}
	layout, day := s.layout(times)
	since := " SINCE"
	if day != "" {
		since += " (" + day + ")"
	}
	t := &table{style: s, heads: []string{"FIELD", "VALUE", since, " WHO", "HOW"}, caps: []int{-48, 28, 0, whoCap}}
	if s.Wide {
		t.heads = []string{"FIELD", "VALUE", since, " WHO", "HOW", "VERSION", "FROM", "AGENT", "REASON"}
	}
	for i := range b.Fields {
		t.add(s.blamed(&b.Fields[i], layout)...)
	}
	return t.write(w)
}

func moment(w *engine.When) *time.Time {
	if w == nil {
		return nil
	}
	return w.At
}

func (s Style) blamed(f *engine.Blamed, layout string) []cell {
	since, color := s.when(f.Since, layout), plain
	if f.Before != nil {
		since, color = " before "+strings.TrimLeft(s.when(f.Before, layout), " ≤"), dim
	}
	who := s.who(f.Actor, f.Certainty)
	if f.Actor == nil && f.Manager != "" {
		who = mark(f.Certainty) + "manager " + f.Manager
	}
	row := []cell{text(f.Path), text(value(f.Value)), painted(color, since), text(who), text(how(f))}
	if !s.Wide {
		return row
	}
	from, agent := "", ""
	if f.Actor != nil {
		from, agent = strings.Join(f.Actor.SourceIPs, ","), f.Actor.UserAgent
	}
	return append(row, text(f.ResourceVersion), text(from), text(agent), text(f.Reason))
}

// how is the call and the field manager: "patch/scale by kubectl (Apply)", and the webhook that changed the value.
func how(f *engine.Blamed) string {
	parts := action(f.Verb, f.Subresource, 0)
	if f.Manager != "" {
		parts += " by " + f.Manager
		if f.Operation != "" && f.Operation != "Update" {
			parts += " (" + f.Operation + ")"
		}
	}
	if f.Webhook != "" {
		parts += ", changed by webhook " + f.Webhook
	}
	if f.Certainty == engine.Assumed || f.Certainty == engine.Unknown {
		parts += " [" + string(f.Certainty) + "]"
	}
	return strings.TrimSpace(parts)
}
