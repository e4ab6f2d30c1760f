package query

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

var (
	sampleTime = time.Date(2026, 11, 20, 14, 3, 5, 0, time.UTC)
	// deployment is a state as the apiserver writes it.
	deployment = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"app":"web","tier.example/x":"front \"a\""},` +
		`"managedFields":[{"manager":"kubectl","fieldsV1":{"f:spec":{"f:replicas":{}}}}]},"spec":{"replicas":5,"paused":true,"ratio":0.5,"empty":[],"nil":null,` +
		`"template":{"spec":{"containers":[{"name":"web","image":"nginx:1.27"},{"name":"side","image":"envoy:1"}]}}}}`
)

func sampleRequest() *record.Record {
	return &record.Record{
		Kind: record.KindRequest, OccurredAt: sampleTime,
		Ref: record.ObjectRef{Cluster: "local", Group: "apps", Version: "v1", Resource: "deployments", Namespace: "shop", Name: "web", UID: "u-1"},
		Request: &record.Request{
			AuditID: "a-1", Stage: record.StageResponseComplete, Level: record.LevelRequestResponse, Verb: "delete",
			URI:  "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=kubectl&dryRun=All",
			Code: 200, StageAt: sampleTime.Add(1500 * time.Millisecond),
			Actor:     record.Actor{User: "system:serviceaccount:shop:ci", Groups: []string{"system:authenticated", "dev"}, UserAgent: "kubectl/1.37", SourceIPs: []string{"10.0.0.1"}},
			Annotated: []record.KeyValue{{Key: "authorization.k8s.io/decision", Value: "allow"}},
		},
	}
}

func sampleRevision() *record.Record {
	r := sampleRequest()
	return &record.Record{Kind: record.KindRevision, Ref: r.Ref, Revision: &record.Revision{RV: 7, Body: []byte(deployment)}}
}

func sampleEvent() *record.Record {
	return &record.Record{
		Kind: record.KindKubeEvent, OccurredAt: sampleTime, Ref: record.ObjectRef{Cluster: "local", Resource: "events", Namespace: "shop", Name: "web.1"},
		KubeEvent: &record.KubeEvent{Type: "Warning", Reason: "BackOff", Count: 3, Regarding: record.EventObject{Kind: "Pod", Name: "web-1"}},
	}
}

func sampleGap() *record.Record {
	return &record.Record{Kind: record.KindGap, Gap: &record.Gap{Reason: record.GapUndecodable}}
}

func TestMatch(t *testing.T) {
	request, revision, event, gap := sampleRequest(), sampleRevision(), sampleEvent(), sampleGap()
	end := &record.Record{Kind: record.KindEnd, Ref: revision.Ref, End: &record.End{}}
	made := Input{Record: revision, Maker: request}
	tests := []struct {
		filter string
		in     Input
		want   Result
	}{
		{``, Input{Record: gap}, Hit},
		{`true`, Input{Record: gap}, Hit},
		{`kind == "request"`, Input{Record: request}, Hit},
		{`kind == "request"`, Input{Record: event}, Miss},
		{`kind in ["revision", "end"]`, Input{Record: revision}, Hit},
		{`request.verb == "delete" && request.user.startsWith("system:serviceaccount:")`, Input{Record: request}, Hit},
		{`request.verb == "delete" && request.user.startsWith("system:node:")`, Input{Record: request}, Miss},
		{`"dev" in request.groups`, Input{Record: request}, Hit},
		{`!("dev" in request.groups)`, Input{Record: request}, Miss},
		{`request.groups.exists(g, g.endsWith("authenticated"))`, Input{Record: request}, Hit},
		{`request.code >= 400`, Input{Record: request}, Miss},
		{`400 > request.code`, Input{Record: request}, Hit},
		{`request.code != 409`, Input{Record: request}, Hit},
		{`request.latency > duration("1s")`, Input{Record: request}, Hit},
		{`request.dryRun && request.fieldManager == "kubectl"`, Input{Record: request}, Hit},
		{`request.annotations["authorization.k8s.io/decision"] == "allow"`, Input{Record: request}, Hit},
		{`request.annotations["nope"] == "allow"`, Input{Record: request}, Miss},
		{`request.sourceIPs[0] == "10.0.0.1" && request.stage == "ResponseComplete" && request.level == "RequestResponse"`, Input{Record: request}, Hit},
		{`request.sourceIPs[1] == "10.0.0.1"`, Input{Record: request}, Miss},
		{`has(request.impersonator)`, Input{Record: request}, Miss},
		{`has(request.user) && dyn(request)["user"] == request.user`, Input{Record: request}, Hit},
		{`time >= timestamp("2026-11-20T14:00:00Z") && time < timestamp("2026-11-20T15:00:00Z")`, Input{Record: request}, Hit},
		{`time.getHours() == 14`, Input{Record: request}, Hit},
		{`namespace == "shop" && name == "web" && cluster == "local" && uid == "u-1" && group == "apps" && resource == "deployments"`, Input{Record: request}, Hit},
		{`request.namespace == namespace && object.metadata.namespace == "shop"`, made, Hit},
		{`name.matches("^w.b$")`, Input{Record: request}, Hit},

		// What a record lacks is a miss, also negated, and does not spoil the other side of ||.
		{`request.verb == "delete"`, Input{Record: event}, Miss},
		{`!(request.verb == "delete")`, Input{Record: event}, Miss},
		{`request.verb.size() > 0`, Input{Record: event}, Miss},
		{`request.verb == "delete" || event.type == "Warning"`, Input{Record: event}, Hit},
		{`request.verb.matches("d") || event.type.matches("W")`, Input{Record: event}, Hit},
		{`has(request.verb)`, Input{Record: event}, Miss},
		{`!has(request.verb)`, Input{Record: event}, Hit},
		{`event.regarding.name.startsWith("web") && event.count > 2 && event.regarding.kind == "Pod"`, Input{Record: event}, Hit},
		{`event.firstSeen < timestamp("2026-11-20T15:00:00Z")`, Input{Record: event}, Miss},
		{`gap.reason == "undecodable"`, Input{Record: gap}, Hit},
		{`object == null`, Input{Record: event}, Hit},
		{`object.spec.replicas > 3`, Input{Record: event}, Miss},

		// A revision has the request of its maker.
		{`kind == "revision" && request.verb == "delete"`, made, Hit},
		{`request.verb == "delete"`, Input{Record: revision}, Miss},
		{`request.verb == "delete"`, Input{Record: revision, FindMaker: func() (*record.Record, bool) { return request, true }}, Hit},
		{`request.verb == "delete"`, Input{Record: revision, FindMaker: func() (*record.Record, bool) { return nil, true }}, Miss},
		{`request.verb == "delete"`, Input{Record: revision, FindMaker: func() (*record.Record, bool) { return nil, false }}, Unknown},
		{`has(request.verb)`, Input{Record: revision, FindMaker: func() (*record.Record, bool) { return nil, false }}, Unknown},

		// State.
		{`object.spec.replicas > 3`, Input{Record: revision}, Hit},
		{`object.spec.replicas > 3.5 && object.spec.ratio < 1`, Input{Record: revision}, Hit},
		{`object.spec.replicas > 5`, Input{Record: revision}, Miss},
		{`object.spec.paused`, Input{Record: revision}, Hit},
		{`object.spec.absent > 3`, Input{Record: revision}, Miss},
		{`object.spec.replicas.deeper == 1`, Input{Record: revision}, Miss},
		{`has(object.spec.replicas) && !has(object.spec.absent)`, Input{Record: revision}, Hit},
		{`object.metadata.labels["tier.example/x"] == "front \"a\""`, Input{Record: revision}, Hit},
		{`"app" in object.metadata.labels && size(object.metadata.labels) == 2`, Input{Record: revision}, Hit},
		{`object.metadata.labels.exists(k, k == "app")`, Input{Record: revision}, Hit},
		{`object.spec.template.spec.containers.exists(c, c.image.startsWith("envoy:"))`, Input{Record: revision}, Hit},
		{`object.spec.template.spec.containers.all(c, c.image.startsWith("envoy:"))`, Input{Record: revision}, Miss},
		{`object.spec.template.spec.containers[1].name == "side" && object.spec.empty.size() == 0`, Input{Record: revision}, Hit},
		{`object.spec.template.spec.containers.map(c, c.name) == ["web", "side"]`, Input{Record: revision}, Hit},
		{`object.spec.nil == null`, Input{Record: revision}, Hit},
		{`object.spec.replicas > "3"`, Input{Record: revision}, Failed},
		{`object.spec.replicas`, Input{Record: revision}, Failed},
		{`object.spec.replicas != oldObject.spec.replicas`, Input{Record: revision, OldObject: known(`{"spec":{"replicas":2}}`)}, Hit},
		{`object.spec == oldObject.spec`, Input{Record: revision, Object: known(`{"spec":{"a":1,"b":[1,{"c":2}]}}`), OldObject: known(`{"spec": {"b": [1, {"c": 2}], "a": 1}}`)}, Hit},
		{`object.spec == oldObject.spec`, Input{Record: revision, Object: known(`{"spec":{"a":1}}`), OldObject: known(`{"spec":{"a":2}}`)}, Miss},
		{`oldObject == null`, Input{Record: revision, OldObject: known(nil)}, Hit},
		{`oldObject.spec.replicas == 1`, Input{Record: revision, OldObject: known(nil)}, Miss},
		{`object.a == 1`, Input{Record: revision, Object: known(map[string]any{"a": 1})}, Hit},
		{`object.a == 1`, Input{Record: revision, Object: known(json.RawMessage(`{"a":1}`))}, Hit},
		{`object == null`, Input{Record: end}, Hit},
		{`object.a == 1`, Input{Record: revision, Object: known(`{"a":`)}, Failed},
		{`object.big == 18446744073709551615.0`, Input{Record: revision, Object: known(`{"big":18446744073709551615}`)}, Hit},

		// Unknown state is neither hit nor miss, but is not asked for where the rest decides.
		{`object.spec.replicas > 3`, Input{Record: revision, Object: unknownState}, Unknown},
		{`has(object.spec.replicas)`, Input{Record: revision, Object: unknownState}, Unknown},
		{`object.spec.replicas > 3`, Input{Record: request}, Unknown},
		{`oldObject.spec.replicas > 3`, Input{Record: revision}, Unknown},
		{`object.spec.replicas > 3 || request.verb == "delete"`, Input{Record: request, Object: unknownState}, Hit},
		{`object.spec.replicas > 3 && request.verb == "get"`, Input{Record: request, Object: unknownState}, Miss},
		{`object.spec.containers.exists(c, c.name == "x")`, Input{Record: request, Object: unknownState}, Unknown},
		{`time > timestamp("2026-11-20T14:00:00Z")`, Input{Record: revision}, Unknown},
		{`time > timestamp("2026-11-20T14:00:00Z")`, Input{Record: revision, Time: sampleTime}, Hit},
	}
	for _, tc := range tests {
		f, err := Compile(tc.filter)
		if err != nil {
			t.Errorf("%s: %v", tc.filter, err)
			continue
		}
		got, err := f.Match(tc.in)
		if got != tc.want || (err != nil) != (got == Failed) {
			t.Errorf("%s on a %s: %v, %v, want %v", tc.filter, tc.in.Record.Kind, got, err, tc.want)
		}
		if tc.want != Miss && !f.PreMatch(tc.in.Record) {
			t.Errorf("%s on a %s: PreMatch says no, but it is a %v", tc.filter, tc.in.Record.Kind, tc.want)
		}
		again, err := Compile(f.String())
		if err != nil || again.String() != f.String() {
			t.Errorf("%s does not compile again: %v", f, err)
		}
		// The tree and CEL must agree.
		if f.program != nil {
			bare := &Filter{program: f.program, tree: atom{}, reads: f.reads, tests: f.tests}
			if slow, _ := bare.Match(tc.in); slow != tc.want {
				t.Errorf("%s on a %s: CEL alone says %v, want %v", tc.filter, tc.in.Record.Kind, slow, tc.want)
			}
		}
		if b := f.Bounds(); got == Hit && (b.Nothing() || !within(b, tc.in)) {
			t.Errorf("%s hits a record outside of its bounds %+v", tc.filter, b)
		}
	}
}

func known(state any) Manifest { return func() (any, bool) { return state, true } }

func unknownState() (any, bool) { return nil, false }

// within checks a hit against the bounds, by hand.
func within(b Bounds, in Input) bool {
	in1 := func(list []string, s string) bool {
		if list == nil {
			return true
		}
		for _, l := range list {
			if l == s {
				return true
			}
		}
		return false
	}
	kind := false
	for _, k := range b.Kinds {
		kind = kind || k == in.Record.Kind
	}
	r := in.Record.Ref
	return kind && in1(b.Namespaces, r.Namespace) && in1(b.Names, r.Name) && in1(b.Resources, r.Resource) && in1(b.Groups, r.Group) &&
		in1(b.Clusters, string(r.Cluster)) && in1(b.UIDs, string(r.UID))
}

func TestMatchAsksForStatesLate(t *testing.T) {
	f, err := Compile(`request.verb == "delete" && object.spec.replicas > 3`)
	if err != nil {
		t.Fatal(err)
	}
	r := sampleRequest()
	r.Request.Verb = "get"
	asked := func() (any, bool) { t.Error("the state was asked for"); return nil, true }
	if got, err := f.Match(Input{Record: r, Object: asked, OldObject: asked}); got != Miss || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if f.PreMatch(r) {
		t.Error("PreMatch does not see the verb")
	}
	want := Needs{Request: true, Object: true}
	if diff := cmp.Diff(want, f.Needs()); diff != "" {
		t.Error(diff)
	}
}

func TestBounds(t *testing.T) {
	tests := []struct {
		filter string
		want   func(*Bounds)
	}{
		{`namespace == "shop" && request.verb in ["delete", "patch"]`, func(b *Bounds) {
			b.Kinds = []record.Kind{record.KindRequest, record.KindRevision, record.KindEnd}
			b.Namespaces, b.Verbs = []string{"shop"}, []string{"delete", "patch"}
		}},
		{`kind == "request" && (name == "a" || name == "b") && request.code >= 400`, func(b *Bounds) {
			b.Kinds, b.Names, b.MinCode = []record.Kind{record.KindRequest}, []string{"a", "b"}, 400
		}},
		{`name == "a" || namespace == "b"`, func(*Bounds) {}},
		{`!(name != "a")`, func(b *Bounds) { b.Names = []string{"a"} }},
		{`!(name == "a" || name == "b")`, func(*Bounds) {}},
		{`name == "a" && name == "b"`, func(b *Bounds) { b.Names = []string{} }},
		{`event.reason == "BackOff"`, func(b *Bounds) {
			b.Kinds, b.EventReasons = []record.Kind{record.KindKubeEvent}, []string{"BackOff"}
		}},
		{`object.spec.replicas > 3`, func(b *Bounds) {
			b.Kinds = []record.Kind{record.KindRequest, record.KindRevision, record.KindEnd}
		}},
		{`time >= timestamp("2026-11-20T14:00:00Z") && !(time > timestamp("2026-11-20T15:00:00Z"))`, func(b *Bounds) {
			b.Window = Window{From: time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 20, 15, 0, 0, 1, time.UTC)}
		}},
		{`time < timestamp("2026-11-20T14:00:00Z") || kind == "gap"`, func(*Bounds) {}},
		{`false`, func(b *Bounds) { b.Kinds = []record.Kind{} }},
	}
	for _, tc := range tests {
		f, err := Compile(tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		want := bounded(unbounded())
		tc.want(&want)
		if diff := cmp.Diff(want, f.Bounds()); diff != "" {
			t.Errorf("%s: -want +got\n%s", tc.filter, diff)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		filter       string
		line, column int
		message      string
	}{
		{`request.verb ==`, 1, 16, "Syntax error"},
		{`request.usr == "x"`, 1, 8, "undefined field 'usr'; did you mean user?"},
		{`nmespace == "x"`, 1, 1, "undeclared reference to 'nmespace'; did you mean namespace?"},
		{`request.code == "x"`, 1, 14, "found no matching overload"},
		{"true &&\n  request.nope == 1", 2, 10, "undefined field 'nope'"},
		{`name`, 1, 1, "true or false"},
		{`name.matches("(")`, 1, 14, "invalid matches argument"},
		{`"é" == nme`, 1, 8, "undeclared reference to 'nme'; did you mean name?"},
		{strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), 1, 0, "recursion"},
		{`name == "` + strings.Repeat("x", maxFilterBytes) + `"`, 1, 1, "limit"},
		{`[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))`, 1, 0, "nest"},
		{`time > timestamp("yesterday")`, 1, 18, "timestamp"},
	}
	for _, tc := range tests {
		_, err := Compile(tc.filter)
		var fe *FilterError
		if !errors.As(err, &fe) {
			t.Errorf("%.40s: %v is no FilterError", tc.filter, err)
			continue
		}
		if fe.Line != tc.line || (tc.column != 0 && fe.Column != tc.column) || !strings.Contains(fe.Message, tc.message) {
			t.Errorf("%.40s: %v", tc.filter, err)
		}
		if strings.Contains(err.Error(), namespaceVariable) || strings.Contains(err.Error(), "container ''") {
			t.Errorf("%.40s: the message shows what is inside: %v", tc.filter, err)
		}
	}
	_, err := Compile(`request.code == "x"`)
	var fe *FilterError
	if errors.As(err, &fe); fe.Caret() != "request.code == \"x\"\n             ^" {
		t.Errorf("caret:\n%s", fe.Caret())
	}
}

func TestReadable(t *testing.T) {
	for source, want := range map[string]string{
		`namespace == "namespace"`:                     `namespacE == "namespace"`,
		`object.metadata.namespace == 'namespace'`:     `object.metadata.namespace == 'namespace'`,
		`object . namespace==namespace`:                `object . namespace==namespacE`,
		`r"\" + namespace`:                             `r"\" + namespacE`,
		`"\"namespace" + namespace`:                    `"\"namespace" + namespacE`,
		`"""a"namespace""" + namespace // namespace`:   `"""a"namespace""" + namespacE // namespace`,
		`mynamespace + namespaces + object.?namespace`: `mynamespace + namespaces + object.?namespace`,
	} {
		if got := readable(source); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

func TestCostLimit(t *testing.T) {
	list := "[" + strings.Repeat("1,", 2000) + "1]"
	f, err := Compile(`object.all(a, object.all(b, object.all(c, a == b && b == c)))`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Match(Input{Record: sampleRevision(), Object: known(list)})
	if got != Failed || err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestMatchConcurrently(t *testing.T) {
	f, err := Compile(`object.spec.template.spec.containers.exists(c, c.image.startsWith("envoy:")) && request.user.matches("ci$")`)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Record: sampleRevision(), Maker: sampleRequest()}
	results := make(chan Result)
	for range 4 {
		go func() {
			last := Hit
			for range 200 {
				if got, _ := f.Match(in); got != Hit {
					last = got
				}
			}
			results <- last
		}()
	}
	for range 4 {
		if got := <-results; got != Hit {
			t.Error(got)
		}
	}
}
