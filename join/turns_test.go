package join

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

func TestTurns(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(1000+int64(seconds), 0).UTC() }
	w := func(begin, until int) Turn { return Turn{Begin: at(begin), Until: at(until)} }
	for name, tt := range map[string]struct {
		windows, want []Turn
	}{
		"none":              {nil, nil},
		"one":               {[]Turn{w(10, 20)}, []Turn{{at(10), at(11), at(20)}}},
		"shorter than 1 s":  {[]Turn{{Begin: at(10), Until: at(10).Add(time.Millisecond)}}, []Turn{{at(10), at(10).Add(time.Millisecond), at(10).Add(time.Millisecond)}}},
		"of many resources": {[]Turn{w(10, 22), w(2, 25), w(13, 21)}, []Turn{{at(2), at(14), at(25)}}},
		"one that heard the new past before it noticed": {[]Turn{w(10, 20), w(19, 40), w(21, 41)}, []Turn{{at(10), at(20), at(41)}}},
		"two restores":      {[]Turn{w(110, 120), w(10, 20), w(111, 119)}, []Turn{{at(10), at(11), at(20)}, {at(110), at(112), at(120)}}},
		"without beginning": {[]Turn{{Until: at(20)}, {Begin: at(20), Until: at(20)}}, nil},
	} {
		if diff := cmp.Diff(tt.want, Turns(tt.windows)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What a watch tells opens an epoch although no pin contradicts another, and none twice where pins tell of it too.
func TestEpochsOfTurns(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(1000+int64(seconds), 0).UTC() }
	known := func(rv record.ResourceVersion, after, before int) record.Pin {
		return record.Pin{RV: rv, After: at(after), Before: at(before)}
	}
	made := func(rv record.ResourceVersion, after, before int) record.Pin {
		p := known(rv, after, before)
		p.Made = true
		return p
	}
	turn := []Turn{{Begin: at(5), At: at(11), Until: at(20)}}
	for name, tt := range map[string]struct {
		pins  []record.Pin // by falling resourceVersion
		turns []Turn
		want  []Epoch
	}{
		"nobody tells":      {[]record.Pin{known(9, 9, 10), known(8, 30, 31)}, nil, []Epoch{{First: 8, Last: 9}}},
		"the watch tells":   {[]record.Pin{known(9, 9, 10), known(8, 30, 31)}, turn, []Epoch{{First: 9, Last: 9}, {From: at(11), First: 8, Last: 8, Told: true}}},
		"both tell":         {[]record.Pin{known(9, 9, 10), made(8, 30, 31)}, turn, []Epoch{{First: 9, Last: 9}, {From: at(11), First: 8, Last: 8, Told: true}}},
		"pins tell earlier": {[]record.Pin{known(9, -9, -8), made(8, 30, 31), made(7, 7, 8)}, turn, []Epoch{{First: 9, Last: 9}, {From: at(7), First: 7, Last: 8, Told: true}}},
		"no pins":           {nil, turn, nil},
	} {
		got, err := Epochs(down(tt.pins, nil), tt.turns...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What a watch delivered behind a turn that it saw is of the epoch behind it, though its body tells no time but that of its creation.
func TestEpochOfWhatAWatchDelivered(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(1000+int64(seconds), 0).UTC() }
	body := func(received int, sources record.Sources) *record.Record {
		return &record.Record{Kind: record.KindRevision, Provenance: record.Provenance{ReceivedAt: at(received), Sources: sources},
			Revision: &record.Revision{RV: 5, Body: []byte(`{"kind":"ConfigMap","metadata":{"name":"a","creationTimestamp":"1970-01-01T00:16:30Z"},"data":{"at":"` + at(received).String() + `"}}`)}}
	}
	told := []Epoch{{First: 1, Last: 9}, {From: at(10), First: 3, Last: 9, Told: true}}
	found := []Epoch{{First: 1, Last: 9}, {From: at(10), First: 3, Last: 9}} // by pins alone: times may be those of an import
	for name, tt := range map[string]struct {
		epochs   []Epoch
		received int
		sources  record.Sources
		want     int
	}{
		"before":                {told, 5, record.FromWatch, 0},
		"behind":                {told, 15, record.FromWatch, 1},
		"behind, from a list":   {told, 15, record.FromList, 0},
		"behind, from audit":    {told, 15, record.FromAudit, 0},
		"nobody of ours saw it": {found, 15, record.FromWatch, 0},
	} {
		if got := EpochOf(tt.epochs, body(tt.received, tt.sources), nil); got != tt.want {
			t.Errorf("%s: epoch %d, want %d", name, got, tt.want)
		}
	}
	groups, of := SplitByEpoch(told, []*record.Record{body(15, record.FromWatch), body(5, record.FromWatch)}, nil)
	if len(groups) != 2 || of[0] != 1 || of[1] != 0 {
		t.Errorf("two bodies at one resourceVersion: %d groups, epochs %v", len(groups), of)
	}
}
