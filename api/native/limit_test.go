package native_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine/enginetest"
)

// What one document lists is bounded, whatever is asked for; a search that is sent line by line is not.
func TestLimits(t *testing.T) {
	const lines = "application/x-ndjson"
	for _, c := range []struct {
		question, accept string
		asked            string
		want             int64
	}{
		{"search?", "", "", 0},
		{"search?", "", "9999", 9999},
		{"search?", "", "10001", 10_000},
		{"search?", lines, "2000000000", 2_000_000_000},
		{"history?" + object, "", "2000000000", 10_000},
		{"objects?", "", "2000000000", 100_000},
		{"rows?", "", "2000000000", 100_000},
		{"links?" + object, "", "2000000000", 100_000},
		{"tree?" + object, "", "2000000000", 100_000},
		{"trace?" + object, "", "2000000000", 100_000},
		{"traces?", "", "2000000000", 1000},
		{"failing?", "", "2000000000", 1000},
	} {
		t.Run(c.question+c.asked+c.accept, func(t *testing.T) {
			fake := new(enginetest.Fake)
			got := ask(t, native.New(native.Config{Engine: fake}), native.Prefix+c.question+"&limit="+c.asked, "Accept", c.accept)
			if got.StatusCode != http.StatusOK {
				t.Fatal(text(t, got))
			}
			if limit := reflect.ValueOf(fake.Questions()[0]).FieldByName("Limit").Int(); limit != c.want {
				t.Errorf("the engine was asked for %d, want %d", limit, c.want)
			}
		})
	}
}
