package object

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a summary.
const (
	summaryChanges = 3
	summaryBytes   = 120 // beyond this no further change is added
	valueBytes     = 48  // of one value shown
	pathBytes      = 120
)

// Summarize puts a difference into one line: "spec.replicas 2 → 4", "status.availableReplicas 1 → 2 (+3 more)",
// "no-op". Spec comes before status before metadata, and what tells most comes first. Redacted values are not shown.
func Summarize(d Difference) string {
	if len(d.Changes) == 0 {
		if len(d.Incomparable) > 0 {
			return fmt.Sprintf("%s %s", clip(d.Incomparable[0].Path.String(), pathBytes), d.Incomparable[0].Note)
		}
		return "no-op"
	}
	order := make([]ranked, len(d.Changes))
	for i, c := range d.Changes {
		order[i] = ranked{c, weight(c)}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return a.weight - b.weight })
	var line strings.Builder
	shown := 0
	for _, r := range order {
		text := describe(r.Change)
		if shown == summaryChanges || (shown > 0 && line.Len()+len(text) > summaryBytes) {
			break
		}
		if shown > 0 {
			line.WriteString(", ")
		}
		line.WriteString(text)
		shown++
	}
	if more := len(order) - shown; more > 0 {
		fmt.Fprintf(&line, " (+%d more)", more)
	}
	return line.String()
}

type ranked struct {
	Change
	weight int
}

// weight orders changes by how much they tell; less is more.
func weight(c Change) int {
	if len(c.Path) == 0 {
		return 0
	}
	top, last := c.Path[0].Name, ""
	for _, s := range c.Path {
		if s.Kind == StepField {
			last = s.Name
		}
	}
	var w int
	switch top {
	case "metadata":
		w = metadataWeight(c)
	case "status":
		w = 200
	case "spec":
		w = 100
	default:
		w = 150 // data, rules, subjects, ...
	}
	switch last {
	case "replicas", "image", "phase", "paused", "suspend", "nodeName", "size", "type":
		w -= 10
	case "readyReplicas", "availableReplicas", "succeeded", "failed", "active", "ready":
		w -= 8
	case "updatedReplicas", "unavailableReplicas", "currentReplicas", "desiredReplicas":
		w -= 6
	case "status":
		w += 10
	case "reason":
		w += 20
	case "message":
		w += 22
	case "observedGeneration", "startTime", "terminatingReplicas", "fullyLabeledReplicas":
		w += 30
	case "lastTransitionTime", "lastUpdateTime", "lastProbeTime", "lastHeartbeatTime", "lastScheduleTime", "resourceVersion":
		w += 40
	}
	return w + min(len(c.Path), 9)
}

// metadataWeight puts the mark of deletion before everything, and noise last.
func metadataWeight(c Change) int {
	if len(c.Path) < 2 {
		return 300
	}
	switch c.Path[1].Name {
	case "deletionTimestamp":
		return 0
	case "finalizers", "ownerReferences":
		return 250
	case "labels":
		return 300
	case "annotations":
		return 310
	case "managedFields", "resourceVersion", "generation":
		return 400
	}
	return 320
}

func describe(c Change) string {
	path := clip(c.Path.String(), pathBytes)
	if path == "" {
		path = "object"
	}
	if c.Op != OpMove && (isRedacted(c.From) || isRedacted(c.To)) {
		return path + " redacted, " + map[Op]string{OpAdd: "added", OpRemove: "removed", OpChange: "changed"}[c.Op]
	}
	switch c.Op {
	case OpAdd:
		return strings.TrimSuffix("+"+path+" "+show(c.To), " ")
	case OpRemove:
		return strings.TrimSuffix("-"+path+" "+show(c.From), " ")
	case OpMove:
		return path + " reordered"
	}
	from, to := show(c.From), show(c.To)
	if from == "" || to == "" || from == to {
		return path + " changed"
	}
	return path + " " + from + " → " + to
}

// show gives a value as a few words: scalars as they are, a condition by its status, nothing for other subtrees.
func show(v *Value) string {
	switch v.Kind() {
	case Number, Bool:
		return clip(v.text, valueBytes)
	case String:
		if isRedacted(v) {
			return "(redacted)"
		}
		return showString(v.text)
	case Null:
		return "null"
	case Object:
		if len(v.Members()) == 0 {
			return "{}"
		}
		if s := v.member("status"); v.member("type") != nil && s.Kind() == String {
			return showString(s.text)
		}
	case Array:
		return showItems(v)
	}
	return ""
}

// showItems gives a short list of scalars as it is, the length of any other.
func showItems(v *Value) string {
	for _, item := range v.Items() {
		if !item.leaf() || item.kind >= Array || isRedacted(item) {
			return fmt.Sprintf("(%d items)", len(v.Items()))
		}
	}
	if len(v.Items()) > 8 {
		return fmt.Sprintf("(%d items)", len(v.Items()))
	}
	return clip(v.String(), valueBytes)
}

// showString quotes a text only where its bounds would not be seen.
func showString(s string) string {
	cut := clip(s, valueBytes)
	if s == "" || strings.ContainsFunc(cut, func(r rune) bool { return r <= ' ' || r == '"' || r == ',' || r == utf8.RuneError }) {
		return string(appendString(nil, cut))
	}
	return cut
}
