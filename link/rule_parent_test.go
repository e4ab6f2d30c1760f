package link

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/record"
)

func annotated(namespace, parent string) string {
	quoted, err := json.Marshal(parent)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":%q,"uid":"u1","annotations":{"kubewake.io/parent":%s}}}`, namespace, quoted)
}

func TestParent(t *testing.T) { testClaims(t, parentCases()) }

func parentCases() []claimCase {
	return []claimCase{
		{
			"in another cluster", annotated("shop", `{"cluster":"hub","group":"apps","version":"v1","resource":"deployments","namespace":"fleet","name":"web","uid":"u9"}`),
			[]string{"↑parent deployments.apps hub:fleet/web uid=u9"},
		},
		{"by kind, in the same namespace", annotated("shop", `{"group":"apps","kind":"Deployment","name":"web"}`), []string{"↑parent deployments.apps shop/web"}},
		{"its own cluster, named", annotated("shop", `{"cluster":"here","kind":"Pod","name":"p"}`), []string{"↑parent pods shop/p"}},
		{"cluster-scoped, known", annotated("shop", `{"kind":"Node","name":"n1"}`), []string{"↑parent nodes n1"}},
		{"cluster-scoped, told", annotated("shop", `{"group":"x.y","resource":"foxes","namespace":"","name":"red"}`), []string{"↑parent foxes.x.y red"}},
		{"by UID alone", annotated("shop", `{"resource":"pods","uid":"u9"}`), []string{"↑parent pods shop/ uid=u9"}},
		{"several, one twice", annotated("shop", `[{"kind":"Pod","name":"b"},{"kind":"Pod","name":"a"},{"kind":"Pod","name":"b","version":"v1"}]`), []string{"↑parent pods shop/a", "↑parent pods shop/b"}},
		{"itself", annotated("shop", `{"kind":"ConfigMap","name":"c"}`), nil},
		{"no parent", annotated("shop", ``), nil},
		{"an empty list", annotated("shop", `[]`), nil},
		{"a label of that name", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","labels":{"kubewake.io/parent":"{\"kind\":\"Pod\",\"name\":\"p\"}"}}}`, nil},
	}
}

func TestParentRefused(t *testing.T) {
	for parent, want := range map[string]string{
		`pods/web`:                     "annotation kubewake.io/parent: not a JSON document",
		`"web"`:                        "a parent is a JSON object",
		`{"kind":"Pod"}`:               "a parent must have a name, or a uid",
		`{"name":"web"}`:               "a parent must have a resource, or a kind",
		`{"kind":"Pod","title":"web"}`: `a parent has no key "title"`,
		`{"kind":"Pod","name":7}`:      "name must be a string",
		`[{"kind":"Pod","name":"a"},{"kind":"Pod"}]`:                                          "a parent must have a name, or a uid",
		`[` + strings.Repeat(`{"kind":"Pod","name":"a"},`, 64) + `{"kind":"Pod","name":"a"}]`: "65 parents, the limit is 64",
	} {
		ref, v := parse(t, annotated("shop", parent))
		got := Builtin().Read(ref, v)
		if len(got.Claims) != 0 || len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Error, want) || got.Failed[0].Rule != "parent" {
			t.Errorf("%s: claims %v, failed %v, want %q", parent, lines(got.Claims), got.Failed, want)
		}
		if err := Builtin().UnreadParent(ref, []byte(annotated("shop", parent))); err == nil || "annotation "+ParentAnnotation+": "+err.Error() != got.Failed[0].Error {
			t.Errorf("%s: UnreadParent: %v, want %s", parent, err, got.Failed[0].Error)
		}
	}
}

func TestParentRead(t *testing.T) {
	for _, c := range parentCases() {
		ref, _ := parse(t, c.manifest)
		if err := Builtin().UnreadParent(ref, []byte(c.manifest)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := Builtin().UnreadParent(record.ObjectRef{}, []byte(`{"kubewake.io/parent"`)); err != nil {
		t.Errorf("no manifest: %v", err)
	}
}
