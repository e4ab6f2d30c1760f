package index

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// stamp names the facts that a storage's clock is derived from, and the rules.
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
	return nil, nil
}
