package trace

import (
	"fmt"
	"strings"
	"testing"
)

// Steps come in the order that somebody's file has: one that would fail or hide records is refused, all others show each record once.
func TestStepsInAnyOrder(t *testing.T) {
	steps := []string{"keep, kinds: [request, revision, event, end, gap, span]", "collapse, over: 1000", "diff", "snapshot", "group, by: user", "group, by: verb", "logs",
		"logs, kinds: [event]", "flatten"}
	want := shown(Project(shop(), &Mode{Name: "plain", Number: 8}, Options{}))
	taken, refused := 0, 0
	for _, a := range steps {
		for _, b := range steps {
			for _, c := range steps {
				text := fmt.Sprintf("modes: [{name: x, number: 8, steps: [{do: %s}, {do: %s}, {do: %s}]}]", a, b, c)
				modes, err := Load("x.yaml", []byte(text))
				if err != nil {
					if !strings.Contains(err.Error(), "keep and collapse come first") {
						t.Fatal(text, err)
					}
					refused++
					continue
				}
				taken++
				mode := find(t, modes, "x", "")
				checkTrace(t, Project(shop(), mode, Options{Limit: 9}))
				if got := shown(Project(shop(), mode, Options{})); got != want {
					t.Errorf("%s: shows %d records of %d", text, got, want)
				}
			}
		}
	}
	if taken == 0 || refused == 0 {
		t.Errorf("%d orders are taken, %d refused", taken, refused)
	}
}

// shown counts the records of a trace, spans and logs alike.
func shown(t *Trace) int {
	n := 0
	count := func(attrs []Attr) {
		for _, a := range attrs {
			if a.Key == "record" {
				n++
			}
		}
	}
	for _, s := range t.Spans {
		count(s.Attrs)
		for _, e := range s.Events {
			count(e.Attrs)
		}
	}
	return n
}
