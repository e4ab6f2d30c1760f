package jaeger

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/trace"
)

// What is written by hand means the same as what encoding/json writes.
func FuzzAppend(f *testing.F) {
	f.Add("shop/web", "a \"quoted\" <text>\n\x00\x7f é \xff\u2028", int64(1)<<60, 0.1, true, uint8(3))
	f.Add("", "", int64(-5), math.Inf(1), false, uint8(0))
	f.Add("x", "y", int64(1)<<53, math.NaN(), false, uint8(200))
	f.Fuzz(func(t *testing.T, name, text string, number int64, real float64, yes bool, n uint8) {
		one := &trace.Trace{}
		if yes {
			one.Notes = []string{text, name}
		}
		at := time.Unix(0, number)
		attrs := []trace.Attr{{Key: name, Value: text}, {Key: "number", Value: number}, {Key: "real", Value: real}, {Key: "yes", Value: yes}, {Key: "other", Value: []string{text}}}
		for i := range int(n) % 5 {
			s := trace.Span{ID: trace.SpanID{byte(i), n}, Service: name, Name: text, Start: at, End: at.Add(time.Duration(n)), Failed: yes, Status: text}
			if i > 0 {
				s.Parent, s.Attrs, s.Events = trace.SpanID{n}, attrs, []trace.Event{{At: at, Name: text, Attrs: attrs}, {}}
				s.Links = []trace.Link{{Trace: trace.ID{n}}}
			}
			one.Spans = append(one.Spans, s)
		}
		answer := Encode(one)
		if yes {
			answer.Notes, answer.Errors, answer.Total, answer.Limit, answer.Offset = []string{text}, []Problem{{Message: text, TraceID: name}}, int(n), 2, 3
		}
		want, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := answer.writeJSON(&got, answer.Data.([]*uiTrace)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(valueOf(t, want), valueOf(t, got.Bytes())); diff != "" {
			t.Errorf("(-encoding/json +written):\n%s", diff)
		}
	})
}

func valueOf(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return v
}
