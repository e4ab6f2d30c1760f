package ingest_test

import (
	"testing"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// TestSplit: the parts hold everything once, and what tells how far a source has come is in the last.
func TestSplit(t *testing.T) {
	run := &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: cluster, Resource: "pods"}, Progress: &record.Progress{From: 1, RV: 9}}
	b := ingest.Batch{Cluster: cluster, Records: []*record.Record{run}, Marks: []ingest.Mark{{Key: "k"}}}
	for i := range 20 {
		b.Records = append(b.Records, revision("a", record.ResourceVersion(i+1)))
	}
	one := int64(ingest.Size(b.Records[1]))
	for _, limit := range []int64{1, one, 3 * one, 7*one + 5, b.Size() - 2} {
		parts := b.Split(limit)
		seen := map[*record.Record]int{}
		for i, p := range parts {
			last := i == len(parts)-1
			if p.Cluster != cluster || len(p.Records) == 0 || (len(p.Marks) > 0) != last || (p.Size() > limit && len(p.Records) > 1 && !last) {
				t.Errorf("limit %d: part %d of %d: %d records, %d bytes, %d marks", limit, i, len(parts), len(p.Records), p.Size(), len(p.Marks))
			}
			for _, r := range p.Records {
				seen[r]++
				if r == run && !last {
					t.Errorf("limit %d: progress in part %d of %d", limit, i, len(parts))
				}
			}
		}
		for _, r := range b.Records {
			if seen[r] != 1 {
				t.Errorf("limit %d: a record %d times", limit, seen[r])
			}
		}
		if len(parts) < 2 {
			t.Errorf("limit %d: not cut", limit)
		}
	}
	if parts := b.Split(b.Size()); len(parts) != 1 || len(parts[0].Records) != 21 {
		t.Error("cut although it fits")
	}
}
