package trace

import (
	"time"

	"github.com/kubewake/kubewake/record"
)

// Input is what a trace is made of: the objects of a tree, and of each the records in the window.
type Input struct {
	Question Question
	// Objects stand parents first; children in their order. The first is a root.
	Objects []Object
	Notes   []string // what a reader should know besides
}

// Object is one object of the tree.
type Object struct {
	Ref    record.ObjectRef
	Parent int  // index of the object above; -1: none
	Asked  bool // the question names it
	Stub   bool // nothing is recorded of it but that it was named
	Link   string
	// Others are further relations, to objects that may stand elsewhere in the trace.
	Others []Relation
	// Created and Ended bound its life; zero: not known, or not yet.
	Created, Ended time.Time
	Tags           []Attr // by the configured paths
	Manifest       []byte // the last one, where its life ended in the window
	Records        []Record
	Left           int    // children that a limit of the tree left out
	Cut            string // what a limit left out of its records
}

// Relation is a link beside the one that the tree nests by.
type Relation struct {
	Type    string // owns, mounts, ...
	Parent  bool   // the other stands above
	Other   record.ObjectRef
	Another bool // the other is not in this trace
}

// Record is one thing that happened to an object.
type Record struct {
	ID      record.ID
	Kind    string    // request, revision, event, end, gap, span
	Source  string    // audit, watch, list, events, spans, gaps
	Start   time.Time // when it began: of a change by a known request when that was received
	End     time.Time
	Name    string // "update", "patch scale"; the reason of an Event
	Summary string // one line
	User    string
	Verb    string
	Code    int
	Attrs   []Attr // all else; Value of no Attr is zero
	Changes []Change
	// Verbose are changes of resourceVersion and generation, where those are asked for.
	Verbose []Change
	NoOp    bool
	Failed  bool
	Status  string // why it failed
	// Spans are what others told of a request, nested as they say: they hang under it.
	Spans []Record
}

// Change is one field that a record changed.
type Change struct {
	Path     string
	Op       string // add, remove, change, move
	From, To []byte // JSON
	Note     string
}

// Options of Project.
type Options struct {
	Limit    int // spans and logs together; zero: none
	FullLife bool
}

// recordKinds are the words of Record.Kind.
func recordKinds() []string { return []string{"request", "revision", "event", "end", "gap", "span"} }

// Step is one thing that a mode does; see modes.yaml.
type Step struct {
	Do     string   `yaml:"do" doc:"keep, collapse, diff, snapshot, group, logs or flatten."`
	By     string   `yaml:"by" doc:"group: by source, kind, user or verb."`
	Kinds  []string `yaml:"kinds" doc:"keep, logs: of these kinds; none: of all."`
	Failed bool     `yaml:"failed" doc:"keep: only what failed."`
	Over   int      `yaml:"over" doc:"collapse: only where the trace has more records."`
	Each   int      `yaml:"each" doc:"collapse: how many that are alike stay as they are."`
	Lines  int      `yaml:"lines" doc:"diff: how many lines at most; 0: 40."`
}

// does tells what a step takes, and does it.
type does struct {
	takes []string
	apply func(*projection, *Step)
	// thins: it leaves records out; the limit counts what such steps let through.
	thins bool
	phase phase
}

// phase says which steps a step may stand behind: those of its own and of lower phases.
type phase uint8

const (
	anyPhase  phase = iota // where it stands makes no difference
	choosing               // among the records of each object, by itself
	gathering              // of all records under one root
	arranging              // below groups, and into logs
)

func stepNames() []string {
	return []string{"keep", "collapse", "diff", "snapshot", "group", "logs", "flatten"}
}

func doing(step string) (does, bool) {
	switch step {
	case "keep":
		return does{[]string{"kinds", "failed"}, (*projection).keep, true, choosing}, true
	case "collapse":
		return does{[]string{"over", "each"}, (*projection).collapse, true, choosing}, true
	case "diff":
		return does{[]string{"lines"}, (*projection).diff, true, anyPhase}, true
	case "snapshot":
		return does{nil, (*projection).showSnapshots, true, anyPhase}, true
	case "group":
		return does{[]string{"by"}, (*projection).group, false, arranging}, true
	case "logs":
		return does{[]string{"kinds"}, (*projection).toLogs, false, arranging}, true
	case "flatten":
		return does{nil, (*projection).flatten, false, gathering}, true
	}
	return does{}, false
}

// Needs is what a mode reads of an Input besides the heads of records, so that the rest need not be found out.
type Needs struct{ Changes, Manifests bool }

// Needs of the mode.
func (m *Mode) Needs() Needs {
	var n Needs
	for _, s := range m.Steps {
		n.Changes = n.Changes || s.Do == "diff"
		n.Manifests = n.Manifests || s.Do == "snapshot"
	}
	return n
}

func groupings() []string { return []string{"source", "kind", "user", "verb"} }
