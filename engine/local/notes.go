package local

import (
	"bytes"
	"context"
	"iter"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/store"
)

// Notes is what somebody who follows the facts keeps beside them, below a name of his own: it goes where the data directory goes. Its
// methods may be called concurrently.
type Notes struct {
	st   store.Store
	name string
}

// Notes gives what is kept below a name.
func (e *Engine) Notes(name string) *Notes { return &Notes{st: e.st, name: "notes/" + name} }

// Scan yields the notes whose keys begin with a prefix, in their order.
func (n *Notes) Scan(ctx context.Context, prefix []byte) iter.Seq2[engine.Note, error] {
	return func(yield func(engine.Note, error) bool) {
		for kv, err := range n.st.Derived(ctx, n.name, prefix) {
			if !yield(engine.Note(kv), err) || err != nil {
				return
			}
		}
	}
}

// Values of keys, nil where there is none.
func (n *Notes) Values(ctx context.Context, keys [][]byte) ([][]byte, error) {
	out := make([][]byte, len(keys))
	for i, key := range keys {
		for kv, err := range n.st.Derived(ctx, n.name, key) {
			if err != nil {
				return nil, err
			}
			if bytes.Equal(kv.Key, key) {
				out[i] = kv.Value
			}
			break // a longer key sorts behind
		}
	}
	return out, nil
}

// Set changes notes, all of them or none, and returns once that is durable.
func (n *Notes) Set(ctx context.Context, change []engine.Note) error {
	list := make([]store.KeyValue, len(change))
	for i, c := range change {
		list[i] = store.KeyValue(c)
	}
	return n.st.SetDerived(ctx, n.name, list)
}
