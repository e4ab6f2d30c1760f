package local

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// lanesText draws the lanes of the objects that words and flags list, in plain lines.
func lanesText(e *Engine, plain []string, flags map[string]string, point func(string) query.Point, out *strings.Builder) error {
	ctx := context.Background()
	listing, err := query.ParseListing(plain)
	if err != nil {
		return err
	}
	listing.Namespace, listing.Selector = flags["n"], flags["l"]
	list, err := e.Objects(ctx, listing)
	if err != nil {
		return err
	}
	info, err := e.Info(ctx)
	if err != nil {
		return err
	}
	c := info.Clusters[0]
	q := query.Lanes{Window: query.Window{From: c.First.Add(-time.Second), To: c.Last.Add(time.Second)}, Derived: flags["derived"] != "", Reads: flags["reads"] != ""}
	if at := point("from").At; !at.IsZero() {
		q.Window.From = at
	}
	if at := point("to").At; !at.IsZero() {
		q.Window.To = at
	}
	if q.Bins, err = strconv.Atoi(flags["bins"]); err != nil {
		return err
	}
	for _, o := range list.Objects {
		q.UIDs = append(q.UIDs, record.UID(o.UID))
	}
	lanes, err := e.Lanes(ctx, q)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s to %s, columns of %v\n", clock(lanes.From), clock(lanes.To), time.Duration(lanes.Bin)*time.Microsecond)
	for i := range lanes.Lanes {
		o := list.Objects[i]
		fmt.Fprintf(out, "%s/%s\n", o.Resource, o.Name)
		laneText(&lanes.Lanes[i], out)
	}
	return nil
}

func laneText(l *engine.Lane, out *strings.Builder) {
	barsText("", l.Bars, out)
	for _, d := range l.Derived {
		fmt.Fprintf(out, "  %s %s\n", d.Group, d.Name)
		barsText("  ", d.Bars, out)
		for _, s := range d.Steps {
			wanted := ""
			if s.Wanted != nil {
				wanted = fmt.Sprintf(" of %d", *s.Wanted)
			}
			fmt.Fprintf(out, "    %s %d%s\n", clock(s.At), s.Value, wanted)
		}
	}
	for _, m := range l.Marks {
		until := ""
		if m.Until != 0 {
			until = fmt.Sprintf(" +%v", time.Duration(m.Until-m.At)*time.Microsecond)
		}
		code := ""
		if m.Code != 0 {
			code = strconv.Itoa(m.Code)
		}
		fmt.Fprintf(out, "  * %s%s %s %s\n", clock(m.At), until, m.Kind, strings.Join(nonEmpty(m.Who, m.Verb, m.Sub, code, word(m.Failed, "failed"), word(m.NoOp, "no-op"), m.Severity, m.Text), ", "))
	}
	for _, b := range l.Bins {
		fmt.Fprintf(out, "  # %+v\n", b)
	}
	for _, s := range l.Unknown {
		fmt.Fprintf(out, "  ? %s to %s %s: %s\n", clock(s.From), clock(s.To), s.Reason, s.Sentence)
	}
	fmt.Fprintf(out, "  %d records, %d failed%s\n", l.Records, l.Failed, noted(l.Cut, l.Error))
}

func barsText(indent string, bars []engine.Bar, out *strings.Builder) {
	for _, b := range bars {
		to := "…"
		if b.To != 0 {
			to = clock(b.To)
		}
		line := fmt.Sprintf("%s  %s to %s %s", indent, clock(b.From), to, b.State)
		if b.Text != "" {
			line += " " + strconv.Quote(b.Text)
		}
		if b.N > 0 {
			line += fmt.Sprintf(" worst of %d", b.N)
		}
		if b.Early != 0 {
			line += ", or since " + clock(b.Early)
		}
		if b.Soft != "" {
			line += ", " + b.Soft
		}
		if b.RV != "" && indent == "" {
			line += ", rv " + b.RV
		}
		fmt.Fprintln(out, line)
	}
}

func clock(m engine.Moment) string {
	if m == 0 {
		return "?"
	}
	return m.Time().Format("15:04:05.000")
}

func word(is bool, word string) string {
	if is {
		return word
	}
	return ""
}

func nonEmpty(words ...string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}
