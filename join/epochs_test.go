package join

import (
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

var t0 = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

func made(rv record.ResourceVersion, from, to float64) record.Pin {
	return record.Pin{RV: rv, Made: true, After: at(from), Before: at(to)}
}

func knew(rv record.ResourceVersion, to float64) record.Pin {
	return record.Pin{RV: rv, After: at(to), Before: at(to)}
}

func TestEpochs(t *testing.T) {
	var forward []record.Pin
	for i := range 100 {
		forward = append(forward, made(record.ResourceVersion(100+i), float64(i), float64(i)+0.5))
	}
	restored := slices.Clone(forward)
	for i := range 30 {
		restored = append(restored, made(record.ResourceVersion(150+i), 200+float64(i), 200.5+float64(i)))
	}
	rebuilt := slices.Clone(restored)
	for i := range 30 {
		rebuilt = append(rebuilt, made(record.ResourceVersion(1+i), 400+float64(i), 400.5+float64(i)), knew(record.ResourceVersion(1+i), 410+float64(i)))
	}
	tests := map[string]struct {
		pins []record.Pin
		want []Epoch
	}{
		"none":                     {nil, nil},
		"forward":                  {forward, []Epoch{{First: 100, Last: 199}}},
		"restored from a snapshot": {restored, []Epoch{{First: 100, Last: 199}, {From: at(200), First: 150, Last: 179}}},
		"rebuilt as well":          {rebuilt, []Epoch{{First: 100, Last: 199}, {From: at(200), First: 150, Last: 179}, {From: at(400), First: 1, Last: 30}}},
		"clocks that differ":       {[]record.Pin{made(10, 5, 5.1), made(11, 1, 1.2), made(12, 6, 6.1)}, []Epoch{{First: 10, Last: 12}}},
		"an old list from a cache": {append(slices.Clone(forward), knew(100, 150)), []Epoch{{First: 100, Last: 199}}},
		"one long request":         {append(slices.Clone(forward), made(120, 1, 90)), []Epoch{{First: 100, Last: 199}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for range 5 { // in any order of pins with one resourceVersion
				rand.Shuffle(len(tt.pins), func(a, b int) { tt.pins[a], tt.pins[b] = tt.pins[b], tt.pins[a] })
				got, err := Epochs(down(tt.pins, nil))
				if err != nil || !slices.Equal(got, tt.want) {
					t.Fatalf("got %v, %v, want %v", got, err, tt.want)
				}
			}
		})
	}
}

func down(pins []record.Pin, fail error) func() iter.Seq2[record.Pin, error] {
	pins = slices.Clone(pins)
	slices.SortStableFunc(pins, func(a, b record.Pin) int { return int(b.RV) - int(a.RV) })
	return func() iter.Seq2[record.Pin, error] {
		return func(yield func(record.Pin, error) bool) {
			for _, p := range pins {
				if !yield(p, fail) {
					return
				}
			}
		}
	}
}

func TestEpochsFail(t *testing.T) {
	want := errors.New("disk")
	if _, err := Epochs(down([]record.Pin{made(1, 0, 1)}, want)); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

func TestEpochOf(t *testing.T) {
	epochs := []Epoch{{First: 100, Last: 199}, {From: at(200), First: 150, Last: 300}}
	rev := func(rv record.ResourceVersion, created string) *record.Record {
		return &record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{UID: "u"}, Revision: &record.Revision{RV: rv,
			Body: []byte(`{"metadata":{"uid":"u","creationTimestamp":"` + created + `"}}`)}}
	}
	answer := &record.Record{Kind: record.KindRequest, OccurredAt: at(210), Request: &record.Request{Verb: "patch", Code: 200,
		Answer: record.BodyObject, AnswerUID: "u", AnswerRV: 160, StageAt: at(211)}}
	tests := map[string]struct {
		rev      *record.Record
		requests []*record.Record
		want     int
	}{
		"by its times":                      {rev(160, "2026-11-20T15:00:30Z"), nil, 0},
		"by its times, later":               {rev(160, "2026-11-20T15:03:30Z"), nil, 1},
		"by a request":                      {rev(160, "2026-11-20T15:00:30Z"), []*record.Record{answer}, 1},
		"beyond what its epoch reached":     {rev(250, "2026-11-20T15:00:30Z"), nil, 1},
		"no time and no request: the first": {rev(120, ""), nil, 0},
	}
	for name, tt := range tests {
		if got := EpochOf(epochs, tt.rev, tt.requests); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

func TestPinClock(t *testing.T) {
	c := NewPinClock([]record.Pin{made(10, 1, 2), knew(12, 5), made(15, 7, 8), knew(14, 20)})
	tests := map[record.ResourceVersion]Interval{
		0:  {},
		9:  {NotAfter: at(2)},
		10: {NotBefore: at(1), NotAfter: at(2)},
		11: {NotBefore: at(1), NotAfter: at(5)},
		13: {NotBefore: at(1), NotAfter: at(8)},
		15: {NotBefore: at(7), NotAfter: at(8)},
		16: {NotBefore: at(7)},
	}
	for rv, want := range tests {
		if got := c.When(rv); got != want {
			t.Errorf("%d: got %v, want %v", rv, got, want)
		}
	}
}
