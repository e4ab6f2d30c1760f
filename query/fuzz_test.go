package query

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kubewake/kubewake/record"
)

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-11-20T14:03:05.123Z", "14:03", "yesterday 14:03", "5m ago", "-2h30m", "1763647385.25", "@{-1}", "rv:12", "3d"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := ParseTime(s, now, time.UTC); err == nil {
			if back, err := ParseTime(at.UTC().Format(time.RFC3339Nano), now, time.UTC); err != nil || !back.Equal(at) {
				t.Errorf("%q: %v reads back as %v, %v", s, at, back, err)
			}
		}
		if p, err := ParsePoint(s, now, time.UTC); err == nil {
			if back, err := ParsePoint(p.String(), now, time.UTC); err != nil || !back.At.Equal(p.At) || back.RV != p.RV || back.Back != p.Back {
				t.Errorf("%q: %v reads back as %v, %v", s, p, back, err)
			}
		}
	})
}

func FuzzParseObject(f *testing.F) {
	f.Add("deploy/web", "")
	f.Add("pod", "web-1")
	f.Add("uid:4e1c", "")
	kinds := NewKinds()
	f.Fuzz(func(t *testing.T, a, b string) {
		args := []string{a}
		if b != "" {
			args = append(args, b)
		}
		_, _ = ParseListing(args)
		_, _ = kinds.Resolve(a)
		o, err := ParseObject(args)
		if err != nil {
			return
		}
		if back, err := ParseObject([]string{o.String()}); err != nil || back.Name != o.Name || back.UID != o.UID {
			t.Errorf("%q: %v reads back as %v, %v", args, o, back, err)
		}
	})
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`request.verb == "delete"`, `namespace in ["a"] || !(kind != 'end')`, `object.spec.containers.exists(c, c.x > 1)`,
		`"a" in request.groups && time > timestamp("2026-11-20T14:00:00Z")`, `has(request.user) ? true : object == null`, `r"""namespace`} {
		f.Add(s)
	}
	inputs := []Input{{Record: sampleRequest()}, {Record: sampleRevision(), Maker: sampleRequest(), OldObject: known(nil)}, {Record: sampleEvent()}, {Record: sampleGap()}}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 200 {
			return
		}
		filter, err := Compile(source)
		if err != nil || filter.program == nil {
			return
		}
		bare := &Filter{program: filter.program, tree: atom{}, reads: filter.reads, tests: filter.tests}
		for _, in := range inputs {
			quick, _ := filter.Match(in)
			slow, _ := bare.Match(in)
			if quick != slow && !(quick == Miss && slow == Failed) {
				t.Errorf("%q on a %s: the tree says %v, CEL %v", source, in.Record.Kind, quick, slow)
			}
			if slow == Hit && (!filter.PreMatch(in.Record) || filter.Bounds().Nothing() || !within(filter.Bounds(), in)) {
				t.Errorf("%q on a %s: a hit is outside of %+v", source, in.Record.Kind, filter.Bounds())
			}
		}
	})
}

func FuzzMatchState(f *testing.F) {
	for _, s := range []string{deployment, `{"a":{"b":[1,2.5,"x\u00e9",null,true]}}`, `{"a":`, `[`, `{"a" : "\`, `{"a":{"b":1}}x`, ``} {
		f.Add([]byte(s))
	}
	var filters []*Filter
	for _, source := range []string{`object.a.b == 1`, `object.a.b.exists(x, x == 1)`, `object == oldObject`, `size(object.a) > 0 && "b" in object.a`,
		`object.a.all(k, object.a[k] != null)`, `has(object.a.b) && object.a.b[0] == oldObject.a.b[0]`} {
		filter, err := Compile(source)
		if err != nil {
			f.Fatal(err)
		}
		filters = append(filters, filter)
	}
	r := &record.Record{Kind: record.KindRevision, Revision: &record.Revision{}}
	f.Fuzz(func(t *testing.T, body []byte) {
		var decoded any
		valid := json.Unmarshal(body, &decoded) == nil && utf8.Valid(body)
		if m, ok := decoded.(map[string]any); ok && valid {
			compareMembers(t, body, m)
		}
		for _, filter := range filters {
			if got, err := filter.Match(Input{Record: r, Object: known(body), OldObject: known(body)}); (err != nil) != (got == Failed) {
				t.Errorf("%s: %v, %v", filter, got, err)
			}
		}
	})
}

// compareMembers holds the scanner against encoding/json: both know the same keys.
func compareMembers(t *testing.T, body []byte, want map[string]any) {
	t.Helper()
	for key := range want {
		if raw, err := member(body, key); raw == nil || err != nil {
			t.Errorf("%q: key %q is not found: %v", body, key, err)
		}
	}
	n := 0
	if err := eachMember(body, func(_, _ []byte) { n++ }); err != nil || n < len(want) {
		t.Errorf("%q: %d members of %d, %v", body, n, len(want), err)
	}
}
