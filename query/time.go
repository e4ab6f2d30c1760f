package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// timeAdvice ends every error about a time.
const timeAdvice = `use RFC 3339 ("2026-11-20T14:03:05Z"), "2026-11-20 14:03", "14:03", "yesterday 14:03", "5m", "2h30m" or "3d" ago, or unix seconds`

// zoned and local are the layouts of whole times; local ones are read in the asker's zone. Fractions of a second are always taken.
func zonedLayouts() []string {
	return []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 MST",
		"2006-01-02 15:04:05 -0700 MST"}
}

func localLayouts() []string {
	return []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}
}

func clockLayouts() []string { return []string{"15:04:05", "15:04"} }

// ParseTime reads a time as people write it. Times of day are of now's day in loc; "5m", "-5m" and "5m ago" lie before now. For an
// offline recording, now is its newest fact. It never reads a clock.
func ParseTime(s string, now time.Time, loc *time.Location) (time.Time, error) {
	word := strings.TrimSpace(s)
	if len(word) > 64 || word == "" {
		return time.Time{}, fmt.Errorf("%q is not a time: %s", clip(word), timeAdvice)
	}
	t, ok := parseTime(word, now, loc)
	if !ok {
		return time.Time{}, fmt.Errorf("%q is not a time: %s", clip(word), timeAdvice)
	}
	if t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, fmt.Errorf("%q is the year %d; no recording reaches there", clip(word), t.Year())
	}
	return t, nil
}

func parseTime(word string, now time.Time, loc *time.Location) (time.Time, bool) {
	lower := strings.ToLower(word)
	switch lower {
	case "now":
		return now, true
	case "today":
		return dayOf(now.In(loc), 0), true
	case "yesterday":
		return dayOf(now.In(loc), -1), true
	}
	if day, clock, ok := strings.Cut(lower, " "); ok && (day == "yesterday" || day == "today") {
		back := 0
		if day == "yesterday" {
			back = -1
		}
		return clockOn(strings.TrimSpace(clock), dayOf(now.In(loc), back))
	}
	upper := strings.ToUpper(word) // "t" and "z" may be small, by RFC 3339
	for _, layout := range zonedLayouts() {
		if t, err := time.Parse(layout, upper); err == nil {
			return t, true
		}
	}
	for _, layout := range localLayouts() {
		if t, err := time.ParseInLocation(layout, upper, loc); err == nil {
			return t, true
		}
	}
	if t, ok := clockOn(word, dayOf(now.In(loc), 0)); ok {
		return t, true
	}
	if t, ok := unixTime(word); ok {
		return t, true
	}
	after := strings.HasPrefix(lower, "+")
	span := strings.TrimSuffix(strings.TrimLeft(lower, "+-"), "ago")
	if d, ok := parseSpan(strings.TrimSpace(span)); ok {
		if after {
			return now.Add(d), true
		}
		return now.Add(-d), true
	}
	return time.Time{}, false
}

// dayOf is the midnight of t's day, or of the day that many later.
func dayOf(t time.Time, later int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+later, 0, 0, 0, 0, t.Location())
}

// clockOn reads a time of day on a day; days of 23 and 25 hours are right.
func clockOn(word string, day time.Time) (time.Time, bool) {
	for _, layout := range clockLayouts() {
		if c, err := time.Parse(layout, word); err == nil {
			return time.Date(day.Year(), day.Month(), day.Day(), c.Hour(), c.Minute(), c.Second(), c.Nanosecond(), day.Location()), true
		}
	}
	return time.Time{}, false
}

// unixTime reads seconds since 1970, with a fraction, or milliseconds (13 digits). Small numbers are none: "5" wants a unit.
func unixTime(word string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(word, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 1e8 || strings.HasPrefix(word, "+") {
		return time.Time{}, false
	}
	if len(whole) == 13 && fraction == "" {
		return time.UnixMilli(n).UTC(), true
	}
	nanos := int64(0)
	if fraction != "" {
		if len(fraction) > 9 {
			fraction = fraction[:9]
		}
		f, err := strconv.ParseUint(fraction+strings.Repeat("0", 9-len(fraction)), 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		nanos = int64(f)
	}
	if n > 1e11 {
		return time.Time{}, false
	}
	return time.Unix(n, nanos).UTC(), true
}

// parseSpan reads "5m", "2h30m", "1.5h", "3d", "1w2d", "90 min"; always positive.
func parseSpan(s string) (time.Duration, bool) {
	total, rest := 0.0, strings.ReplaceAll(s, " ", "")
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && !unicode.IsDigit(r) })
		if end <= 0 {
			return 0, false
		}
		n, err := strconv.ParseFloat(rest[:end], 64)
		if err != nil {
			return 0, false
		}
		rest = rest[end:]
		unit := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
		if unit < 0 {
			unit = len(rest)
		}
		size, ok := unitSize(rest[:unit])
		if !ok {
			return 0, false
		}
		total += n * float64(size)
		rest = rest[unit:]
	}
	if total == 0 && s == "" || total > math.MaxInt64/2 {
		return 0, false
	}
	return time.Duration(total), true
}

func unitSize(unit string) (time.Duration, bool) {
	switch unit {
	case "ms":
		return time.Millisecond, true
	case "s", "sec", "secs", "second", "seconds":
		return time.Second, true
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute, true
	case "h", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return 24 * time.Hour, true
	case "w", "week", "weeks":
		return 7 * 24 * time.Hour, true
	}
	return 0, false
}

// ParseWindow reads both ends of a window; an empty end is open. To is not included.
func ParseWindow(from, to string, now time.Time, loc *time.Location) (Window, error) {
	var w Window
	var err error
	if from != "" {
		if w.From, err = ParseTime(from, now, loc); err != nil {
			return Window{}, fmt.Errorf("the window's begin: %w", err)
		}
	}
	if to != "" {
		if w.To, err = ParseTime(to, now, loc); err != nil {
			return Window{}, fmt.Errorf("the window's end: %w", err)
		}
	}
	if !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		return Window{}, fmt.Errorf("the window ends (%s) before it begins (%s); exchange the two", FormatTime(w.To, loc), FormatTime(w.From, loc))
	}
	return w, nil
}

// Contains reports whether t lies in the window; open ends contain everything.
func (w Window) Contains(t time.Time) bool {
	return (w.From.IsZero() || !t.Before(w.From)) && (w.To.IsZero() || t.Before(w.To))
}

// FormatTime shows a time to the millisecond in loc: "2026-11-20 14:03:05.123", in UTC "2026-11-20T14:03:05.123Z".
// ParseTime reads both back. The zero time is "-".
func FormatTime(t time.Time, loc *time.Location) string {
	switch {
	case t.IsZero():
		return "-"
	case loc == time.UTC:
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.In(loc).Format("2006-01-02 15:04:05.000")
}

// FormatAgo shows how long before now t was, in two units at most: "12s ago", "3d4h ago"; "in 5m" for later times.
func FormatAgo(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "-"
	case d < 0:
		return "in " + FormatSpan(-d)
	default:
		return FormatSpan(d) + " ago"
	}
}

// FormatSpan shows a duration in two units at most, cut, not rounded: "350ms", "12s", "2m5s", "3d4h".
func FormatSpan(d time.Duration) string {
	if d < 0 {
		return "-" + FormatSpan(-d)
	}
	if d < time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	}
	units := [...]struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for i, u := range units {
		n := d / u.size
		if n == 0 {
			continue
		}
		s := strconv.FormatInt(int64(n), 10) + u.name
		if i+1 < len(units) {
			if m := d % u.size / units[i+1].size; m > 0 {
				s += strconv.FormatInt(int64(m), 10) + units[i+1].name
			}
		}
		return s
	}
	return "0s"
}

// clip shortens foreign text for a message.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
