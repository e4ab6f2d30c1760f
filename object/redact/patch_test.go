package redact

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestPatch(t *testing.T) {
	r := testRedactor(t)
	const applied = "kubectl.kubernetes.io~1last-applied-configuration"
	for _, c := range []struct {
		name     string
		gr       record.GroupResource
		in, want string
	}{
		{"merge", secrets, `{"data":{"a":"$E","gone":null}}`, `{"data":{"a":"$V","gone":null}}`},
		{"strategic", secrets, `{"$setElementOrder/data":["$S"],"data":{"$patch":"replace","a":"$E"},"stringData":{"$patch":"$S"}}`,
			`{"$setElementOrder/data":["$V"],"data":{"$patch":"replace","a":"$V"},"stringData":{"$patch":"$V"}}`},
		{"apply", secrets, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"n"},"stringData":{"a":"$S"}}`,
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"n"},"stringData":{"a":"$V"}}`},
		{"add a value", secrets, `[{"op":"add","path":"/data/a","value":"$E"}]`, `[{"op":"add","path":"/data/a","value":"$V"}]`},
		{"value first", secrets, `[{"value":"$S","path":"/stringData/a","op":"replace"}]`, `[{"value":"$V","path":"/stringData/a","op":"replace"}]`},
		{"test", secrets, `[{"op":"test","path":"/data/a","value":"$E"},{"op":"remove","path":"/data/a"}]`, `[{"op":"test","path":"/data/a","value":"$V"},{"op":"remove","path":"/data/a"}]`},
		{"all data", secrets, `[{"op":"replace","path":"/data","value":{"a":"$E"}}]`, `[{"op":"replace","path":"/data","value":{"a":"$V"}}]`},
		{"whole object", secrets, `[{"op":"replace","path":"","value":{"kind":"Secret","data":{"a":"$E"}}}]`, `[{"op":"replace","path":"","value":{"kind":"Secret","data":{"a":"$V"}}}]`},
		{"root slash", secrets, `[{"op":"replace","path":"/","value":{"data":{"a":"$E"}}}]`, `[{"op":"replace","path":"/","value":{"data":{"a":"$V"}}}]`},
		{"escaped path", secrets, `[{"op":"add","path":"/\u0064ata/a~1b","value":"$E"}]`, `[{"op":"add","path":"/\u0064ata/a~1b","value":"$V"}]`},
		{"no path", secrets, `[{"op":"add","value":"$S"}]`, `[{"op":"add","value":"$V"}]`},
		{"two paths", secrets, `[{"op":"add","path":"/metadata/labels/a","path":"/stringData/a","value":"$S"}]`, `[{"op":"add","path":"/metadata/labels/a","path":"/stringData/a","value":"$V"}]`},
		{"two values", secrets, `[{"op":"add","path":"/data/a","value":"$E","value":"$E"}]`, `[{"op":"add","path":"/data/a","value":"$V","value":"$V"}]`},
		{"wrong path", secrets, `[{"op":"add","path":"/Data/a","value":"$S"},{"op":"add","path":["$S"],"value":1}]`,
			`[{"op":"add","path":"/Data/a","value":"$V"},{"op":"add","path":["$V"],"value":1}]`},
		{"deeper", secrets, `[{"op":"add","path":"/data/a/b","value":"$S"}]`, `[{"op":"add","path":"/data/a/b","value":"$V"}]`},
		{"no operation", secrets, `["$S"]`, `["$V"]`},
		{"metadata", secrets, `[{"op":"add","path":"/metadata/labels/a","value":"b"},{"op":"replace","path":"/type","value":"Opaque"},{"op":"move","from":"/data/a","path":"/data/b"}]`, ``},
		{"last applied", secrets, `[{"op":"replace","path":"/metadata/annotations/` + applied + `","value":"{\"data\":{\"a\":\"$E\"}}"}]`,
			`[{"op":"replace","path":"/metadata/annotations/` + applied + `","value":"{\"data\":{\"a\":\"$V\"}}"}]`},
		{"annotations", secrets, `[{"op":"add","path":"/metadata/annotations","value":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"a\":\"$E\"}}"}}]`,
			`[{"op":"add","path":"/metadata/annotations","value":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"a\":\"$V\"}}"}}]`},
		{"other kinds", configMaps, `[{"op":"add","path":"/data/a","value":"$E"}]`, ``},
		{"embedded in others", configMaps, `[{"op":"add","path":"/spec/x","value":{"kind":"Secret","metadata":{},"data":{"a":"$E"}}}]`,
			`[{"op":"add","path":"/spec/x","value":{"kind":"Secret","metadata":{},"data":{"a":"$V"}}}]`},
		{"no JSON", secrets, `data: {a: $E}`, `"` + r.Value(`data: {a: `+planted1+`}`) + `"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, want := fill(r, c.in), fill(r, c.want)
			if c.want == "" {
				want = in
			}
			if c.name == "wrong path" {
				want = strings.Replace(want, `"value":1}`, `"value":"`+r.Value("1")+`"}`, 1)
			}
			out, changed := r.Patch(c.gr, "", []byte(in))
			if string(out) != want {
				t.Errorf("got  %s\nwant %s", out, want)
			}
			if changed != (want != in) {
				t.Errorf("changed: %v", changed)
			}
			if again, changed := r.Patch(c.gr, "", out); changed {
				t.Errorf("not idempotent: %s", again)
			}
		})
	}
}

func TestRules(t *testing.T) {
	things := record.GroupResource{Group: "example.com", Resource: "things"}
	r := testRedactor(t,
		Rule{"example.com", "things", "prod-*", []string{"spec.token", "spec.env[*].value", `metadata.annotations["example.com/pass"]`, "spec.list[1]"}, ""},
		Rule{"", "configmaps", "", []string{"data.*"}, ""},
		Rule{"*", "pods", "", []string{"spec.containers[*].env[*].value"}, ""},
		Rule{"example.com", "oxen", "", []string{"spec.brand"}, "Ox"})
	oxen, oxes := record.GroupResource{Group: "example.com", Resource: "oxen"}, record.GroupResource{Group: "example.com", Resource: "oxes"}
	for _, c := range []struct {
		name     string
		gr       record.GroupResource
		in, want string
	}{
		{"field", things, `{"spec":{"token":"$S","other":"x"}}`, `{"spec":{"token":"$V","other":"x"}}`},
		{"object", things, `{"spec":{"token":{"a":"$S","b":[1,null]}}}`, `{"spec":{"token":{"a":"$V","b":["` + r.Value("1") + `",null]}}}`},
		{"items", things, `{"spec":{"env":[{"name":"a","value":"$S"},{"name":"b","valueFrom":{}}],"list":["a","$S"]}}`,
			`{"spec":{"env":[{"name":"a","value":"$V"},{"name":"b","valueFrom":{}}],"list":["a","$V"]}}`},
		{"annotation", things, `{"metadata":{"annotations":{"example.com/pass":"$S","x":"y"}}}`, `{"metadata":{"annotations":{"example.com/pass":"$V","x":"y"}}}`},
		{"last applied", things, `{"metadata":{"namespace":"prod-1","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"token\":\"$S\",\"env\":[{\"value\":\"$S\"}]}}"}}}`,
			`{"metadata":{"namespace":"prod-1","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"token\":\"$V\",\"env\":[{\"value\":\"$V\"}]}}"}}}`},
		{"other namespace", things, `{"metadata":{"namespace":"test"},"spec":{"token":"x"}}`, ``},
		{"list", things, `{"kind":"ThingList","metadata":{},"items":[{"metadata":{"namespace":"prod-1"},"spec":{"token":"$S"}},{"metadata":{"namespace":"test"},"spec":{"token":"x"}}]}`,
			`{"kind":"ThingList","metadata":{},"items":[{"metadata":{"namespace":"prod-1"},"spec":{"token":"$V"}},{"metadata":{"namespace":"test"},"spec":{"token":"x"}}]}`},
		{"mixed list", unspecified, `{"kind":"List","items":[{"kind":"Thing","apiVersion":"example.com/v2","spec":{"token":"$S"}},{"kind":"ConfigMap","apiVersion":"v1","data":{"a":"$S"}}]}`,
			`{"kind":"List","items":[{"kind":"Thing","apiVersion":"example.com/v2","spec":{"token":"$V"}},{"kind":"ConfigMap","apiVersion":"v1","data":{"a":"$V"}}]}`},
		{"table", things, `{"kind":"Table","rows":[{"cells":["a"],"object":{"spec":{"token":"$S"}}}]}`, `{"kind":"Table","rows":[{"cells":["a"],"object":{"spec":{"token":"$V"}}}]}`},
		{"kind, by resource", oxen, `{"spec":{"brand":"$S"}}`, `{"spec":{"brand":"$V"}}`},
		{"kind, by its guessed plural", oxes, `{"kind":"Ox","apiVersion":"example.com/v1","spec":{"brand":"$S"}}`, `{"kind":"Ox","apiVersion":"example.com/v1","spec":{"brand":"$V"}}`},
		{"kind, in a mixed list", unspecified, `{"kind":"List","items":[{"kind":"Ox","apiVersion":"example.com/v1","spec":{"brand":"$S"}}]}`,
			`{"kind":"List","items":[{"kind":"Ox","apiVersion":"example.com/v1","spec":{"brand":"$V"}}]}`},
		{"kind, of another group", record.GroupResource{Group: "other.com", Resource: "oxes"}, `{"kind":"Ox","apiVersion":"other.com/v1","spec":{"brand":"x"}}`, ``},
		{"patch below", configMaps, `[{"op":"add","path":"/data/a","value":"$S"},{"op":"add","path":"/metadata/labels/a","value":"x"}]`,
			`[{"op":"add","path":"/data/a","value":"$V"},{"op":"add","path":"/metadata/labels/a","value":"x"}]`},
		{"patch above", pods, `[{"op":"add","path":"/spec/containers/0","value":{"env":[{"value":"$S"}]}},{"op":"add","path":"/spec/containers/0/env/-","value":{"name":"n","value":"$S"}}]`,
			`[{"op":"add","path":"/spec/containers/0","value":{"env":[{"value":"$V"}]}},{"op":"add","path":"/spec/containers/0/env/-","value":{"name":"n","value":"$V"}}]`},
		{"patch inside", things, `[{"op":"add","path":"/spec/token/deep","value":"$S"},{"op":"add","path":"/spec/list/1","value":"$S"},{"op":"add","path":"/spec/list/-","value":"$S"}]`,
			`[{"op":"add","path":"/spec/token/deep","value":"$V"},{"op":"add","path":"/spec/list/1","value":"$V"},{"op":"add","path":"/spec/list/-","value":"$V"}]`},
		{"merge patch", pods, `{"spec":{"containers":[{"name":"c","env":[{"name":"e","value":"$S"}]}]}}`, `{"spec":{"containers":[{"name":"c","env":[{"name":"e","value":"$V"}]}]}}`},
		{"secrets as ever", secrets, `{"data":{"a":"$E"}}`, `{"data":{"a":"$V"}}`},
		{"broken", configMaps, `{"data":{"a":"$S`, `"` + r.Value(`{"data":{"a":"`+planted) + `"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, want := fill(r, c.in), fill(r, c.want)
			if c.want == "" {
				want = in
			}
			out, changed := r.Patch(c.gr, "", []byte(in))
			if string(out) != want || changed != (want != in) {
				t.Errorf("got  %s (%v)\nwant %s", out, changed, want)
			}
			if strings.HasPrefix(in, "{") {
				if out, _ := r.Body(c.gr, "", []byte(in)); string(out) != want {
					t.Errorf("as a body %s\nwant %s", out, want)
				}
			}
		})
	}
	if out, changed := r.Message(configMaps, "", `data[a]: Invalid value: "`+planted+`"`); !changed || leaks(out) {
		t.Errorf("message of a ruled kind: %s", out)
	}
}

func TestRulePaths(t *testing.T) {
	for path, want := range map[string][]step{
		"spec.token":         {{"spec", false}, {"token", false}},
		".data.*":            {{"data", false}, {"*", true}},
		"spec.env[*].value":  {{"spec", false}, {"env", false}, {"*", true}, {"value", false}},
		`a["b.c/d"]['e'][3]`: {{"a", false}, {"b.c/d", false}, {"e", false}, {"3", false}},
	} {
		got, err := parsePath(path)
		if err != nil || !cmp.Equal(got, want, cmp.AllowUnexported(step{})) {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	for _, path := range []string{"", ".", "a..b", "a.", "a[", "a[x]", `a["x`, `a["x"`, "a[1]b", "a[-1]"} {
		if _, err := parsePath(path); err == nil {
			t.Errorf("%q was taken", path)
		}
	}
	for _, rule := range []Rule{{}, {"", "pods", "", nil, ""}, {"[", "pods", "", []string{"a"}, ""}, {"", "pods", "", []string{"a["}, ""}, {"", "pods", "", []string{"a"}, "Po*"}} {
		if _, err := New(testKey(t, 7), []Rule{rule}); err == nil {
			t.Errorf("%v was taken", rule)
		}
	}
}
