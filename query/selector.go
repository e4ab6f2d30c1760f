package query

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/kubewake/kubewake/record"
)

// maxSelectorBytes bounds the text of a selector.
const maxSelectorBytes = 8 << 10

// Selector is a label selector as kubectl takes it with -l: "app=web,tier in (front,back),!legacy". The zero value selects all.
type Selector struct{ parsed labels.Selector }

// ParseSelector reads a label selector; empty text selects all.
func ParseSelector(s string) (Selector, error) {
	if s == "" {
		return Selector{}, nil
	}
	if len(s) > maxSelectorBytes {
		return Selector{}, fmt.Errorf("the label selector has %d bytes, the limit is %d", len(s), maxSelectorBytes)
	}
	parsed, err := labels.Parse(s)
	if err != nil {
		return Selector{}, fmt.Errorf("label selector %q: %w; for example: app=web,tier in (front,back),!legacy", clip(s), err)
	}
	return Selector{parsed}, nil
}

// Empty reports whether everything is selected.
func (s Selector) Empty() bool { return s.parsed == nil || s.parsed.Empty() }

// String is the form that ParseSelector reads.
func (s Selector) String() string {
	if s.parsed == nil {
		return ""
	}
	return s.parsed.String()
}

// Matches reports whether labels are selected.
func (s Selector) Matches(l map[string]string) bool {
	return s.Empty() || s.parsed.Matches(labels.Set(l))
}

// MatchesPairs is Matches for sorted pairs.
func (s Selector) MatchesPairs(pairs []record.KeyValue) bool {
	if s.Empty() {
		return true
	}
	set := make(labels.Set, len(pairs))
	for _, kv := range pairs {
		set[kv.Key] = kv.Value
	}
	return s.parsed.Matches(set)
}

// MayMatch reports whether an object whose states had, all together, the label pairs ever may have been selected at some moment.
// A label may have had several values, and may have been absent at times.
func (s Selector) MayMatch(ever []record.KeyValue) bool {
	if s.Empty() {
		return true
	}
	requirements, selectable := s.parsed.Requirements()
	if !selectable {
		return false
	}
	for _, r := range requirements {
		if !mayHold(r, ever) {
			return false
		}
	}
	return true
}

// Needs gives a label without which nothing is selected: its key, and the values of which it has one (none: any). An empty key: there is no
// such label. A requirement of values comes before one of a key alone.
func (s Selector) Needs() (key string, values []string) {
	if s.parsed == nil {
		return "", nil
	}
	requirements, _ := s.parsed.Requirements()
	for _, r := range requirements {
		switch r.Operator() {
		case selection.Equals, selection.DoubleEquals, selection.In:
			return r.Key(), r.Values().List()
		case selection.Exists:
			key = r.Key()
		}
	}
	return key, nil
}

func mayHold(r labels.Requirement, ever []record.KeyValue) bool {
	switch r.Operator() {
	case selection.NotIn, selection.NotEquals, selection.DoesNotExist:
		return true
	}
	for _, kv := range ever {
		if kv.Key == r.Key() && r.Matches(labels.Set{kv.Key: kv.Value}) {
			return true
		}
	}
	return false
}
