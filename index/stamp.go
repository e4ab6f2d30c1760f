package index

import (
	"context"
	"encoding/binary"
	"iter"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// stamp names the facts that a storage's clock is derived from, and the rules. The storage's first and last pins stand for all of
// them: who writes facts in between calls Renew.
func (c *Clocks) stamp(ctx context.Context, key storageKey) ([]byte, error) {
	b := binary.AppendUvarint(nil, clockRules)
	for _, scan := range []func() (record.Pin, error){
		func() (record.Pin, error) {
			for p, err := range c.st.Pins(ctx, key.cluster, key.storage, store.RVRange{}) {
				return p, err
			}
			return record.Pin{}, nil
		},
		func() (record.Pin, error) {
			for p, err := range c.st.PinsDown(ctx, key.cluster, key.storage, store.RVRange{}) {
				return p, err
			}
			return record.Pin{}, nil
		},
	} {
		p, err := scan()
		if err != nil {
			return nil, err
		}
		b = binary.AppendUvarint(b, uint64(p.RV))
		b = appendTime(b, p.After)
		b = appendTime(b, p.Before)
	}
	return b, nil
}

// epochStarts gives the moments at which the resourceVersions of a storage ran back.
func epochStarts(ctx context.Context, st store.Store, key storageKey) ([]time.Time, error) {
	epochs, err := join.Epochs(func() iter.Seq2[record.Pin, error] {
		return st.PinsDown(ctx, key.cluster, key.storage, store.RVRange{})
	})
	if err != nil {
		return nil, err
	}
	var starts []time.Time
	for _, e := range epochs {
		if !e.From.IsZero() {
			starts = append(starts, e.From)
		}
	}
	return starts, nil
}
