package query

import (
	"time"

	"github.com/kubewake/kubewake/record"
)

// Links asks how one object was related to others.
type Links struct {
	Object Object
	At     time.Time // links as of a moment; zero, with an open Window: now, that is the last known state
	Window Window    // instead of At: all that held at some moment of it
	Types  []string  // of link; empty: all
	Limit  int       // 0: engine's default
}

// Tree asks for an object and what is related to it, over a window.
type Tree struct {
	Object Object
	At     time.Time // the tree as of a moment; else
	Window Window    // of what was there at some moment of it; both open: all that is recorded
	// Up and Down are how many links are followed from the object towards owners and towards what it owns; All: as far as
	// they lead. Siblings adds what the ancestors that were reached own besides.
	Up, Down int
	Siblings bool
	Types    []string // links that are followed; empty: owns, parent, and those of an operator's rules
	Limit    int      // objects; 0: engine's default
}

// All is a depth without end.
const All = -1

// Trace asks for the trace of one object. ID, where set, says all of it but the limit.
type Trace struct {
	ID     string // 32 hexadecimal digits, as trace.ID prints it
	Object Object
	Window Window // widened to a grid; open ends: the object's recorded life
	// At says which life of a name is meant, where an object was made again under it: the one of that time. Zero: of the window's end.
	At       time.Time
	Mode     string // name of a display mode; empty: "tracing"
	Modifier string // name of a modifier; empty: the mode's own
	FullLife bool   // object spans from creation to end, not from the first to the last record
	Verbose  bool   // also changes of resourceVersion and generation
	Reads    bool
	Limit    int // spans; 0: engine's default
}

// Traces asks which objects have a trace: one result is one object.
type Traces struct {
	Cluster  record.Cluster // empty: all
	Window   Window
	Mode     string
	Modifier string
	// Tags are all to be met: group resource namespace name uid user verb code error, label.KEY, and cel.
	Tags map[string]string
	// MinDuration and MaxDuration bound the time from an object's first to its last record in the window; zero: not.
	MinDuration, MaxDuration time.Duration
	Limit                    int
}
