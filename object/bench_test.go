package object

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// deployment is a real manifest of 5 kB with its managedFields.
func deployment(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "deployment.json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkParse(b *testing.B) {
	body := deployment(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	v := parse(b, string(deployment(b)))
	b.ReportAllocs()
	for b.Loop() {
		v.JSON()
	}
}

func BenchmarkDiff(b *testing.B) {
	x := parse(b, string(deployment(b)))
	y := parse(b, string(deployment(b))).With(NewString("v2"), "spec", "paused")
	s := SchemaOf(x)
	b.ReportAllocs()
	for b.Loop() {
		if d := Diff(x, y, DiffOptions{Schema: s}); len(d.Changes) != 1 {
			b.Fatal(d)
		}
	}
}

// BenchmarkBlame100States is the whole blame of an object with 100 revisions, of which nothing changed.
func BenchmarkBlame100States(b *testing.B) {
	states := make([]State, 100)
	for i := range states {
		states[i] = State{Value: parse(b, string(deployment(b))), Follows: true}
	}
	s := SchemaOf(states[0].Value)
	b.ReportAllocs()
	for b.Loop() {
		Blame(states, BlameOptions{Schema: s})
	}
}

// BenchmarkParseStandard is what encoding/json takes for the same.
func BenchmarkParseStandard(b *testing.B) {
	body := deployment(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			b.Fatal(err)
		}
	}
}
