package object

import "testing"

func TestSummarize(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{`{"spec":{"replicas":2}}`, `{"spec":{"replicas":4}}`, "spec.replicas 2 → 4"},
		{`{"spec":{"replicas":2},"metadata":{"resourceVersion":"1"}}`, `{"spec":{"replicas":2},"metadata":{"resourceVersion":"2"}}`, "no-op"},
		{`{"status":{"a":1}}`, `{"status":{"a":1}}`, "no-op"},
		{`{"status":{"availableReplicas":1,"readyReplicas":1,"message":"x","observedGeneration":1,"reason":"a"}}`,
			`{"status":{"availableReplicas":2,"readyReplicas":2,"message":"y","observedGeneration":2,"reason":"b"}}`,
			"status.availableReplicas 1 → 2, status.readyReplicas 1 → 2, status.reason a → b (+2 more)"},
		{`{"metadata":{"labels":{}},"spec":{"paused":false},"status":{"phase":"A"}}`, `{"metadata":{"labels":{"app.k/x":"y"}},"spec":{"paused":true},"status":{"phase":"B"}}`,
			`spec.paused false → true, status.phase A → B, +metadata.labels["app.k/x"] y`},
		{`{"spec":{"x":1},"metadata":{}}`, `{"spec":{"x":2},"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}`, "+metadata.deletionTimestamp 2026-01-01T00:00:00Z, spec.x 1 → 2"},
		{`{"data":{"p":"redacted:k:1"}}`, `{"data":{"p":"redacted:k:2"}}`, "data.p redacted, changed"},
		{`{"data":{}}`, `{"data":{"p":"redacted:k:2"}}`, "data.p redacted, added"},
		{`{"data":{"p":"redacted:k:1"}}`, `{"data":{"p":"redacted:l:2"}}`, "data.p not comparable: redacted under another key"},
		{`{"m":"a b"}`, `{"m":""}`, `m "a b" → ""`},
		{`{"l":["a","b"]}`, `{"l":["b","a"]}`, "l reordered"},
		{`{"metadata":{}}`, `{"metadata":{"finalizers":["a"]}}`, `+metadata.finalizers ["a"]`},
		{`{}`, `{"status":{"conditions":[{"type":"A","status":"True"}]}}`, "+status"},
		{`{"status":{"conditions":[{"name":"x"}]}}`, `{"status":{"conditions":[{"name":"x"},{"name":"y","type":"A","status":"True"}]}}`, `+status.conditions[name=y] True`},
		{`{"spec":{"a":[1]}}`, `{"spec":{"a":{"b":1}}}`, "spec.a changed"},
	} {
		a, b := parse(t, c.a), parse(t, c.b)
		if got := Summarize(Diff(a, b, DiffOptions{Schema: SchemaOf(b)})); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestSummaryIsBounded(t *testing.T) {
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'x'
	}
	a := NewObject(Member{string(long), NewString(string(long))}, Member{"b", NewString("1")})
	b := NewObject(Member{string(long), NewString(string(long[1:]))}, Member{"b", NewString("2")})
	if got := Summarize(Diff(a, b, DiffOptions{})); len(got) > 400 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}
