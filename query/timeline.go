package query

import (
	"time"

	"github.com/kubewake/kubewake/record"
)

// Set names the objects that a picture shows: those of a namespace, of an application (Selector), of a search (Filter), or one object with what
// belongs to it (Object). What is set narrows together; the zero value is everything.
type Set struct {
	Cluster   record.Cluster // empty: all
	Kind      string         // word, or several with commas; empty: all but Events
	Namespace string
	Name      string // exact, or a glob
	Selector  string // label selector
	Filter    string // CEL: only objects with a record in the window that it matches
	// Object, where set, is the root of a tree; Up, Down, Siblings and Types are those of Tree.
	Object   Object
	Up, Down int
	Siblings bool
	Types    []string
}

// HasObject reports whether the set is a tree.
func (s *Set) HasObject() bool { return s.Object.Name != "" || s.Object.UID != "" }

// Rows asks for the rows of a timeline: the objects of a set that were there at some moment of the window.
type Rows struct {
	Set
	Window Window
	Limit  int // 0: engine's default
}

// Lanes asks for what is drawn in the lanes of some objects, all of one cluster.
type Lanes struct {
	Cluster record.Cluster
	UIDs    []record.UID // at most engine.MaxLanes
	Window  Window       // both ends set
	// Bins are how many columns the window is drawn in: what is closer together than one is told as one. 0: engine's default.
	Bins    int
	Derived bool // also the rows derived from the objects' states
	Reads   bool // get, list and watch too
}

// Entry asks for one record of one object with all that is known of it, as a history tells it.
type Entry struct {
	Object Object
	ID     string // as answers give it
}

// Activity asks how much happened to a set of objects over time, and to whom, and by whom.
type Activity struct {
	Set
	Window Window
	Bins   int // columns; 0: engine's default
	Top    int // lines of each list; 0: engine's default
}

// Failing asks which workloads failed or were stuck in the window.
type Failing struct {
	Cluster   record.Cluster // empty: all
	Namespace string
	Window    Window
	Limit     int // 0: engine's default
}

// Follow asks to be told when something new was recorded.
type Follow struct {
	Cluster record.Cluster // empty: all
	// Pause is the least time between two ticks; 0: engine's default.
	Pause time.Duration
}
