package query

import (
	"strings"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.FixedZone(name, 3600)
	}
	return loc
}

func TestParseTime(t *testing.T) {
	loc := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 20, 16, 30, 0, 0, loc)
	at := func(day, h, m, s, ms int, l *time.Location) time.Time {
		return time.Date(2026, 11, day, h, m, s, ms*1e6, l)
	}
	for in, want := range map[string]time.Time{
		"2026-11-20T14:03:05Z":          at(20, 14, 3, 5, 0, time.UTC),
		"2026-11-20t14:03:05.123z":      at(20, 14, 3, 5, 123, time.UTC),
		"2026-11-20T14:03:05.123+02:00": at(20, 12, 3, 5, 123, time.UTC),
		"2026-11-20T14:03Z":             at(20, 14, 3, 0, 0, time.UTC),
		"2026-11-20T14:03:05":           at(20, 14, 3, 5, 0, loc),
		"2026-11-20 14:03:05.5":         at(20, 14, 3, 5, 500, loc),
		" 2026-11-20 14:03 ":            at(20, 14, 3, 0, 0, loc),
		"2026-11-20":                    at(20, 0, 0, 0, 0, loc),
		"14:03":                         at(20, 14, 3, 0, 0, loc),
		"14:03:05.123":                  at(20, 14, 3, 5, 123, loc),
		"today 9:00":                    at(20, 9, 0, 0, 0, loc),
		"yesterday 14:03":               at(19, 14, 3, 0, 0, loc),
		"Yesterday":                     at(19, 0, 0, 0, 0, loc),
		"now":                           now,
		"5m":                            now.Add(-5 * time.Minute),
		"-5m":                           now.Add(-5 * time.Minute),
		"5m ago":                        now.Add(-5 * time.Minute),
		"90 minutes ago":                now.Add(-90 * time.Minute),
		"2h30m":                         now.Add(-150 * time.Minute),
		"1.5h":                          now.Add(-90 * time.Minute),
		"3d":                            now.Add(-72 * time.Hour),
		"1w2d":                          now.Add(-9 * 24 * time.Hour),
		"+5m":                           now.Add(5 * time.Minute),
		"250ms":                         now.Add(-250 * time.Millisecond),
		"1763647385":                    time.Unix(1763647385, 0),
		"1763647385.25":                 time.Unix(1763647385, 25e7),
		"1763647385250":                 time.UnixMilli(1763647385250),
	} {
		got, err := ParseTime(in, now, loc)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", " ", "5", "-", "ago", "noon", "25:00", "14:61", "2026-13-01", "5 parsecs", "m5", "1e9d", "9999999999999d",
		"2300-01-01", "1763647385.x", "yesterday noon", strings.Repeat("1", 1000)} {
		if got, err := ParseTime(in, now, loc); err == nil {
			t.Errorf("%q is read as %v", in, got)
		} else if !strings.Contains(err.Error(), "RFC 3339") && !strings.Contains(err.Error(), "year") {
			t.Errorf("%q: the error has no advice: %v", in, err)
		}
	}
}

func TestParseTimeOverClockChange(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	now := time.Date(2026, 10, 26, 12, 0, 0, 0, loc) // the day before had 25 hours
	got, err := ParseTime("yesterday 14:03", now, loc)
	if want := time.Date(2026, 10, 25, 14, 3, 0, 0, loc); err != nil || !got.Equal(want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestParseWindow(t *testing.T) {
	now := time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)
	w, err := ParseWindow("1h", "16:00", now, time.UTC)
	if err != nil || !w.From.Equal(now.Add(-time.Hour)) || !w.To.Equal(now.Add(-30*time.Minute)) {
		t.Errorf("%v, %v", w, err)
	}
	if !w.Contains(w.From) || w.Contains(w.To) || !(Window{}).Contains(now) {
		t.Error("From is included, To is not; open ends contain everything")
	}
	for _, ends := range [][2]string{{"x", ""}, {"", "x"}, {"16:00", "15:00"}, {"16:00", "16:00"}} {
		if w, err := ParseWindow(ends[0], ends[1], now, time.UTC); err == nil {
			t.Errorf("%v is read as %v", ends, w)
		}
	}
}

func TestFormat(t *testing.T) {
	now := time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)
	loc := time.FixedZone("CET", 3600)
	for got, want := range map[string]string{
		FormatTime(now, time.UTC):                 "2026-11-20T16:30:00.000Z",
		FormatTime(now, loc):                      "2026-11-20 17:30:00.000",
		FormatTime(time.Time{}, loc):              "-",
		FormatAgo(now.Add(-76*time.Hour), now):    "3d4h ago",
		FormatAgo(now.Add(-12*time.Second), now):  "12s ago",
		FormatAgo(now.Add(5*time.Minute), now):    "in 5m",
		FormatAgo(time.Time{}, now):               "-",
		FormatSpan(350 * time.Millisecond):        "350ms",
		FormatSpan(2*time.Minute + 5*time.Second): "2m5s",
		FormatSpan(-time.Hour):                    "-1h",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, loc := range []*time.Location{time.UTC, loc} {
		if back, err := ParseTime(FormatTime(now, loc), now, loc); err != nil || !back.Equal(now) {
			t.Errorf("%v, %v", back, err)
		}
	}
}

func TestParsePoint(t *testing.T) {
	now := time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)
	for in, want := range map[string]Point{
		"":                {},
		"@{0}":            {},
		"@{-2}":           {Back: 2},
		"rv:1234":         {RV: 1234},
		"1234":            {RV: 1234},
		"1763647385":      {RV: 1763647385},
		"unix:1763647385": {At: time.Unix(1763647385, 0).UTC()},
		"16:00":           {At: now.Add(-30 * time.Minute)},
		"5m":              {At: now.Add(-5 * time.Minute)},
	} {
		got, err := ParsePoint(in, now, time.UTC)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
		if again, err := ParsePoint(got.String(), now, time.UTC); err != nil || again != got {
			t.Errorf("%q prints as %q, which is %v, %v", in, got, again, err)
		}
	}
	for _, in := range []string{"@{1}", "@{-1", "@{x}", "@{-99999999999}", "rv:", "rv:x", "0", "rv:0", "nonsense"} {
		if got, err := ParsePoint(in, now, time.UTC); err == nil {
			t.Errorf("%q is read as %v", in, got)
		}
	}
}
