package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// ErrInvalid says that a batch breaks the rules (see Check); delivering it again is of no use.
var ErrInvalid = store.ErrInvalid

// Sink is where live sources hand over what they saw: the store of this process, or a place across the network.
// All methods may be called concurrently.
type Sink interface {
	// Deliver returns nil once every record of the batch, and then its marks, would survive kill -9 and, under the default
	// sync policy, a power cut. After an error nothing is promised and the batch may be delivered again: facts are merged.
	// A *Busy error says that the same call will do later; any other says that it will not without somebody's help,
	// and one that wraps ErrInvalid that this batch never will.
	// The batch and its records must not be changed afterwards.
	Deliver(ctx context.Context, batch Batch) error
	Memory
}

// Batch is what a source hands over at once. It is made durable as a whole.
type Batch struct {
	Cluster record.Cluster // of all its records
	Records []*record.Record
	// Marks are the source's own notes, for example how far it has read a file; they replace those of the same key.
	Marks []Mark
}

// Mark is a note of a source, kept for it where the records are kept. Key is like "tail/NAME"; at most 256 bytes, Value 64 kB.
type Mark struct {
	Key   string
	Value []byte
}

// Memory is what is remembered for sources, so that they keep nothing themselves.
type Memory interface {
	// Progress gives what lists and watches of a cluster reported: the lists, bookmarks and runs that are durable.
	Progress(ctx context.Context, cluster record.Cluster) ([]*record.Record, error)
	// Alive yields the objects of a resource (of one namespace, or of all if empty) of which no end is known.
	Alive(ctx context.Context, cluster record.Cluster, gr record.GroupResource, namespace string) iter.Seq2[Alive, error]
	// Mark gives a mark's value; nil where there is none.
	Mark(ctx context.Context, cluster record.Cluster, key string) ([]byte, error)
}

// Alive is an object of which no end is known.
type Alive struct {
	Ref record.ObjectRef
	// RV is the greatest resourceVersion it is known to have had.
	RV record.ResourceVersion
}

// Busy says that a sink can not take a batch now.
type Busy struct {
	Reason string        // for people: "the disk is full"
	After  time.Duration // when to ask again; zero: the caller's own back-off
}

func (b *Busy) Error() string { return fmt.Sprintf("busy: %s", b.Reason) }

// IsBusy gives the Busy in an error's chain, or nil.
func IsBusy(err error) *Busy {
	var b *Busy
	if errors.As(err, &b) {
		return b
	}
	return nil
}
