package query

import (
	"strings"
	"testing"

	"github.com/kubewake/kubewake/record"
)

// TestPatternLimit: a repetition is a pattern like any other, and counts as often as it repeats.
func TestPatternLimit(t *testing.T) {
	for _, filter := range []string{`name.matches("^a{8}$")`, `matches(name, "(a{2,8}){1}")`, `name.matches("(a{3}){2}a*")`} {
		f, err := Compile(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		r := &record.Record{Kind: record.KindEnd, Ref: record.ObjectRef{Name: "aaaaaaaa"}}
		if got, err := f.Match(Input{Record: r}); got != Hit || err != nil {
			t.Errorf("%s: %v, %v", filter, got, err)
		}
	}
	for _, filter := range []string{`name.matches("(abc){900}")`, `matches(name, "` + strings.Repeat("a{500}", 9) + `")`} {
		if _, err := Compile(filter); err == nil || !strings.Contains(err.Error(), "the limit is 2000") {
			t.Errorf("%s: %v", filter, err)
		}
	}
}
