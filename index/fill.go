package index

import (
	"context"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Fill reads the Values of the states [from, to) of a life that was read for its Makers alone; they are then those of a life that was read whole. What
// is read already is not read again. It costs these states, and where the first is partial those back to the last whole one before it.
func (l *Life) Fill(ctx context.Context, st store.Store, shared *Shared, from, to int) error {
	from, to = max(0, from), min(to, len(l.States))
	for from < to && l.States[from].Value != nil {
		from++
	}
	for from < to && l.States[to-1].Value != nil {
		to--
	}
	if from >= to {
		return nil
	}
	if !l.filled {
		chosen := make([]object.Chosen, len(l.States))
		for i := range l.States {
			chosen[i] = l.States[i].Chosen
		}
		var err error
		if l.Schema, err = shared.schema(ctx, st, l.Entry, chosen); err != nil {
			return err
		}
		l.filled = true
	}
	for begin := l.wholeBefore(from); ; begin = l.wholeBefore(begin - 1) {
		chosen := make([]object.Chosen, 0, to-begin)
		for i := begin; i < to; i++ {
			chosen = append(chosen, l.States[i].Chosen)
		}
		states := object.Carry(nil, chosen, l.Schema)
		if begin > 0 && states[0].Fragment { // its body can not be read
			continue
		}
		copy(l.States[begin:to], states)
		return nil
	}
}

// wholeBefore is the last state at or before i that tells all of itself, else the first.
func (l *Life) wholeBefore(i int) int {
	for ; i > 0; i-- {
		if r := l.States[i].Chosen.Best().Revision; r.Partial == record.Whole && !r.Cut && len(r.Body) > 0 {
			break
		}
	}
	return max(0, i)
}
