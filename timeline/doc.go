// SPDX-License-Identifier: Apache-2.0

// Package timeline says what is drawn of an object on a time axis.
//
// [Of] sorts one state of an object into a few classes with a short text, as people at an incident would: good, progressing, bad.
// [Draw] makes bars of a sequence of states, and further rows of what the states say: conditions, containers, numbers of replicas, rollouts. [Columns]
// counts records by column where they are too dense to be drawn one by one. What is narrower than a column is told together, and the worst of
// it is never lost.
//
// The package is pure: it knows no store and no clock. Times are microseconds since 1970.
package timeline

// Class sorts the states of objects.
type Class string

// The classes of a state.
const (
	Good        Class = "good"        // as it was asked for
	Progressing Class = "progressing" // on its way there, or not there yet
	Bad         Class = "bad"         // failed or stuck
	Done        Class = "done"        // it has run to its end
	There       Class = "there"       // it exists; nothing more is to be told of it
	Deleting    Class = "deleting"    // marked for deletion
	Deleted     Class = "deleted"     // after its end
	Unknown     Class = "unknown"     // not recorded, or nobody knows
)

// weight says how much a class is worth telling where only one of several can be.
func (c Class) weight() int {
	switch c {
	case Bad:
		return 7
	case Progressing:
		return 6
	case Deleting:
		return 5
	case Unknown:
		return 4
	case Deleted:
		return 3
	case Good:
		return 2
	case Done:
		return 1
	}
	return 0
}

// WorseThan reports whether c is to be told rather than d.
func (c Class) WorseThan(d Class) bool { return c.weight() > d.weight() }

// Status is a class with a few words: "Running", "ImagePullBackOff", "3 of 5 ready".
type Status struct {
	Class Class
	Text  string
}
