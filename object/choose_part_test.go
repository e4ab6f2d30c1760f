package object

import (
	"testing"

	"github.com/kubewake/kubewake/record"
)

// TestWholeAndPart holds the short way to choose between a whole body and a part against the one that parses all.
func TestWholeAndPart(t *testing.T) {
	bodies := []string{`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`, `{"metadata":{"name":"a"}}`, `{`, ``}
	var all []*record.Record
	for _, partial := range []record.Partial{record.Whole, record.PartialScale, record.PartialMetadata, record.PartialMoved} {
		for _, body := range bodies {
			for _, cut := range []bool{false, true} {
				all = append(all, &record.Record{Kind: record.KindRevision, Revision: &record.Revision{RV: 1, Partial: partial, Cut: cut, Body: []byte(body)}})
			}
		}
	}
	taken := 0
	for _, a := range all {
		for _, b := range all {
			got, ok := wholeAndPart([]*record.Record{a, b})
			if !ok {
				continue
			}
			taken++
			x, y := rank(a), rank(b)
			if x.compare(y) > 0 {
				x, y = y, x
			}
			if got.Best() != x.record || got.Records[1] != y.record || inConflict([]ranking{x, y}) {
				t.Errorf("%+v before %+v", got.Best().Revision, got.Records[1].Revision)
			}
		}
	}
	if taken == 0 {
		t.Fatal("the short way was never taken")
	}
}
