package auditpolicy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/record"
)

// The example of the Kubernetes documentation on auditing, rule by rule.
const documented = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages:
  - "RequestReceived"
rules:
  - level: RequestResponse
    resources:
    - group: ""
      resources: ["pods"]
  - level: Metadata
    resources:
    - group: ""
      resources: ["pods/log", "pods/status"]
  - level: None
    resources:
    - group: ""
      resources: ["configmaps"]
      resourceNames: ["controller-leader"]
  - level: None
    users: ["system:kube-proxy"]
    verbs: ["watch"]
    resources:
    - group: ""
      resources: ["endpoints", "services"]
  - level: None
    userGroups: ["system:authenticated"]
    nonResourceURLs:
    - "/api*"
    - "/version"
  - level: Request
    resources:
    - group: ""
      resources: ["configmaps"]
    namespaces: ["kube-system"]
  - level: Metadata
    resources:
    - group: ""
      resources: ["secrets", "configmaps"]
  - level: Request
    resources:
    - group: ""
    - group: "extensions"
  - level: Metadata
    omitStages:
      - "ResponseStarted"
`

func TestMatchAsDocumented(t *testing.T) {
	p, err := Parse("policy.yaml", []byte(documented))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		a    Attributes
		rule int // from 1
	}{
		{"pods", Attributes{Verb: "create", Resource: "pods", Namespace: "shop"}, 1},
		{"pods are not their log", Attributes{Verb: "get", Resource: "pods", Subresource: "log"}, 2},
		{"pods are not another subresource", Attributes{Verb: "create", Resource: "pods", Subresource: "eviction"}, 8},
		{"pods of another group", Attributes{Verb: "list", Group: "metrics.k8s.io", Resource: "pods"}, 9},
		{"by name", Attributes{Verb: "update", Resource: "configmaps", Name: "controller-leader", Namespace: "kube-system"}, 3},
		{"by another name", Attributes{Verb: "update", Resource: "configmaps", Name: "other", Namespace: "kube-system"}, 6},
		{"user, verb and resource", Attributes{User: "system:kube-proxy", Verb: "watch", Resource: "services"}, 4},
		{"another verb", Attributes{User: "system:kube-proxy", Verb: "list", Resource: "services"}, 8},
		{"another user", Attributes{User: "system:kube-scheduler", Verb: "watch", Resource: "services"}, 8},
		{"path with a star", Attributes{Groups: []string{"a", "system:authenticated"}, Verb: "get", Path: "/apis/apps/v1"}, 5},
		{"path without", Attributes{Groups: []string{"system:authenticated"}, Verb: "get", Path: "/version"}, 5},
		{"path that goes on", Attributes{Groups: []string{"system:authenticated"}, Verb: "get", Path: "/version/"}, 9},
		{"another group of users", Attributes{Groups: []string{"system:unauthenticated"}, Verb: "get", Path: "/version"}, 9},
		{"a resource below /api is no path", Attributes{Groups: []string{"system:authenticated"}, Verb: "get", Resource: "nodes"}, 8},
		{"namespace", Attributes{Verb: "patch", Resource: "configmaps", Namespace: "kube-system", Name: "x"}, 6},
		{"another namespace", Attributes{Verb: "patch", Resource: "configmaps", Namespace: "default", Name: "x"}, 7},
		{"a group alone is all in it", Attributes{Verb: "patch", Resource: "nodes", Subresource: "status"}, 8},
		{"the rest", Attributes{Verb: "create", Group: "apps", Resource: "deployments"}, 9},
	} {
		if got := p.Match(&tt.a); got.Rule+1 != tt.rule || got.Level.String() != p.Rules[tt.rule-1].Level {
			t.Errorf("%s: rule %d %s, want %d", tt.name, got.Rule+1, got.Level, tt.rule)
		}
	}
	d := p.Match(&Attributes{Verb: "create", Group: "apps", Resource: "deployments"})
	if !d.Omits(record.StageRequestReceived) || !d.Omits(record.StageResponseStarted) || d.Omits(record.StageResponseComplete) {
		t.Error("stages left out by the policy and by the rule add up")
	}
}

func TestResourceWords(t *testing.T) {
	for _, tt := range []struct {
		word, resource, sub string
		want                bool
	}{
		{"*", "pods", "", true}, {"*", "pods", "status", true},
		{"pods", "pods", "", true}, {"pods", "pods", "status", false},
		{"pods/status", "pods", "status", true}, {"pods/status", "pods", "", false},
		{"pods/*", "pods", "status", true}, {"pods/*", "pods", "", true}, {"pods/*", "nodes", "status", false},
		{"*/scale", "deployments", "scale", true}, {"*/scale", "deployments", "", false}, {"*/scale", "deployments", "status", false},
		{"*/*", "pods", "status", false}, {"pod", "pods", "", false},
	} {
		if got := resourceFits(tt.word, tt.resource, tt.sub); got != tt.want {
			t.Errorf("%q on %s/%s: %t", tt.word, tt.resource, tt.sub, got)
		}
	}
}

func TestMatchEdges(t *testing.T) {
	omit, keep := true, false
	p := &Policy{OmitManagedFields: true, Rules: []Rule{
		{Level: "Metadata", Namespaces: []string{""}, Verbs: []string{"update"}},
		{Level: "Request", Namespaces: []string{"shop"}, OmitManagedFields: &keep},
		{Level: "Request", Resources: []Resources{{Group: "*", Resources: []string{"*/scale"}}}, OmitManagedFields: &omit},
	}}
	for _, tt := range []struct {
		name string
		a    Attributes
		want Decision
	}{
		{"cluster-scoped", Attributes{Verb: "update", Resource: "nodes"}, Decision{Rule: 0, Level: record.LevelMetadata, OmitManagedFields: true}},
		{"a namespace alone is of resources", Attributes{Verb: "update", Path: "/metrics"}, Decision{Rule: -1, Level: record.LevelNone, OmitManagedFields: true}},
		{"the rule beats the policy", Attributes{Verb: "get", Resource: "pods", Namespace: "shop"}, Decision{Rule: 1, Level: record.LevelRequest}},
		{"any group", Attributes{Verb: "get", Group: "apps", Resource: "deployments", Subresource: "scale", Namespace: "x"}, Decision{Rule: 2, Level: record.LevelRequest, OmitManagedFields: true}},
		{"none", Attributes{Verb: "get", Resource: "pods", Namespace: "x"}, Decision{Rule: -1, Level: record.LevelNone, OmitManagedFields: true}},
	} {
		got := p.Match(&tt.a)
		got.omit = [2][]string{}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(Decision{})); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestParseSaysWhere(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown key", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  user: [a]\n", `p:5:3: unknown key "user" in rules[0]`},
		{"no level", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- users: [a]\n", "p:4:3: the rule has no level"},
		{"bad level", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: All\n", `p:4:10: "All" is no level`},
		{"old version", "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: None\n", "p:1:13: apiVersion is"},
		{"other kind", "apiVersion: audit.k8s.io/v1\nkind: Pod\nrules:\n- level: None\n", `p:2:7: kind is "Pod"`},
		{"no rules", "apiVersion: audit.k8s.io/v1\nkind: Policy\n", "no rules"},
		{"stage", "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages:\n- RequestRecieved\nrules:\n- level: None\n", `p:4:3: "RequestRecieved" is no stage`},
		{"path", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  nonResourceURLs: [healthz, '/a*b']\n", "p:5:21: \"healthz\": paths begin with /\np:5:30"},
		{"both", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  nonResourceURLs: [/x]\n  namespaces: [a]\n", "not for both"},
		{"group", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  resources:\n  - group: apps/v1\n", `p:6:12: "apps/v1" is no API group`},
		{"names", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  resources:\n  - resourceNames: [x]\n", "p:6:20: resourceNames need resources"},
		{"empty", "", "there is no policy in it"},
		{"no YAML", "\tx", "p: "},
	} {
		_, err := Parse("p", []byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if _, ok := errors.AsType[*settings.Error](err); !ok {
			t.Errorf("%s: no *settings.Error", tt.name)
		}
	}
}

func TestRecommendedPolicies(t *testing.T) {
	for _, profile := range Profiles() {
		for _, people := range []bool{false, true} {
			want := Recommend(Options{Profile: profile, People: people})
			got, err := Parse("recommended", []byte(want.String()))
			if err != nil {
				t.Fatalf("%s: %v\n%s", profile, err, want)
			}
			for i := range got.Rules {
				got.Rules[i].Line, got.Rules[i].Comment = 0, want.Rules[i].Comment
			}
			got.Comment = want.Comment
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s is not read back as written: %s", profile, diff)
			}
			for _, f := range got.Check() {
				if f.Severity == Leak || f.Severity == Waste || (profile != Minimal && !people && f.Severity == Lost) {
					t.Errorf("profile %s, people %t: %+v", profile, people, f)
				}
			}
		}
	}
	if findings := Recommend(Options{Profile: Full}).Check(); len(findings) != 0 {
		t.Errorf("under the full policy everything can be answered, but: %+v", findings)
	}
	for _, r := range Recommend(Options{Level: record.LevelMetadata}).Rules {
		if r.Level != "None" && r.Level != "Metadata" {
			t.Errorf("level %s above the one asked for", r.Level)
		}
	}
}

func TestCheckFinds(t *testing.T) {
	p, err := Parse("policy.yaml", []byte(documented))
	if err != nil {
		t.Fatal(err)
	}
	type short struct {
		Severity Severity
		Rules    []int
		Has      string
	}
	findings := p.Check()
	for _, want := range []short{
		{Watch, []int{7, 9}, "Writes by people and controllers are recorded at level Metadata,"},
		{Watch, []int{8}, "Writes by people and controllers are recorded at level Request,"},
		{Waste, []int{1}, "Reads by people, controllers, nodes and the scheduler are recorded with their answers"},
		{Waste, []int{9}, "Renewals of Leases"},
		{Waste, []int{9}, "Health probes"},
		{Leak, []int{8}, "to create tokens of ServiceAccounts are recorded at level Request"},
	} {
		if !slices.ContainsFunc(findings, func(f Finding) bool {
			return f.Severity == want.Severity && slices.Equal(f.Rules, want.Rules) && strings.Contains(f.Sentence, want.Has)
		}) {
			t.Errorf("%v is missing in %+v", want, findings)
		}
	}
	bad := &Policy{Rules: []Rule{
		{Level: "RequestResponse", Resources: []Resources{{Resources: []string{"secrets", "pods"}}}, OmitStages: []string{"ResponseComplete"}},
		{Level: "None", Resources: []Resources{{Resources: []string{"pods"}, ResourceNames: []string{"x"}}}},
		{Level: "None", Verbs: []string{"get"}, NonResourceURLs: []string{"/api/*"}},
		{Level: "None", Verbs: []string{"get"}, NonResourceURLs: []string{"/api/v1"}},
	}}
	findings = bad.Check()
	for _, want := range []short{
		{Leak, []int{1}, "to create Secrets are recorded at level RequestResponse"},
		{Lost, []int{1}, "The stage ResponseComplete"},
		{Lost, []int{0}, "Writes by people and controllers are not recorded"},
		{Lost, []int{0}, "shell"},
		{Waste, []int{2}, "Rule 2 is never reached: rule 1"},
		{Waste, []int{4}, "Rule 4 is never reached: rule 3"},
	} {
		if !slices.ContainsFunc(findings, func(f Finding) bool {
			return f.Severity == want.Severity && slices.Equal(f.Rules, want.Rules) && strings.Contains(f.Sentence, want.Has)
		}) {
			t.Errorf("%v is missing in %+v", want, findings)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(documented)
	f.Add(Recommend(Options{Profile: Full}).String())
	f.Add("rules: [{level: None, resources: [{group: '*'}], nonResourceURLs: ['', '*', '/a*']}]\nomitStages: [x]\nkind: 1")
	f.Add("rules:\n- &a {level: None}\n- *a")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("p", []byte(text))
		p.Check()
		p.Match(&Attributes{User: "u", Verb: "get", Path: "/x"})
		if err != nil {
			return
		}
		again, err := Parse("p", []byte(p.String()))
		if err != nil {
			t.Fatalf("not read back: %v\n%s", err, p)
		}
		if again.String() != p.String() {
			t.Fatalf("read back as\n%s\nnot\n%s", again, p)
		}
	})
}
