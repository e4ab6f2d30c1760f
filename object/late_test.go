package object

import (
	"strings"
	"sync"
	"testing"
)

// FuzzSkip holds what reads a value later against what reads it at once: both take the same documents, and they say the same.
func FuzzSkip(f *testing.F) {
	for _, s := range []string{
		`[]`, `[ ]`, `[{"manager":"kubectl","fieldsV1":{"f:spec":{"k:{\"type\":\"A\"}":{}}}}]`, `["\u00e4\ud83d\ude00"]`, `["\ud83d"]`, `["\u12"]`, `["\x"]`, `["a`, `[1,]`, `[,]`,
		`[1 2]`, `[01]`, `[-1.5e+3]`, `[tru]`, `[null, true,false]`, "[\"\x01\"]", "[\"\xff\"]", `[{"a":1,"a":2}]`, `[{"a"}]`, `[{a:1}]`, `["\`, `[`, `[[[[]]]]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		full := parser{s: s}
		want, ok := full.value(2)
		over := parser{s: s}
		if got := over.skip(2); got != ok || ok && over.at != full.at || over.tooDeep != full.tooDeep {
			t.Fatalf("skip %v at %d, read %v at %d", got, over.at, ok, full.at)
		}
		if !ok || want.Kind() != Array {
			return
		}
		doc, err := Parse([]byte(`{"metadata":{"managedFields":` + s + `}}`))
		if err != nil {
			if full.at == len(s) {
				t.Fatal(err)
			}
			return
		}
		if got := doc.Get("metadata", "managedFields"); full.at == len(strings.TrimRight(s, " \t\r\n")) && (got.String() != want.String() || got.leaf() != want.leaf()) {
			t.Fatalf("later: %s\nat once: %s", got, want)
		}
	})
}

func TestManagedFieldsAreReadWhenAskedFor(t *testing.T) {
	v, err := Parse([]byte(`{"metadata":{"managedFields":[{"manager":"a"},{"manager":"b"}],"name":"n"},"spec":{"managedFields":[1]}}`))
	if err != nil {
		t.Fatal(err)
	}
	managed := v.Get("metadata", "managedFields")
	if managed.kids.late == nil || v.Get("spec", "managedFields").kids.late != nil {
		t.Fatal("only those of metadata are read later")
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if items := managed.Items(); len(items) != 2 || items[1].Get("manager").Str() != "b" {
				t.Error("items", items)
			}
		})
	}
	group.Wait()
	deep := strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)
	if _, err := Parse([]byte(`{"metadata":{"managedFields":` + deep + `}}`)); err == nil || !strings.Contains(err.Error(), "nested deeper") {
		t.Error("too deep:", err)
	}
}

func TestDiffPassesOverNoise(t *testing.T) {
	a, _ := Parse([]byte(`{"metadata":{"generation":1,"labels":{"a":"1"},"managedFields":[{"manager":"a"}],"resourceVersion":"1"},"spec":{"generation":1}}`))
	b, _ := Parse([]byte(`{"metadata":{"generation":2,"labels":{"a":"2"},"managedFields":[{"manager":"b"}],"resourceVersion":"2"},"spec":{"generation":2}}`))
	counted, passed := Diff(a, b, DiffOptions{}), Diff(a, b, DiffOptions{PassNoise: true})
	if counted.Folded == 0 || passed.Folded != 0 || len(passed.Changes) != 2 || len(counted.Changes) != 2 || Summarize(counted) != Summarize(passed) {
		t.Errorf("counted %+v\npassed over %+v", counted, passed)
	}
}
