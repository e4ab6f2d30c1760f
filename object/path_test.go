package object

import (
	"testing"
)

func TestPathText(t *testing.T) {
	for text, path := range map[string]Path{
		"":              nil,
		"spec.replicas": Fields("spec", "replicas"),
		`metadata.labels["app.kubernetes.io/name"]`: Fields("metadata", "labels", "app.kubernetes.io/name"),
		`data["ca.crt"]`:                                     Fields("data", "ca.crt"),
		`["a.b"].c`:                                          Fields("a.b", "c"),
		`data[""]`:                                           Fields("data", ""),
		`spec.containers[name=web].image`:                    {{Name: "spec"}, {Name: "containers"}, {Kind: StepKeys, Keys: []StepKey{{"name", `"web"`}}}, {Name: "image"}},
		`ports[containerPort=8080,protocol=TCP]`:             {{Name: "ports"}, {Kind: StepKeys, Keys: []StepKey{{"containerPort", "8080"}, {"protocol", `"TCP"`}}}},
		`a[name="8080"]`:                                     {{Name: "a"}, {Kind: StepKeys, Keys: []StepKey{{"name", `"8080"`}}}},
		`a[name="x,y]z"][0]`:                                 {{Name: "a"}, {Kind: StepKeys, Keys: []StepKey{{"name", `"x,y]z"`}}}, {Kind: StepIndex}},
		`a[name="true",b=true]`:                              {{Name: "a"}, {Kind: StepKeys, Keys: []StepKey{{"name", `"true"`}, {"b", "true"}}}},
		`a[ip=10.0.0.1]`:                                     {{Name: "a"}, {Kind: StepKeys, Keys: []StepKey{{"ip", `"10.0.0.1"`}}}},
		`a[uid=9032dd79-dc84-414a-a0d3-8e521f082dc6]`:        {{Name: "a"}, {Kind: StepKeys, Keys: []StepKey{{"uid", `"9032dd79-dc84-414a-a0d3-8e521f082dc6"`}}}},
		`a[metadata.name=b]`:                                 {{Name: "a"}, {Kind: StepKeys, Keys: []StepKey{{"metadata.name", `"b"`}}}},
		`endpoints[addresses=["10.0.0.1"]].conditions`:       {{Name: "endpoints"}, {Kind: StepKeys, Keys: []StepKey{{"addresses", `["10.0.0.1"]`}}}, {Name: "conditions"}},
		`metadata.finalizers[="kubernetes.io/pv-protected"]`: {{Name: "metadata"}, {Name: "finalizers"}, {Kind: StepValue, Value: `"kubernetes.io/pv-protected"`}},
		`tolerations[={"key":"a"}]`:                          {{Name: "tolerations"}, {Kind: StepValue, Value: `{"key":"a"}`}},
		`args[12]`:                                           {{Name: "args"}, {Kind: StepIndex, Index: 12}},
		`a["0x"=1]`:                                          nil,
	} {
		got, err := ParsePath(text)
		if text == `a["0x"=1]` {
			path = Path{{Name: "a"}, {Kind: StepKeys, Keys: []StepKey{{"0x", "1"}}}}
			text = `a[0x=1]`
		}
		if err != nil || !got.Equal(path) {
			t.Errorf("%s: read as %+v (%v)", text, got, err)
		}
		if path.String() != text {
			t.Errorf("%s: printed as %s", text, path)
		}
	}
	for _, text := range []string{"a.", "a..b", "a[", "a[]", "a[=]", "a[=x]", "a[name=]", "a[name]", "a[0", "a[-1]", `a["b`, "a b", "a[name=x]y", "a[x=1,]"} {
		if p, err := ParsePath(text); err == nil {
			t.Errorf("%s: read as %+v", text, p)
		}
	}
	if p, err := ParsePath(".spec.replicas"); err != nil || p.String() != "spec.replicas" {
		t.Errorf("a leading dot: %v %v", p, err)
	}
}

func TestPathAt(t *testing.T) {
	v := parse(t, `{"a":[{"name":"x","v":1},{"name":"y","v":2}],"s":["p","q"],"m":{"k.d":3},"ports":[{"port":1}]}`)
	for text, want := range map[string]string{
		`a[name=y].v`: "2", `a[1].v`: "2", `s[="q"]`: `"q"`, `m["k.d"]`: "3", `a[name=z]`: "", `a[2]`: "", `s[="z"]`: "", `m.x.y`: "",
		`ports[port=1,protocol=TCP].port`: "1",
	} {
		p, err := ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(v.At(p).JSON()); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{`spec.containers[name=web].image`, `metadata.labels["a.b/c"]`, `a[="x"][0]`, `p[a=1,b="2"].c`, `x[a=[1,{"b":2}]]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err != nil || !again.Equal(p) {
			t.Fatalf("%q reads as %+v, prints as %s, which reads as %+v (%v)", text, p, p, again, err)
		}
		if !p.HasPrefix(p[:len(p)/2]) {
			t.Fatalf("%s has not its own beginning", p)
		}
	})
}
