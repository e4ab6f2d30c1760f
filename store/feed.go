package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/kubewake/kubewake/record"
)

// ErrTrimmed says that changes that were asked for were let go; whoever derives from them starts anew from the facts.
var ErrTrimmed = errors.New("the feed of changes does not reach back so far")

// Feed is what a driver may offer beside Store: what was written, in the order of the appends, so that derived data is
// made anew just where facts came in. An entry becomes durable with the append that it tells of.
// It is no part of the facts: two stores that hold the same may have other feeds.
type Feed interface {
	// Written is the number of the newest append that wrote something; zero if none did. It costs no reading.
	Written() uint64
	// Changes yields what the appends behind a number wrote, in order. It yields ErrTrimmed where one of them was let go.
	Changes(ctx context.Context, after uint64) iter.Seq2[Change, error]
	// LetGo forgets the changes up to a number, that one included. A driver also lets go of them where nobody does and
	// they grow too large.
	LetGo(ctx context.Context, upTo uint64) error
}

// Change is what one append wrote, or one drop took away.
type Change struct {
	Number uint64
	// All says that nothing more is told: anything may have been written.
	All     bool
	Touched []Touched
}

// TouchedKind tells which fields of a Touched are set.
type TouchedKind uint8

// The kinds of Touched.
const (
	TouchedPin      TouchedKind = 1 // a request that changed nothing, but yields a pin: Pin
	TouchedWrite    TouchedKind = 2 // a request that may have changed an object: Ref, At, Until, Level, and HasPin with Pin
	TouchedRevision TouchedKind = 3 // Ref.UID and RV
	TouchedEnd      TouchedKind = 4 // Ref.UID; RV where it tells one
	TouchedDropped  TouchedKind = 5 // pins of Storage below RV are gone
)

// Touched is one fact that was written, as far as derived data wants to know.
type Touched struct {
	Kind     TouchedKind
	Ref      record.ObjectRef // Cluster, Group and Resource always; Namespace, Name and Subresource of a write; UID
	Storage  record.Storage
	RV       record.ResourceVersion
	At       time.Time // OccurredAt of a write
	Until    time.Time // its StageAt
	Level    record.Level
	Nameless bool // a create by generateName
	HasPin   bool
	Pin      record.Pin
}
