package local

import (
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Stages of one request that share a time come in their order, and a cursor stands for one of them.
func TestStagesInOrder(t *testing.T) {
	at := time.Unix(1_800_000_000, 0).UTC()
	var keys []hitKey
	for _, stage := range []record.Stage{record.StageResponseComplete, record.StageRequestReceived, record.StageResponseStarted} {
		keys = append(keys, keyOf(&record.Record{Kind: record.KindRequest, OccurredAt: at, Request: &record.Request{AuditID: "a", Stage: stage}}, at))
	}
	slices.SortFunc(keys, hitKey.compare)
	for i, want := range []record.Stage{record.StageRequestReceived, record.StageResponseStarted, record.StageResponseComplete} {
		if keys[i].stage != want {
			t.Errorf("place %d: got %v, want %v", i, keys[i].stage, want)
		}
		s := searching{digest: "d"}
		parts, err := decodeCursor(s.cursor(keys[i]), "d", 4)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseHitKey(parts); err != nil || got != keys[i] {
			t.Errorf("through a cursor: got %+v, %v; want %+v", got, err, keys[i])
		}
	}
}
