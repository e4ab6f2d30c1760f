package jaeger

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kubewake/kubewake/api/jaeger/storagepb"
)

// No message may end the server, and what is taken for a search has bounds that make sense.
func FuzzSearchOf(f *testing.F) {
	seed, err := proto.Marshal(&storagepb.TraceQueryParameters{ServiceName: "tracing owned", OperationName: "prod", SearchDepth: -3,
		StartTimeMin: timestamppb.New(time.Time{}), StartTimeMax: timestamppb.New(time.Unix(1<<40, 0)), DurationMin: durationpb.New(-1), Pagination: &storagepb.Pagination{PageSize: 1 << 31},
		Attributes: []*storagepb.KeyValue{{Key: "a", Value: &storagepb.AnyValue{Value: &storagepb.AnyValue_DoubleValue{DoubleValue: 1}}}, {}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var p storagepb.TraceQueryParameters
		if proto.Unmarshal(b, &p) != nil {
			t.Skip()
		}
		q, err := searchOf(&p)
		if err == nil {
			q, err = checked(q)
		}
		if err != nil {
			return
		}
		if q.Limit < 1 || q.Limit > maxResults || q.MinDuration < 0 {
			t.Errorf("%+v", q)
		}
		if w := q.Window; !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) || w.From.Year() < 1970 && !w.From.IsZero() {
			t.Errorf("window %v", w)
		}
	})
}

// An ID that is read prints as what was read, with its leading zeros.
func FuzzParseID(f *testing.F) {
	for _, s := range []string{"", "0", "abc", "1106b01b80800004ec4573235b55edb2", "x", "1106b01b80800004ec4573235b55edb2f", "É"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := parseID(s)
		if err != nil {
			return
		}
		again, err := parseID(id.String())
		if err != nil || again != id {
			t.Errorf("%q: %s, and again %s, %v", s, id, again, err)
		}
	})
}

func TestMoments(t *testing.T) {
	want := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	for _, s := range []string{"2026-11-20T14:00:00Z", "2026-11-20T15:00:00+01:00", "2026-11-20T15:00:00 01:00", "1795183200", "1795183200000", "1795183200000000", "1795183200000000000"} {
		if got, err := readMoment(s); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0", "-1", "now", "99999999999999999999"} {
		if got, err := readMoment(s); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}
