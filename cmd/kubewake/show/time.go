package show

import (
	"fmt"
	"time"

	"github.com/kubewake/kubewake/engine"
)

const (
	clock    = "15:04:05.000"
	dateTime = "2006-01-02 15:04:05.000"
	// loose is how wide an interval may be and still be shown as one moment.
	loose = time.Second
)

// layout chooses one layout for a column of times: the date is left out where all lie on one day, which is then
// told in the heading.
func (s Style) layout(times []*time.Time) (layout, day string) {
	for _, t := range times {
		if t == nil {
			continue
		}
		d := t.In(s.zone()).Format("2006-01-02 MST")
		if day != "" && d != day {
			return dateTime, ""
		}
		day = d
	}
	return clock, day
}

func (s Style) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// stamp shows one moment with its date.
func (s Style) stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(s.zone()).Format(dateTime)
}

// when shows a moment as well as it is known.
func (s Style) when(w *engine.When, layout string) string {
	if w == nil {
		return ""
	}
	show := func(t *time.Time) string { return t.In(s.zone()).Format(layout) }
	if s.Wide && w.NotBefore != nil && w.NotAfter != nil && w.NotAfter.Sub(*w.NotBefore) > loose {
		return show(w.NotBefore) + ".." + show(w.NotAfter)
	}
	switch {
	case w.Basis != "" && w.At != nil:
		return markReceived + show(w.At)
	case w.NotAfter != nil && (w.NotBefore == nil || w.NotAfter.Sub(*w.NotBefore) > loose):
		return markLatest + show(w.NotAfter)
	case w.NotAfter == nil && w.NotBefore != nil:
		return markEarliest + show(w.NotBefore)
	case w.At != nil:
		return " " + show(w.At)
	case w.NotAfter != nil:
		return " " + show(w.NotAfter)
	}
	return " unknown"
}

// timeHeading names the column of times: by the day and zone that all lie on, else by the zone alone.
func (s Style) timeHeading(day string) string {
	if day != "" {
		return " " + day
	}
	return " TIME" + s.dayOrZone("")
}

// dayOrZone stands behind the word that heads a column of times: SINCE 2026-11-20 UTC, or SINCE (local).
func (s Style) dayOrZone(day string) string {
	switch {
	case day != "":
		return " " + day
	case s.zone() == time.Local:
		return " (local)"
	}
	return fmt.Sprintf(" (%s)", s.zone())
}

// Bytes shows a size: 1.5 MB.
func Bytes(n int64) string {
	units := [...]string{"B", "kB", "MB", "GB", "TB", "PB"}
	f, u := float64(n), 0
	for f >= 1000 && u < len(units)-1 {
		f, u = f/1000, u+1
	}
	if u == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}
