package local

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/query"
)

func TestCutWindow(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	day := query.Window{From: at(20, 12, 30), To: at(21, 12, 20)}
	for name, c := range map[string]struct {
		w, recorded query.Window
		newest      bool
		growth      time.Duration
		want        []string
	}{
		"from its beginning":       {query.Window{}, day, false, 2, []string{"… 20T13:00", "20T13:00 20T15:00", "20T15:00 20T19:00", "20T19:00 21T03:00", "21T03:00 …"}},
		"from its end":             {query.Window{}, day, true, 2, []string{"21T12:00 …", "21T10:00 21T12:00", "21T06:00 21T10:00", "20T22:00 21T06:00", "… 20T22:00"}},
		"in long steps":            {query.Window{}, day, true, 8, []string{"21T12:00 …", "21T04:00 21T12:00", "… 21T04:00"}},
		"window within":            {query.Window{From: at(21, 8, 10), To: at(21, 11, 40)}, day, true, 2, []string{"21T11:00 21T11:40", "21T09:00 21T11:00", "21T08:10 21T09:00"}},
		"window ends at an hour":   {query.Window{To: at(21, 11, 0)}, day, true, 8, []string{"21T10:00 21T11:00", "21T02:00 21T10:00", "… 21T02:00"}},
		"window begins at an hour": {query.Window{From: at(21, 9, 0)}, day, false, 2, []string{"21T09:00 21T10:00", "21T10:00 21T12:00", "21T12:00 …"}},
		"window before all":        {query.Window{To: at(19, 0, 0)}, day, true, 2, []string{"… 19T00:00"}},
		"window behind all":        {query.Window{From: at(23, 0, 0)}, day, false, 2, []string{"23T00:00 …"}},
		"within an hour":           {query.Window{}, query.Window{From: at(21, 12, 10), To: at(21, 12, 20)}, true, 2, []string{"… …"}},
		"one moment":               {query.Window{}, query.Window{From: at(21, 12, 0), To: at(21, 12, 0)}, true, 2, []string{"… …"}},
		"no beginning":             {query.Window{}, query.Window{To: at(21, 12, 0)}, true, 8, []string{"… …"}},
		"no beginning, but asked":  {query.Window{From: at(1, 0, 0)}, query.Window{To: at(21, 12, 0)}, false, 2, []string{"01T00:00 …"}},
		"nothing is recorded":      {query.Window{From: at(1, 0, 0), To: at(2, 0, 0)}, query.Window{}, true, 2, []string{"01T00:00 02T00:00"}},
	} {
		word := func(at time.Time) string {
			if at.IsZero() {
				return "…"
			}
			return at.Format("02T15:04")
		}
		var got []string
		for _, p := range cutWindow(c.w, c.recorded, c.newest, c.growth) {
			got = append(got, fmt.Sprint(word(p.From), " ", word(p.To)))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestCutWindowEnds: clocks that told nonsense are cut in few parts too.
func TestCutWindowEnds(t *testing.T) {
	all := query.Window{From: time.Time{}.Add(time.Second), To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, newest := range []bool{false, true} {
		for _, growth := range []time.Duration{2, 8} {
			parts := cutWindow(query.Window{}, all, newest, growth)
			if len(parts) != maxCuts+1 {
				t.Errorf("newest first %t, %d times as long: %d parts", newest, growth, len(parts))
			}
			for _, p := range parts[1:maxCuts] {
				if long := p.To.Sub(p.From); long <= 0 || long > longestPart {
					t.Errorf("newest first %t, %d times as long: a part of %s", newest, growth, long)
				}
			}
		}
	}
}
