package query

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMeantKinds(t *testing.T) {
	for filter, want := range map[string]string{ // the kinds, as fmt prints them
		`request.verb == "delete"`:                              "[request]",
		`object.spec.replicas > 3`:                              "[revision end]",
		`request.user == "bob" && object.spec.replicas > 3`:     "[request]",
		`kind == "revision" && request.user == "bob"`:           "[revision]",
		`kind in ["request", "revision"] && object.spec.x == 1`: "[request revision]",
		`request.verb == "delete" || event.reason == "Killing"`: "[request event]",
		`name == "web"`:           "[request revision end event gap span]",
		`span.service == "ci"`:    "[span]",
		`kind == "progress"`:      "[progress]",
		`event.type == "Warning"`: "[event]",
	} {
		f, err := Compile(filter)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		if diff := cmp.Diff(want, fmt.Sprintf("%v", f.MeantKinds())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filter, diff)
		}
	}
}
