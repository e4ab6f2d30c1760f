package promtext

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func page(t *testing.T, text string) Samples {
	t.Helper()
	s, err := Read(strings.NewReader(strings.ReplaceAll(text, "; ", "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRead(t *testing.T) {
	s := page(t, `# TYPE a counter; a{x="1"} 2; a{x="2",y="3"} 4; # TYPE h histogram; h_bucket{le="1"} 1; h_bucket{le="+Inf"} 3; h_sum 9; h_count 3; untyped 1.5`)
	for _, tt := range []struct {
		name  string
		pairs []string
		want  float64
		known bool
	}{
		{"a", nil, 6, true}, {"a", []string{"x", "2"}, 4, true}, {"a", []string{"x", "9"}, 0, false}, {"b", nil, 0, false},
		{"h_count", nil, 3, true}, {"h_sum", nil, 9, true}, {"untyped", nil, 1.5, true},
	} {
		if got, known := s.Sum(tt.name, tt.pairs...); got != tt.want || known != tt.known {
			t.Errorf("%s %v: %f %t", tt.name, tt.pairs, got, known)
		}
	}
	if diff := cmp.Diff(map[string]float64{"1": 2, "2": 4}, s.By("a", "x")); diff != "" {
		t.Error(diff)
	}
	s = page(t, `a{x="q\"u, }",y="b\\",} 1 1700000000000; b +Inf; c{} 1e3`)
	if diff := cmp.Diff(Samples{"a": {{map[string]string{"x": `q"u, }`, "y": `b\`}, 1}}, "b": {{map[string]string{}, math.Inf(1)}}, "c": {{map[string]string{}, 1000}}}, s); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"<html>", "{} 1", "a", "a{x} 1", `a{x="1" 2`, `a{x="1`, "a x", "ä 1"} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read as metrics", bad)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("# TYPE a counter\na{x=\"1\"} 2\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\n# TYPE s summary\ns{quantile=\"0.5\"} 1\n")
	f.Fuzz(func(_ *testing.T, text string) {
		s, err := Read(strings.NewReader(text))
		if err == nil {
			for name := range s {
				s.Sum(name, "x", "1")
				s.By(name, "x")
			}
		}
	})
}
