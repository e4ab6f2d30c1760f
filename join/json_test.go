package join

import "testing"

// TestSameJSON: by value, whatever order members have; what is made of the same bytes need not be the same.
func TestSameJSON(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[1,2]}`, `{"a":1,"b":[1,2]}`, true},
		{`{"a":1,"b":[1,2]}`, `{"b":[1,2],"a":1}`, true},
		{`{"a":1,"b":[1,2]}`, `{"a":1,"b":[2,1]}`, false},
		{`{"a":1,"b":2}`, `{"a":2,"b":1}`, false},
		{`{"a":1}`, `{"a":2}`, false},
		{`{"a":1}`, `{"a":11}`, false},
		{`{"a":"x"}`, `{ "a" : "x" }`, true},
		{`{"a":"x"}`, `{"a":"\u0078"}`, true},
		{`{"a":"\u0078"}`, `{"a":"\u0079"}`, false},
		{`{"a":"/"}`, `{"a":"\/"}`, true},
		{`{"a":"15:54:03"}`, `{"a":"15:53:04"}`, false},
		{`{"a":"say \"x\"\n","b":1}`, `{"b":1,"a":"say \"x\"\n"}`, true},
		{`{"a":"say \"x\""}`, `{"a":"say \"y\""}`, false},
		{`{"a":"say \"x\""}`, `{"a":"say \u0022x\""}`, true},
		{`{"a":"\n"}`, `{"a":"\u000a"}`, true},
		{`null`, `nul`, false},
	} {
		for _, p := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := sameJSON([]byte(p[0]), []byte(p[1])); got != c.want {
				t.Errorf("%s and %s: %v", p[0], p[1], got)
			}
		}
	}
}
