package local

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// TestPartsAreFew: however far apart the times of records are, and where none is known, a window is cut in few parts that leave nothing out.
func TestPartsAreFew(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]store.ClusterInfo{
		"a day":            {First: noon.AddDate(0, 0, -1), Last: noon},
		"no first time":    {Last: noon},
		"no time at all":   {},
		"since year one":   {First: time.Time{}.Add(time.Second), Last: noon},
		"to the year 9999": {First: noon, Last: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		for _, newest := range []bool{false, true} {
			filter, err := compileFilter("true")
			if err != nil {
				t.Fatal(err)
			}
			s := &searching{q: query.Search{Newest: newest}, bounds: filter.Bounds(), kinds: []record.Kind{record.KindRequest}}
			s.clusters = append(s.clusters, c)
			parts := s.parts()
			if len(parts) == 0 || len(parts) > maxCuts+1 {
				t.Fatalf("%s, newest first %t: %d parts", name, newest, len(parts))
			}
			for i, part := range parts[1:] {
				before, after := parts[i], part
				if newest {
					before, after = after, before
				}
				if !before.To.Equal(after.From) || !before.From.Before(before.To) {
					t.Errorf("%s, newest first %t: %v does not end where %v begins", name, newest, before, after)
				}
			}
			first, last := parts[0], parts[len(parts)-1]
			if newest {
				first, last = last, first
			}
			if !first.From.IsZero() || !last.To.IsZero() {
				t.Errorf("%s, newest first %t: the ends are not open: %v, %v", name, newest, first, last)
			}
		}
	}
}
