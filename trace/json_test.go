package trace

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestJSONRoundTrip(t *testing.T) {
	modes := Builtin()
	for _, name := range []string{"tracing", "tree"} {
		want := Project(shop(), find(t, modes, name, ""), Options{})
		want.Spans[0].Attrs = append(want.Spans[0].Attrs, Attr{"x", 2.0}, Attr{"y", true}, Attr{"z", "<&>"}, Attr{"zz", int64(1) << 60})
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Trace
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, &got); diff != "" {
			t.Error(diff)
		}
	}
	for _, bad := range []string{`{"traceID":"12"}`, `{"traceID":"zz000000000000000000000000000000"}`, `{"spans":[{"spanID":"1"}]}`, `{"spans":[{"attrs":[{"key":"a","value":}]}]}`} {
		if err := json.Unmarshal([]byte(bad), new(Trace)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

// JSON has no word for what is no number: as one it would spoil the whole answer.
func TestJSONOfNoNumber(t *testing.T) {
	for want, v := range map[string]float64{"NaN": math.NaN(), "+Inf": math.Inf(1), "-Inf": math.Inf(-1)} {
		b, err := json.Marshal(Attr{"x", v})
		if err != nil {
			t.Fatal(err)
		}
		var got Attr
		if err := json.Unmarshal(b, &got); err != nil || got.Value != want {
			t.Errorf("%s comes back as %v (%v)", want, got.Value, err)
		}
	}
}

func FuzzAttrJSON(f *testing.F) {
	for _, s := range []string{"", "a\"b\\c\nd\te\x00", "ü€😀", "\xff\xfe", "</script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := json.Marshal(Attr{s, s})
		if err != nil {
			t.Fatal(err)
		}
		var got Attr
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && (got.Key != want || got.Value != want) {
			t.Errorf("%q comes back as %q", s, got.Key)
		}
	})
}
