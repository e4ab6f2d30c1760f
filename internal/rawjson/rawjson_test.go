package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidAgreesWithEncodingJSON(t *testing.T) {
	for _, doc := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `-`, `01`, `1.`, `1.5e+3`, `1e`, `.5`, `true`, `tru`, `nul`, `null`, ` { "a" : [ 1 , 2 ] } `,
		`{"a":1,}`, `[1,]`, `{"a"}`, `{a:1}`, `{"a":1}{"b":2}`, `"\u12"`, `"\u12g4"`, `"\x"`, "\"\x01\"", "\"\x7f\"", `"`, `"\`, `{"a":"b`,
		`{"a":{"b":[{"c":"d\\\"e"}]}}`, `"\ud83d\ude00"`, "\"\xff\"", ``, `   `, `[[[[]]]]`, `{"":""}`, `"12345678\"1234567"`, "\"1234567\n\"",
	} {
		offset, err := Valid([]byte(doc))
		if want := json.Valid([]byte(doc)); (err == nil) != want {
			t.Errorf("Valid(%q) = %v, encoding/json says %v", doc, err, want)
		}
		if offset > len(doc) {
			t.Errorf("Valid(%q): offset %d lies outside", doc, offset)
		}
	}
}

func TestSyntaxErrorOffset(t *testing.T) {
	for doc, want := range map[string]int{`{"a":x}`: 5, `{"a":1`: 6, `[1 2]`: 3, `{"a":1}}`: 7, "\"ab\x01\"": 3} {
		offset, err := Valid([]byte(doc))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || offset != want || syntax.Offset != want {
			t.Errorf("Valid(%q) = %d, %v; want offset %d", doc, offset, err, want)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)
	if _, err := Valid([]byte(deep)); err == nil {
		t.Error("deeper than MaxDepth: no error")
	}
	if _, err := Valid([]byte(deep[1 : len(deep)-1])); err != nil {
		t.Errorf("at MaxDepth: %v", err)
	}
}

func TestObjectWalksAndReportsPartly(t *testing.T) {
	doc := []byte(` { "a" : 1 , "b\n" : {"c":[true]} , "d":"x" } `)
	got := map[string]string{}
	if err := Object(doc, func(k, v []byte) error { got[string(k)] = string(v); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b\n": `{"c":[true]}`, "d": `"x"`}, got); diff != "" {
		t.Error(diff)
	}
	if err := Object([]byte(`[1]`), nil); err == nil {
		t.Error("an array is no object")
	}
	stop := errors.New("stop")
	if err := Object(doc, func(_, _ []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("f's error: %v", err)
	}
}

func TestArray(t *testing.T) {
	var got []string
	if err := Array([]byte(`[1, "a" ,{"b":[]}]`), func(v []byte) error { got = append(got, string(v)); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1", `"a"`, `{"b":[]}`}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCursorSkipsWhatIsLeft(t *testing.T) {
	c := NewCursor([]byte(`{"skip":{"deep":[1,2]},"number":7,"list":[{"x":1},{"x":2}],"null":null}`))
	var xs []string
	err := c.Object(func(key []byte) error {
		switch string(key) {
		case "list":
			return c.Array(func() error {
				return c.Object(func(key []byte) error {
					raw, err := c.Raw()
					xs = append(xs, string(key)+"="+string(raw))
					return err
				})
			})
		case "null", "number":
			return c.Object(func([]byte) error { t.Error("no object"); return nil })
		}
		return nil
	})
	if err != nil || c.End() != nil {
		t.Fatal(err, c.End())
	}
	if diff := cmp.Diff([]string{"x=1", "x=2"}, xs); diff != "" {
		t.Error(diff)
	}
	if c.Spaced() {
		t.Error("there is no whitespace")
	}
}

func TestGet(t *testing.T) {
	doc := []byte(`{"a":{"b":{"c":1}},"a2":2}`)
	if got := string(Get(doc, "a", "b", "c")); got != "1" {
		t.Errorf("got %q", got)
	}
	if got := Get(doc, "a", "x"); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestUint(t *testing.T) {
	for in, want := range map[string]bool{"0": true, "18446744073709551615": true, "18446744073709551616": false, "-1": false, "1.5": false, "": false} {
		if _, ok := Uint([]byte(in)); ok != want {
			t.Errorf("Uint(%q) ok = %v", in, ok)
		}
	}
}

func TestCompactGivesTheSameSliceBack(t *testing.T) {
	raw := []byte(`{"a":"b c"}`)
	if got := Compact(nil, raw); &got[0] != &raw[0] {
		t.Error("copied")
	}
	if got := string(Compact(nil, []byte("{ \"a\\\" \" :\n [ 1,\t2 ] }"))); got != `{"a\" ":[1,2]}` {
		t.Errorf("got %s", got)
	}
}

func TestDelta(t *testing.T) {
	for _, tt := range []struct{ name, sent, answered, want string }{
		{"equal", `{"a":1}`, `{"a":1}`, `{}`},
		{"defaults", `{"spec":{"x":1}}`, `{"spec":{"x":1,"y":2},"status":{}}`, `{"unset":["/spec/y","/status"]}`},
		{"changed", `{"spec":{"x":1,"z":"s"}}`, `{"spec":{"x":2,"z":"s"}}`, `{"set":{"/spec/x":1}}`},
		{"only sent", `{"spec":{"x":{"deep":1}}}`, `{"spec":{}}`, `{"set":{"/spec/x":{"deep":1}}}`},
		{"other order", `{"a":1,"b":2,"c":3}`, `{"c":3,"b":2,"a":1}`, `{}`},
		{"list by position", `{"l":[{"n":1},2,3]}`, `{"l":[{"n":1,"m":2},5]}`, `{"set":{"/l/1":2,"/l/2":3},"unset":["/l/0/m"]}`},
		{"other kind", `{"a":[1]}`, `{"a":{"0":1}}`, `{"set":{"/a":[1]}}`},
		{"managed", `{"metadata":{"name":"a","uid":"1","resourceVersion":"1","managedFields":[1]}}`,
			`{"metadata":{"name":"a","uid":"2","resourceVersion":"2","generation":1,"creationTimestamp":"x"}}`, `{}`},
		{"managed only at the top", `{"spec":{"metadata":{"uid":"1"}}}`, `{"spec":{"metadata":{"uid":"2"}}}`, `{"set":{"/spec/metadata/uid":"1"}}`},
		{"pointers", `{"a/b~c\"":1}`, `{}`, `{"set":{"/a~1b~0c\"":1}}`},
		{"whitespace", `{ "a" : 1 }`, `{"a":1}`, `{}`},
	} {
		got, err := Delta([]byte(tt.sent), []byte(tt.answered))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if string(got) != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		if !json.Valid(got) {
			t.Errorf("%s: not JSON: %s", tt.name, got)
		}
	}
	if _, err := Delta([]byte(`[1]`), []byte(`{}`)); err == nil {
		t.Error("an array has no delta")
	}
}

func TestDeltaOfLargeUnorderedObjects(t *testing.T) {
	var a, b bytes.Buffer
	n := 20000
	for i := range n {
		key := string(rune('a'+i%26)) + strings.Repeat("x", i%7) + string(json.Number(strings.Repeat("1", i%5))) + itoa(i)
		sep := ","
		if i == 0 {
			sep = "{"
		}
		a.WriteString(sep + `"` + key + `":1`)
		b.WriteString(sep + `"other` + key + `":1`)
	}
	a.WriteByte('}')
	b.WriteByte('}')
	if got := DeltaOf(a.Bytes(), b.Bytes()); !json.Valid(got) || bytes.Count(got, []byte(`"/other`)) != n {
		t.Error("wrong delta of large objects")
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u00e9\ud83d\ude00\ud83d"],"b":null}`, `"a\"\\\/\b\f\n\r\t"`, "\"\xff\xc3\"", ` [ ] `, `{"a":{"a":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := Valid(raw)
		if err != nil && strings.HasPrefix(err.Error(), "nested") {
			return
		}
		if want := json.Valid(raw); (err == nil) != want {
			t.Fatalf("Valid = %v, encoding/json %v", err, want)
		}
		if err != nil {
			_ = Object(raw, func(_, _ []byte) error { return nil })
			_ = Get(raw, "a", "b")
			return
		}
		var want bytes.Buffer
		if err := json.Compact(&want, raw); err != nil {
			t.Fatal(err)
		}
		if got := Compact(nil, raw); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("Compact = %q, want %q", got, want.Bytes())
		}
		sameStrings(t, bytes.TrimSpace(raw))
	})
}

// sameStrings compares every string of raw, keys too, with encoding/json's reading.
func sameStrings(t *testing.T, raw []byte) {
	switch raw[0] {
	case '"':
		var want string
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if got, ok := String(raw); !ok || got != want {
			t.Fatalf("String(%q) = %q, want %q", raw, got, want)
		}
		var again string
		if err := json.Unmarshal(AppendString(nil, []byte(want)), &again); err != nil || again != want {
			t.Fatalf("AppendString(%q): %q, %v", want, again, err)
		}
	case '{':
		var want map[string]json.RawMessage
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		got := map[string]json.RawMessage{}
		if err := Object(raw, func(k, v []byte) error { got[string(k)] = v; sameStrings(t, v); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("Object gives %d members, want %d", len(got), len(want))
		}
		for k := range want {
			if _, ok := got[k]; !ok {
				t.Fatalf("member %q is missing", k)
			}
		}
	case '[':
		if err := Array(raw, func(v []byte) error { sameStrings(t, v); return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":2}]}`), []byte(`{"a":[1,{"b":3}],"c":1}`))
	f.Fuzz(func(t *testing.T, sent, answered []byte) {
		got, err := Delta(sent, answered)
		if err != nil {
			return
		}
		if !json.Valid(got) {
			t.Fatalf("not JSON: %q", got)
		}
		if same, err := Delta(sent, sent); err != nil || string(same) != "{}" {
			t.Fatalf("Delta to itself: %q, %v", same, err)
		}
	})
}
