package rawjson

import "testing"

func TestParts(t *testing.T) {
	for text, want := range map[string]int{
		``: 0, `1`: 0, `{}`: 1, `[[],[]]`: 4, `{"a":[1,2,3],"b":{}}`: 6, `"{[,"`: 0, `["a\",[","\\",{}]`: 4, `"never ends,`: 0, `"ends with \`: 0,
	} {
		if got := Parts([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}
