package join

import (
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

func TestContradiction(t *testing.T) {
	at := func(ms int) time.Time {
		return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
	}
	update := func(uid record.UID, named record.ResourceVersion, ms int, code int) *record.Record {
		return &record.Record{Kind: record.KindRequest, OccurredAt: at(ms), Request: &record.Request{Verb: "update", Code: code, NamedUID: uid, NamedRV: named, Stage: record.StageResponseComplete}}
	}
	restored := []Epoch{{First: 1, Last: 90}, {From: at(5000), First: 1, Last: 50}}
	for _, c := range []struct {
		name   string
		epochs []Epoch
		list   []*record.Record
		want   time.Duration
	}{
		{"none", nil, nil, 0},
		{"one clock", nil, []*record.Record{update("u", 5, 0, 200), update("u", 7, 100, 200), update("u", 9, 250, 200)}, 0},
		{"the lesser began later", nil, []*record.Record{update("u", 5, 400, 200), update("u", 7, 100, 200), update("u", 9, 250, 200)}, 300 * time.Millisecond},
		{"of one resourceVersion", nil, []*record.Record{update("u", 5, 400, 200), update("u", 5, 100, 200)}, 0},
		{"refused", nil, []*record.Record{update("u", 5, 400, 409), update("u", 7, 100, 200)}, 0},
		{"another object's", nil, []*record.Record{update("v", 5, 400, 200), update("u", 7, 100, 200)}, 0},
		{"a restore", restored, []*record.Record{update("u", 80, 400, 200), update("u", 7, 9000, 200)}, 0},
	} {
		for range 2 {
			if got := Contradiction("u", c.epochs, c.list); got != c.want {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
			slices.Reverse(c.list)
		}
	}
}
