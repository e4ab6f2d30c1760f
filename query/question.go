package query

import (
	"time"

	"github.com/kubewake/kubewake/record"
)

// Object names one object the way people do. Kind is a word as kubectl takes it: "deploy", "deployments.apps",
// "Deployment", "po". UID alone is enough; with a name, the life that was alive at the time asked for is meant, else the last one.
type Object struct {
	Cluster   record.Cluster // empty: the only cluster there is, else an error that lists them
	Kind      string
	Namespace string // empty: "default" for namespaced kinds unless the name is unique across namespaces
	Name      string
	UID       record.UID
}

// Window is an interval of OccurredAt; zero ends are open.
type Window struct{ From, To time.Time }

// Objects asks which objects there are or were.
type Objects struct {
	Cluster   record.Cluster
	Kind      string // word; empty or "all": every kind. Categories and comma lists are allowed.
	Namespace string // empty: all namespaces
	Name      string // exact name or glob with * and ?; empty: all
	UID       record.UID
	Selector  string    // label selector; compared with the labels at At
	At        time.Time // zero: the labels of the last known state
	Alive     Window    // only objects alive at some moment of the window
	Limit     int       // 0: engine's default
	Cursor    string
}

// History asks what happened to one object.
type History struct {
	Object  Object
	Window  Window
	Reads   bool // get, list and watch too
	Folds   bool // fold the states of one Event series into one entry
	AllLife bool // all lives of the name, not only the one meant
	Limit   int
	Cursor  string
}

// Point names a state: by time, by resourceVersion, or relative to the newest ("@{-1}"); zero value: the newest state.
type Point struct {
	At time.Time
	RV record.ResourceVersion
	// Back counts revisions back from the newest, when At and RV are zero.
	Back int
}

// State asks how an object looked.
type State struct {
	Object Object
	Point  Point
}

// Diff asks what changed between two states. A zero From means the state before To.
type Diff struct {
	Object   Object
	From, To Point
	Noise    bool // also managedFields, resourceVersion, generation
}

// Blame asks for every field of the state at a point: since when, who, how.
type Blame struct {
	Object Object
	Point  Point
	Path   string // only fields at or below; empty: all
	Noise  bool
}

// Search asks for records that match a CEL filter.
type Search struct {
	Filter  string // CEL; empty matches all
	Cluster record.Cluster
	Window  Window
	Kinds   []record.Kind // empty: all kinds
	Reads   bool
	Newest  bool // newest first; else oldest first
	Limit   int
	Cursor  string
}

// Coverage asks what could not be seen.
type Coverage struct {
	Cluster record.Cluster
	Kind    string
	Object  Object // narrower than Kind where its Name or UID is set
	Window  Window
}

// Stat asks for counts.
type Stat struct {
	Cluster record.Cluster
	Window  Window
	Top     int // rows per table; 0: engine's default
}
