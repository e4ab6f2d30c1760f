package link

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
)

// maxRequirements bounds a selector.
const maxRequirements = 256

// labelSelector gives the canonical text of a LabelSelector ({matchLabels, matchExpressions}); empty selects all. Not ok where the API would
// refuse it, or where it is longer than query.ParseSelector reads.
func labelSelector(v *object.Value) (text string, ok bool) {
	var all []labels.Requirement
	ok = true
	add := func(key string, op selection.Operator, values []string) {
		r, err := labels.NewRequirement(key, op, values)
		if err != nil || len(all) >= maxRequirements {
			ok = false
			return
		}
		all = append(all, *r)
	}
	for _, m := range v.Get("matchLabels").Members() {
		ok = ok && m.Value.Kind() == object.String
		add(m.Name, selection.Equals, []string{m.Value.Str()})
	}
	for _, e := range v.Get("matchExpressions").Items() {
		op, known := operatorOf(e.Get("operator").Str())
		var values []string
		for _, item := range e.Get("values").Items() {
			ok = ok && item.Kind() == object.String
			values = append(values, item.Str())
		}
		ok = ok && known
		add(e.Get("key").Str(), op, values)
	}
	if !ok {
		return "", false
	}
	return selectorText(all)
}

// labelSet gives the canonical text of a selector that is a map of labels, as a Service's is.
func labelSet(v *object.Value) (text string, ok bool) {
	return labelSelector(object.NewObject(object.Member{Name: "matchLabels", Value: v}))
}

// canonical gives the canonical text of a selector that was written as text.
func canonical(selector string) (string, error) {
	if _, err := query.ParseSelector(selector); err != nil {
		return "", err
	}
	requirements, err := labels.ParseToRequirements(selector)
	if err != nil {
		return "", err
	}
	if len(requirements) > maxRequirements {
		return "", fmt.Errorf("the selector has %d requirements, the limit is %d", len(requirements), maxRequirements)
	}
	text, ok := selectorText(requirements)
	if !ok {
		return "", errors.New("the selector is longer than can be read again")
	}
	return text, nil
}

func operatorOf(word string) (selection.Operator, bool) {
	switch word {
	case "In":
		return selection.In, true
	case "NotIn":
		return selection.NotIn, true
	case "Exists":
		return selection.Exists, true
	case "DoesNotExist":
		return selection.DoesNotExist, true
	}
	return "", false
}

// selectorText prints requirements so that equal ones print alike: sorted, each once, a choice of one as equality.
func selectorText(all []labels.Requirement) (text string, ok bool) {
	parts := make([]string, 0, len(all))
	for _, r := range all {
		parts = append(parts, requirementText(r))
	}
	slices.Sort(parts)
	text = strings.Join(slices.Compact(parts), ",")
	if _, err := query.ParseSelector(text); err != nil {
		return "", false
	}
	return text, true
}

func requirementText(r labels.Requirement) string {
	values := r.ValuesUnsorted()
	switch r.Operator() {
	case selection.Exists:
		return r.Key()
	case selection.DoesNotExist:
		return "!" + r.Key()
	case selection.GreaterThan, selection.LessThan:
		return r.String()
	}
	slices.Sort(values)
	values = slices.Compact(values)
	negative := r.Operator() == selection.NotIn || r.Operator() == selection.NotEquals
	switch {
	case len(values) == 1 && negative:
		return r.Key() + "!=" + values[0]
	case len(values) == 1:
		return r.Key() + "=" + values[0]
	case negative:
		return r.Key() + " notin (" + strings.Join(values, ",") + ")"
	}
	return r.Key() + " in (" + strings.Join(values, ",") + ")"
}
