package engine

import (
	"time"

	"github.com/kubewake/kubewake/record"
)

// Told is what the facts known now say about one record, beyond the record itself: enough to show it alone, without its object's life.
// It may be another a moment later; who tells it on keeps what was told.
type Told struct {
	// Object is whom the record is about: with its UID, where that is known. Of a KubeEvent it is the object that it regards.
	Object record.ObjectRef
	// At is when it happened; of a revision or an end the end of the interval in which it was committed, else when it was received
	// (Basis "received"). NotBefore is the interval's beginning, zero where it is not known.
	At, NotBefore time.Time
	Basis         string
	// Of a revision: Words say in one line what changed, Changes list the first fields, MoreChanges counts the others. First is the
	// first state recorded, Created that this was its creation; Partial is as in Revision.
	Words          string
	Changes        []Change
	MoreChanges    int
	First, Created bool
	Partial        string
	// Owners are those of the state that a revision or an end shows. OwnerUIDs are all that any state of the object named, sorted.
	Owners    []Owner
	OwnerUIDs []record.UID
	// Gone: the record is not in the store, as far as could be seen; it may be older than what is kept.
	Gone bool
}

// Owner is an ownerReference.
type Owner struct {
	Kind       string     `json:"kind"`
	Name       string     `json:"name"`
	UID        record.UID `json:"uid"`
	Controller bool       `json:"controller,omitempty"`
}

// Note is one entry of what somebody keeps beside the facts. A nil Value removes the key.
type Note struct{ Key, Value []byte }
