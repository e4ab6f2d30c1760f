package query

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

func TestParseObjects(t *testing.T) {
	for in, want := range map[string][]Object{
		"deploy/web":                 {{Kind: "deploy", Name: "web"}},
		"deploy web":                 {{Kind: "deploy", Name: "web"}},
		"deployments.v1.apps/web":    {{Kind: "deployments.v1.apps", Name: "web"}},
		"pod web-1 web-2":            {{Kind: "pod", Name: "web-1"}, {Kind: "pod", Name: "web-2"}},
		"deploy/web svc/web":         {{Kind: "deploy", Name: "web"}, {Kind: "svc", Name: "web"}},
		"uid:4e1c":                   {{UID: "4e1c"}},
		"clusterrole/system:node":    {{Kind: "clusterrole", Name: "system:node"}},
		"clusterrole system:basic-u": {{Kind: "clusterrole", Name: "system:basic-u"}},
	} {
		got, err := ParseObjects(strings.Fields(in))
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
		for _, o := range got {
			if again, err := ParseObject([]string{o.String()}); err != nil || again != o {
				t.Errorf("%v prints as %q, which is %v, %v", o, o, again, err)
			}
		}
	}
	for _, in := range [][]string{nil, {""}, {"deploy"}, {"/"}, {"deploy/"}, {"/web"}, {"a/b/c"}, {"deploy", "svc/web"}, {"deploy/web", "web"}, {"deploy/w*"},
		{"deploy", "we b"}, {"uid:"}, {"uid:a b"}, {"deploy/" + strings.Repeat("x", 1000)}, {"dep loy", "x"}} {
		if got, err := ParseObjects(in); err == nil {
			t.Errorf("%q is read as %v", in, got)
		}
	}
	if _, err := ParseObject([]string{"pod", "a", "b"}); err == nil {
		t.Error("two objects are one")
	}
}

func TestParseListing(t *testing.T) {
	for in, want := range map[string]Objects{
		"":              {},
		"deploy":        {Kind: "deploy"},
		"po,svc":        {Kind: "po,svc"},
		"deploy web*":   {Kind: "deploy", Name: "web*"},
		"deploy/web*":   {Kind: "deploy", Name: "web*"},
		"* web":         {Kind: "*", Name: "web"},
		"uid:4e1c":      {UID: "4e1c"},
		"po web-?-*abc": {Kind: "po", Name: "web-?-*abc"},
	} {
		got, err := ParseListing(strings.Fields(in))
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	for _, in := range []string{"a b c", "deploy/web web", "deploy/", "uid:", "de*", "deploy a/b", "/web"} {
		if got, err := ParseListing(strings.Fields(in)); err == nil {
			t.Errorf("%q is read as %v", in, got)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "web", true}, {"web", "web", true}, {"web", "web1", false}, {"web*", "web", true}, {"web*", "web-1", true}, {"*-1", "web-1", true},
		{"w?b", "web", true}, {"w?b", "wb", false}, {"*e*b*", "xexxbx", true}, {"a*b*c", "abcb", false}, {"**", "", true}, {"?", "", false},
		{strings.Repeat("a*", 200) + "b", strings.Repeat("a", 2000), false},
	} {
		if got := Glob(tc.pattern).Match(tc.name); got != tc.want {
			t.Errorf("%.20s on %.20s: %v", tc.pattern, tc.name, got)
		}
	}
	if Glob("web-*").Prefix() != "web-" || Glob("web").Prefix() != "web" || !Glob("web").Exact() || Glob("w?").Exact() {
		t.Error("prefix or exact")
	}
}

func TestSelector(t *testing.T) {
	ever := []record.KeyValue{{Key: "app", Value: "web"}, {Key: "tier", Value: "back"}, {Key: "tier", Value: "front"}}
	for _, tc := range []struct {
		selector      string
		now, mayMatch bool // labels now: app=web, tier=front
	}{
		{"", true, true}, {"app=web", true, true}, {"app==api", false, false}, {"tier=back", false, true}, {"tier!=front", false, true},
		{"tier in (front,back),app", true, true}, {"tier notin (front)", false, true}, {"!legacy", true, true}, {"legacy", false, false}, {"!app", false, true},
	} {
		s, err := ParseSelector(tc.selector)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Matches(map[string]string{"app": "web", "tier": "front"}); got != tc.now {
			t.Errorf("%s: %v", tc.selector, got)
		}
		if got := s.MatchesPairs([]record.KeyValue{{Key: "app", Value: "web"}, {Key: "tier", Value: "front"}}); got != tc.now {
			t.Errorf("%s on pairs: %v", tc.selector, got)
		}
		if got := s.MayMatch(ever); got != tc.mayMatch {
			t.Errorf("%s may match: %v", tc.selector, got)
		}
		if again, err := ParseSelector(s.String()); err != nil || again.String() != s.String() {
			t.Errorf("%s prints as %s: %v", tc.selector, s, err)
		}
	}
	for _, bad := range []string{"app=web=x", "in (a)", "a in b", strings.Repeat("a,", 10000)} {
		if _, err := ParseSelector(bad); err == nil {
			t.Errorf("%.20s is a selector", bad)
		}
	}
}

func TestKindsResolve(t *testing.T) {
	kinds := NewKinds()
	crd := `{"kind":"CustomResourceDefinition","spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget",
		"shortNames":["wd","po"],"categories":["all","gadgets"]},"versions":[{"name":"v1beta1","served":true},{"name":"v1","served":true},{"name":"v0","served":false}]}}`
	if err := kinds.LearnCRD([]byte(crd)); err != nil {
		t.Fatal(err)
	}
	kinds.LearnSeen(record.ObjectRef{Group: "aggregated.example.com", Version: "v1", Resource: "things", Namespace: "x"})
	kinds.LearnSeen(record.ObjectRef{Group: "apps", Resource: "deployments"})
	for word, want := range map[string]string{
		"po": "pods", "pod": "pods", "PODS": "pods", "Pod": "pods", "pods.v1": "pods", "deploy": "deployments.apps", "Deployment": "deployments.apps",
		"deployments.apps": "deployments.apps", "deploy.apps": "deployments.apps", "deployment.v1.apps": "deployments.apps", "rs": "replicasets.apps",
		"svc": "services", "cm": "configmaps", "ns": "namespaces", "no": "nodes", "node": "nodes", "ep": "endpoints", "ds": "daemonsets.apps",
		"sts": "statefulsets.apps", "cj": "cronjobs.batch", "hpa": "horizontalpodautoscalers.autoscaling", "pdb": "poddisruptionbudgets.policy",
		"pvc": "persistentvolumeclaims", "pv": "persistentvolumes", "sa": "serviceaccounts", "ing": "ingresses.networking.k8s.io",
		"netpol": "networkpolicies.networking.k8s.io", "crd": "customresourcedefinitions.apiextensions.k8s.io", "crds": "customresourcedefinitions.apiextensions.k8s.io",
		"csr": "certificatesigningrequests.certificates.k8s.io", "pc": "priorityclasses.scheduling.k8s.io", "sc": "storageclasses.storage.k8s.io",
		"quota": "resourcequotas", "limits": "limitranges", "ev": "events", "events": "events", "events.events.k8s.io": "events.events.k8s.io",
		"endpointslice": "endpointslices.discovery.k8s.io", "lease": "leases.coordination.k8s.io", "role": "roles.rbac.authorization.k8s.io",
		"ing.networking": "ingresses.networking.k8s.io", "pods.metrics.k8s.io": "pods.metrics.k8s.io", "wd": "widgets.example.com",
		"widgets.v1.example.com": "widgets.example.com", "widgets.v1beta1.example.com": "widgets.example.com", "Widget": "widgets.example.com",
		"things": "things.aggregated.example.com", "po,svc , po": "pods services", "gadgets": "widgets.example.com",
		"all": "pods replicationcontrollers services daemonsets.apps deployments.apps replicasets.apps statefulsets.apps " +
			"horizontalpodautoscalers.autoscaling cronjobs.batch jobs.batch widgets.example.com",
	} {
		got, err := kinds.Resolve(word)
		var names []string
		for _, k := range got {
			names = append(names, k.String())
		}
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("%s: %v, %v, want %s", word, names, err, want)
		}
	}
	for word, near := range map[string]string{"deployemnts": "deployments", "podd": "pod", "zzzzzz": "", "widgets.v0.example.com": "", "deploy.nope": "", ".": "", "pods,": ""} {
		_, err := kinds.Resolve(word)
		if err == nil || !strings.Contains(err.Error(), near) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if got, err := kinds.Resolve(""); got != nil || err != nil {
		t.Error("an empty word means every kind")
	}
	widget, _ := kinds.Of(record.GroupResource{Group: "example.com", Resource: "widgets"})
	if widget.Version != "v1" || !widget.Namespaced || len(widget.Versions) != 2 {
		t.Errorf("%+v", widget)
	}
	if d, ok := kinds.OfKind("apps", "Deployment"); !ok || d.Version != "v1" {
		t.Errorf("%+v", d)
	}
	for _, bad := range []string{"", "{}", "[]", `{"spec":{"group":1}}`} {
		if kinds.LearnCRD([]byte(bad)) == nil {
			t.Errorf("%q is a CustomResourceDefinition", bad)
		}
	}
}
