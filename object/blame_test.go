package object

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

// plays makes states of whole bodies that follow each other.
func plays(t testing.TB, bodies ...string) []State {
	t.Helper()
	states := make([]State, len(bodies))
	for i, b := range bodies {
		states[i] = State{RV: record.ResourceVersion(10 * (i + 1)), Value: parse(t, b), Follows: true}
	}
	return states
}

// who gives "path index certainty" for each field.
func who(fields []Blamed) map[string]string {
	out := map[string]string{}
	for _, f := range fields {
		out[f.Path.String()] = strings.TrimSpace(strconv.Itoa(f.Index) + " " + string(f.Certainty))
	}
	return out
}

func TestBlame(t *testing.T) {
	for _, c := range []struct {
		name   string
		states []State
		o      BlameOptions
		want   map[string]string
	}{
		{"before, changed, added", plays(t, `{"a":1,"b":1}`, `{"a":1,"b":2}`, `{"a":1,"b":2,"c":{"d":3}}`), BlameOptions{},
			map[string]string{"a": "-1 exact", "b": "1 exact", "c.d": "2 exact"}},
		{"created", plays(t, `{"a":1}`, `{"a":1}`), BlameOptions{Created: true}, map[string]string{"a": "0 exact"}},
		{"set, changed, set back", plays(t, `{"a":1}`, `{"a":2}`, `{"a":1}`, `{"a":1}`), BlameOptions{}, map[string]string{"a": "2 exact"}},
		{"removed and added again", plays(t, `{"x":0,"a":1}`, `{"x":0}`, `{"x":0,"a":1}`), BlameOptions{}, map[string]string{"x": "-1 exact", "a": "2 exact"}},
		{"equal meaning is no change", plays(t, `{"spec":{"limits":{"cpu":"1"}}}`, `{"spec":{"limits":{"cpu":"1000m"}}}`), BlameOptions{}, map[string]string{"spec.limits.cpu": "-1 exact"}},
		{"a moved item keeps its blame", plays(t, `{"l":[{"name":"a","v":1},{"name":"b","v":1}]}`, `{"l":[{"name":"b","v":1},{"name":"a","v":2}]}`, `{"l":[{"name":"c"},{"name":"a","v":2},{"name":"b","v":1}]}`), BlameOptions{},
			map[string]string{"l[name=a].name": "-1 exact", "l[name=a].v": "1 exact", "l[name=b].name": "-1 exact", "l[name=b].v": "-1 exact", "l[name=c].name": "2 exact"}},
		{"null and empty", plays(t, `{"a":{}}`, `{"a":{"b":null}}`, `{"a":{}}`), BlameOptions{}, map[string]string{"a": "-1 exact"}},
		{"under a path", plays(t, `{"a":{"b":1,"c":2},"d":3}`), BlameOptions{Under: Fields("a", "c")}, map[string]string{"a.c": "-1 exact"}},
		{"under a path that counts items", plays(t, `{"l":[{"name":"a","v":1},{"name":"b","v":2}]}`), BlameOptions{Under: Path{{Name: "l"}, {Kind: StepIndex, Index: 1}, {Name: "v"}}}, map[string]string{"l[name=b].v": "-1 exact"}},
		{"redacted under another key", plays(t, `{"d":"redacted:k1:aa"}`, `{"d":"redacted:k2:bb"}`), BlameOptions{}, map[string]string{"d": "-1 assumed unchanged"}},
		{"noise is left out", plays(t, `{"metadata":{"resourceVersion":"1","generation":1,"name":"n"}}`), BlameOptions{}, map[string]string{"metadata.name": "-1 exact"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, who(Blame(c.states, c.o))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBlameAcrossUnseenRevisions(t *testing.T) {
	states := plays(t, `{"a":1,"b":1}`, `{"a":1,"b":2}`, `{"a":1,"b":2,"c":1}`)
	states[1].Follows = false
	got := Blame(states, BlameOptions{})
	if diff := cmp.Diff(map[string]string{"a": "-1 inferred", "b": "1 inferred", "c": "2 exact"}, who(got)); diff != "" {
		t.Error(diff)
	}
	if got[1].After != 0 || !strings.Contains(got[1].Reason, "10") || !strings.Contains(got[1].Reason, "20") {
		t.Errorf("%+v", got[1])
	}
}

func TestBlameOverPartialRevisions(t *testing.T) {
	carry := func(revs ...*record.Record) []State {
		var chosen []Chosen
		for _, r := range revs {
			chosen = append(chosen, Choose([]*record.Record{r}))
		}
		states := Carry(nil, chosen, Schema{})
		for i := range states {
			states[i].Follows = true
		}
		return states
	}
	one := rev(1, `{"metadata":{"name":"web"},"spec":{"paused":true,"replicas":1},"status":{"replicas":1}}`, record.Whole, record.FromAudit)
	scale := rev(2, `{"metadata":{"name":"web"},"spec":{"replicas":5},"status":{"replicas":1}}`, record.PartialScale, record.FromAudit)
	same := rev(3, `{"metadata":{"name":"web"},"spec":{"paused":true,"replicas":5},"status":{"replicas":1}}`, record.Whole, record.FromAudit)
	other := rev(3, `{"metadata":{"name":"web"},"spec":{"paused":false,"replicas":5,"x":1},"status":{"replicas":1}}`, record.Whole, record.FromAudit)
	for _, c := range []struct {
		name   string
		states []State
		want   map[string]string
	}{
		{"carried over", carry(one, scale), map[string]string{"metadata.name": "-1 assumed unchanged", "spec.paused": "-1 assumed unchanged", "spec.replicas": "1 exact", "status.replicas": "-1 exact"}},
		{"confirmed later", carry(one, scale, same), map[string]string{"metadata.name": "-1 inferred", "spec.paused": "-1 inferred", "spec.replicas": "1 exact", "status.replicas": "-1 exact"}},
		{"changed, there or before", carry(one, scale, other), map[string]string{"metadata.name": "-1 inferred", "spec.paused": "2 inferred", "spec.replicas": "1 exact", "spec.x": "2 inferred", "status.replicas": "-1 exact"}},
		{"nothing known before", carry(rev(1, "", record.PartialMoved, record.FromAudit), same), map[string]string{"metadata.name": "-1 exact", "spec.paused": "1 inferred", "spec.replicas": "1 inferred", "status.replicas": "1 inferred"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := who(Blame(c.states, BlameOptions{}))
			delete(got, "apiVersion")
			delete(got, "kind")
			delete(got, "metadata.uid")
			delete(got, "metadata.namespace")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBlameOwners(t *testing.T) {
	managed := func(entries string) string {
		return `{"metadata":{"managedFields":[` + entries + `]},"spec":{"replicas":2,"sel":{"a":"b"},"containers":[{"name":"web","image":"x"}],"tags":["p","q"]}}`
	}
	gitops := `{"manager":"gitops","operation":"Apply","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:spec":{"f:replicas":{},"f:sel":{},"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{}}},"f:tags":{"v:\"p\"":{}}}}}`
	scaler := `{"manager":"scaler","operation":"Update","subresource":"scale","time":"2026-01-01T00:00:09Z","fieldsV1":{"f:spec":{"f:replicas":{}}}}`
	states := plays(t, managed(gitops), strings.Replace(managed(gitops+","+scaler), `"replicas":2`, `"replicas":3`, 1))
	want := map[string]string{
		"spec.replicas":                   "scaler! gitops",
		"spec.sel.a":                      "gitops",
		"spec.containers[name=web].image": "gitops",
		"spec.containers[name=web].name":  "gitops",
		`spec.tags[0]`:                    "gitops",
		`spec.tags[1]`:                    "",
	}
	got := map[string]string{}
	for _, f := range Blame(states, BlameOptions{}) {
		var names []string
		for _, o := range f.Owners {
			if o.Wrote {
				o.Manager += "!"
			}
			names = append(names, o.Manager)
		}
		got[f.Path.String()] = strings.Join(names, " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestManagedChanged(t *testing.T) {
	state := func(entries ...string) *Value {
		return parse(t, `{"metadata":{"managedFields":[`+strings.Join(entries, ",")+`]}}`)
	}
	entry := func(manager, sub, at, fields string) string {
		return `{"manager":"` + manager + `","operation":"Update","subresource":"` + sub + `","time":"2026-01-01T00:00:` + at + `Z","fieldsV1":{` + fields + `}}`
	}
	prev := state(entry("a", "", "00", `"f:x":{},"f:y":{}`), entry("b", "", "00", `"f:z":{}`), entry("c", "status", "00", ""), entry("d", "", "00", `"f:p":{}`))
	next := state(entry("a", "", "00", `"f:x":{}`), entry("b", "", "05", `"f:z":{}`), entry("c", "", "00", ""), entry("d", "", "00", `"f:p":{},"f:q":{}`))
	var got []string
	for _, m := range ManagedChanged(prev, next) {
		got = append(got, m.Manager)
	}
	if diff := cmp.Diff([]string{"b", "c", "d"}, got); diff != "" {
		t.Error(diff)
	}
	if n := NewestManaged(next); len(n) != 1 || n[0].Manager != "b" {
		t.Errorf("newest: %+v", n)
	}
	if n := len(ManagedChanged(nil, next)); n != 4 {
		t.Errorf("of the first state all are new: %d", n)
	}
}

func TestBlameIsCarried(t *testing.T) {
	states := plays(t, `{"a":1,"b":1,"m":{"k.d":1}}`, `{"a":1,"b":2,"m":{"k.d":1}}`, `{"a":1,"b":2,"c":3,"m":{"k.d":1}}`)
	fields := Blame(states, BlameOptions{})
	encoded := EncodeBlame(fields, states, func(i int) []byte { return []byte{'m', byte('0' + i)} })
	floor, err := DecodeBlame(encoded)
	if err != nil || floor.Len() != 4 {
		t.Fatal(err, floor)
	}
	// The first two states are dropped; the third begins the recording.
	later := slices.Concat(states[2:], plays(t, `{"a":1,"b":2,"c":4,"m":{"k.d":1}}`))
	later[1].RV = 40
	got := map[string]string{}
	for _, f := range Blame(later, BlameOptions{Floor: floor}) {
		text := strconv.Itoa(f.Index)
		if f.Origin != nil {
			text += " " + strconv.Itoa(int(f.Origin.RV)) + string(f.Origin.Maker) + " " + string(f.Certainty)
		}
		got[f.Path.String()] = text
	}
	want := map[string]string{"a": "-1 0 exact", "b": "-1 20m1 exact", "c": "1", `m["k.d"]`: "-1 0 exact"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// What was carried once is carried again.
	again, err := DecodeBlame(EncodeBlame(Blame(later, BlameOptions{Floor: floor}), later, nil))
	if err != nil {
		t.Fatal(err)
	}
	if o := again.Of(Fields("b")); o == nil || o.RV != 20 || string(o.Maker) != "m1" || o.Certainty != Exact {
		t.Errorf("%+v", o)
	}
}

func FuzzDecodeBlame(f *testing.F) {
	states := plays(f, `{"a":1,"b":1}`, `{"a":1,"b":2}`)
	f.Add(EncodeBlame(Blame(states, BlameOptions{}), states, func(int) []byte { return []byte("x") }))
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := DecodeBlame(b); err == nil && c.Len() > len(b) {
			t.Fatal("more fields than bytes")
		}
	})
}

func FuzzOwners(f *testing.F) {
	f.Add([]byte(`{"f:spec":{"f:l":{"k:{\"name\":\"a\"}":{".":{},"f:v":{}},"v:1":{},"i:0":{}}}}`))
	f.Fuzz(func(t *testing.T, fields []byte) {
		set, err := Parse(fields)
		if err != nil {
			return
		}
		state := parse(t, `{"spec":{"l":[{"name":"a","v":1},2],"m":{"x":"y"}}}`).With(
			NewArray(NewObject(Member{"manager", NewString("m")}, Member{"fieldsV1", set})), "metadata", "managedFields")
		for _, b := range Blame([]State{{Value: state}}, BlameOptions{}) {
			if len(b.Owners) > 1 {
				t.Fatal("one entry, two owners")
			}
		}
	})
}
