package local

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// TestSharedLivesAreTheSame reads a herd of siblings whose creates have no names, each alone and all with what they share.
func TestSharedLivesAreTheSame(t *testing.T) {
	ctx := context.Background()
	e := engineOver(t, openStore(t), herdOf(t, "deployment-metadata", 12), 1000)
	all, pods := index.NewShared(), 0
	for entry, err := range e.st.Objects(ctx, store.ObjectScan{NoEvents: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Ref.Namespace != "shop" {
			continue
		}
		alone, err := index.ReadLife(ctx, e.st, e.clocks, entry, index.Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		for _, makers := range []bool{false, true} {
			shared, err := index.ReadLife(ctx, e.st, e.clocks, entry, index.Bounds{Shared: all.Fork(), Makers: makers})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(toldOfLife(alone), toldOfLife(shared)); diff != "" {
				t.Errorf("%s: %s", entry.Ref.Name, diff)
			}
		}
		if entry.Ref.Resource == "pods" {
			pods++
		}
	}
	if pods < 12 {
		t.Errorf("%d pods", pods)
	}
}

type toldMaker struct {
	Certainty  join.Certainty
	Request    record.ID
	Candidates []record.ID
	Evidence   []string
}

// toldOfLife is what a life says of who made its states and when.
func toldOfLife(l *index.Life) (out []any) {
	for i, m := range append(l.Makers, l.EndMaker) {
		one := toldMaker{Certainty: m.Certainty, Evidence: m.Evidence}
		if m.Request != nil {
			one.Request = m.Request.ID()
		}
		for _, c := range m.Candidates {
			one.Candidates = append(one.Candidates, c.ID())
		}
		if out = append(out, one); i < len(l.When) {
			out = append(out, l.When[i])
		}
	}
	return append(out, l.Losses)
}
