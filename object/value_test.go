package object

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// parse reads a document that must be well-formed.
func parse(t testing.TB, text string) *Value {
	t.Helper()
	v, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", clip(text, 100), err)
	}
	return v
}

func TestParseKeepsWhatItReads(t *testing.T) {
	for in, want := range map[string]string{
		"\n{\"b\":1,\t\"a\":[true,false,null,\"x\"]}\r": `{"a":[true,false,null,"x"],"b":1}`,
		`12345678901234567890.10`:                       `12345678901234567890.10`,
		`-0.5e+10`:                                      `-0.5e+10`,
		`{"a":1,"a":2}`:                                 `{"a":2}`,
		`"\u00e9\ud83d\ude00\ud800x\/\b\f\n\r\t\\"`:     "\"é😀\uFFFDx/\\u0008\\u000c\\n\\r\\t\\\\\"",
		"\"\xff\"":                                      "\"\uFFFD\"",
		`[]`:                                            `[]`,
		`{}`:                                            `{}`,
		`{"":{"":[[]]}}`:                                `{"":{"":[[]]}}`,
		"\"<&>\u2028\x7f\"":                             "\"<&>\u2028\x7f\"",
	} {
		if got := parse(t, in).String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		``, ` `, `{`, `[`, `"`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a":1}x`, `01`, `1.`, `.5`, `1e`, `+1`, `-`, `tru`,
		`nul`, `{a:1}`, `"\x"`, `"\u12"`, "\"\n\"", `"\`, `{"a":1 "b":2}`, `'a'`, strings.Repeat("[", 100_000),
	} {
		if v, err := Parse([]byte(in)); err == nil {
			t.Errorf("%s: read as %s", clip(in, 20), v)
		}
	}
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if _, err := Parse([]byte(deep)); err != nil {
		t.Errorf("depth %d: %v", MaxDepth, err)
	}
}

func TestWithSharesTheRest(t *testing.T) {
	v := parse(t, `{"a":{"b":1,"c":{"d":2}},"e":3}`)
	for _, c := range []struct {
		path  []string
		child *Value
		want  string
	}{
		{[]string{"a", "b"}, NewString("x"), `{"a":{"b":"x","c":{"d":2}},"e":3}`},
		{[]string{"a", "c", "d"}, nil, `{"a":{"b":1,"c":{}},"e":3}`},
		{[]string{"z", "y"}, NewString("x"), `{"a":{"b":1,"c":{"d":2}},"e":3,"z":{"y":"x"}}`},
		{[]string{"a", "bb"}, NewString("x"), `{"a":{"b":1,"bb":"x","c":{"d":2}},"e":3}`},
		{[]string{"no", "where"}, nil, `{"a":{"b":1,"c":{"d":2}},"e":3}`},
		{[]string{"e", "f"}, NewString("x"), `{"a":{"b":1,"c":{"d":2}},"e":{"f":"x"}}`},
	} {
		if got := v.With(c.child, c.path...).String(); got != c.want {
			t.Errorf("%v: got %s, want %s", c.path, got, c.want)
		}
	}
	if got := v.String(); got != `{"a":{"b":1,"c":{"d":2}},"e":3}` {
		t.Errorf("the original changed: %s", got)
	}
	if w := v.With(NewString("x"), "e"); w.Get("a") != v.Get("a") {
		t.Error("what was not on the way was copied")
	}
}

func TestNumbersByValue(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"1", "1.0", true}, {"1", "10e-1", true}, {"100", "1e2", true}, {"0", "-0.00", true}, {"1", "2", false}, {"-1", "1", false},
		{"0.1", "0.10", true}, {"9007199254740993", "9007199254740992", false}, {"1e999999999999", "1e999999999999", true},
		{"1e999999999999", "2e999999999999", false}, {"12e0", "1.2E+1", true}, {"10", "1", false},
	} {
		if got := sameNumber(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,-2.5e3,"\u00e9\ud83d\ude00",null,true],"a":{}}`))
	f.Add(deployment(f))
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := Parse(in)
		var want any
		d := json.NewDecoder(strings.NewReader(string(in)))
		d.UseNumber()
		valid := json.Valid(in)
		if valid != (err == nil) && !(err != nil && strings.Contains(err.Error(), "deeper")) {
			t.Fatalf("valid by encoding/json: %v; here: %v", valid, err)
		}
		if err != nil {
			return
		}
		out := v.JSON()
		again, err := Parse(out)
		if err != nil || string(again.JSON()) != string(out) {
			t.Fatalf("%q encodes as %q, which reads as %v (%v)", in, out, again, err)
		}
		var got any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		e := json.NewDecoder(strings.NewReader(string(out)))
		e.UseNumber()
		if err := e.Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %v, want %v (%v)", in, got, want, err)
		}
		if d := Diff(v, again, DiffOptions{Noise: true}); !d.Empty() {
			t.Fatalf("%q differs from itself", in)
		}
		ManagedFields(v)
		MetaOf(v)
		CRDSchema(v, "v1")
		Blame([]State{{Value: v}, {Value: again}}, BlameOptions{Schema: SchemaOf(v)})
	})
}
