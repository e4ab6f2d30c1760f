package otlp

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	logscol "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/record"
)

func base64Of(hexadecimal string) string {
	return base64.StdEncoding.EncodeToString(bytesOf(hexadecimal))
}

func sortedPairs(words string) attributes {
	var out attributes
	for word := range strings.FieldsSeq(words) {
		key, value, _ := strings.Cut(word, "=")
		out = append(out, record.KeyValue{Key: key, Value: value})
	}
	slices.SortFunc(out, func(a, b record.KeyValue) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func TestNames(t *testing.T) {
	s := Settings{Objects: []Object{{Resource: "widgets.example.org", Kind: "Widget", Name: "widget", Namespace: "team"},
		{Resource: "zones.example.org", Kind: "Zone", Name: "zone", Namespace: "-", UID: "zone.uid"}}}.withDefaults()
	rules := s.rules()
	for _, c := range []struct{ own, resource, want string }{
		{"", "", ""},
		{"k8s.pod.name=web-1 k8s.pod.uid=u", "k8s.namespace.name=shop", "pods shop/web-1 u"},
		{"k8s.deployment.name=web k8s.namespace.name=shop", "k8s.pod.name=controller-0 k8s.namespace.name=system", "deployments.apps shop/web"},
		{"", "k8s.pod.name=web-1 k8s.deployment.name=web k8s.node.name=n1 k8s.namespace.name=shop", "pods shop/web-1"},
		{"k8s.pod.name=p k8s.deployment.name=d k8s.namespace.name=shop k8s.node.name=n1", "", "pods shop/p, deployments.apps shop/d, nodes /n1"},
		{"k8s.namespace.name=shop", "", "namespaces /shop"},
		{"k8s.namespace.name=shop", "k8s.pod.name=controller-0 k8s.namespace.name=system", "pods system/controller-0"},
		{"", "k8s.namespace.name=shop", ""},
		{"k8s.node.name=n1 k8s.namespace.name=shop", "", "nodes /n1"},
		{"k8s.object.kind=Certificate k8s.object.name=c k8s.object.api_version=cert-manager.io/v1 k8s.namespace.name=shop", "", "certificates.cert-manager.io shop/c"},
		{"k8s.object.name=c", "", ""},
		{"controllerKind=ReplicaSet controllerGroup=apps name=web namespace=shop", "", "replicasets.apps shop/web"},
		{"name=web namespace=shop", "", ""},
		{"widget=w team=a zone=z zone.uid=zu", "", "widgets.example.org a/w, zones.example.org /z zu"},
		{"k8s.pod.name=" + strings.Repeat("x", 600), "", ""},
	} {
		list, _ := rules.named(sortedPairs(c.own), sortedPairs(c.resource))
		var words []string
		for _, r := range list {
			words = append(words, strings.TrimSpace(fmt.Sprintf("%s %s/%s %s", r.GroupResource(), r.Namespace, r.Name, r.UID)))
		}
		if got := strings.Join(words, ", "); got != c.want {
			t.Errorf("%s | %s: %s, want %s", c.own, c.resource, got, c.want)
		}
	}
}

func TestSettings(t *testing.T) {
	for name, s := range map[string]Settings{"keep": {Keep: "some"}, "cluster": {Cluster: "a\nb"}, "object": {Objects: []Object{{Name: "x"}}}, "number": {Requests: -1}} {
		if s.Check() == nil {
			t.Errorf("%s: %+v is taken", name, s)
		}
	}
	if err := (Settings{}).Check(); err != nil {
		t.Error(err)
	}
	for service, want := range map[string]bool{"apiserver": true, "kubelet": true, "web": false} {
		if got := (Settings{}).withDefaults().keeps(service); got != want {
			t.Errorf("%s: %v", service, got)
		}
	}
}

// Whatever is in a span, what is kept of it is bounded, says what was cut, and holds no secret.
func TestBounds(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.Cluster = "c" })
	const secret = "hunter2hunter2"
	span := &tracepb.Span{TraceId: bytesOf(traceHex), SpanId: bytesOf("0000000000000001"), StartTimeUnixNano: nanos(0), EndTimeUnixNano: 5, Name: strings.Repeat("é", 9000),
		Status: &tracepb.Status{Message: strings.Repeat("m ", 9000)}, Attributes: []*common.KeyValue{text("k8s.pod.name", "p"), text("é", strings.Repeat("ü", 3000)), text("0.password", secret),
			dict("0.deep", dict("er", text("token", secret), text("url", "https://bob:"+secret+"@x/"))), text("0.log", "token="+secret)}}
	for i := range 3000 {
		span.Attributes = append(span.Attributes, text(fmt.Sprintf("n%d", i), "v"))
	}
	for range 100 {
		span.Events = append(span.Events, &tracepb.Span_Event{Name: "e", TimeUnixNano: nanos(0), Attributes: []*common.KeyValue{text("session_token", secret)}})
		span.Links = append(span.Links, &tracepb.Span_Link{TraceId: bytesOf(traceHex), SpanId: bytesOf("0000000000000002"), Attributes: []*common.KeyValue{text("apiKey", secret)}})
	}
	raw, err := proto.Marshal(&tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{span}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw); w.Code != 200 {
		t.Fatal(w.Body)
	}
	got := s.take()[0].Span
	all := record.SpanAttributesCut | record.SpanEventsCut | record.SpanLinksCut | record.SpanTextCut | record.SpanRedacted
	if len(got.Attributes) != 64 || len(got.Events) != maxEvents || len(got.Links) != maxLinks || len(got.Name) > maxValueBytes || len(got.Text) > maxTextBytes || got.Flags != all {
		t.Errorf("%d attributes, %d events, %d links, flags %b", len(got.Attributes), len(got.Events), len(got.Links), got.Flags)
	}
	encoded := string(record.Append(nil, &record.Record{Kind: record.KindSpan, Span: got}))
	if strings.Contains(encoded, secret) || !got.End.Equal(now) {
		t.Errorf("a secret is kept, or the end %v lies before the beginning", got.End)
	}
	if attributes(got.Attributes).text("0.deep.er.token") == "" {
		t.Errorf("a nested value is lost: %v", got.Attributes)
	}
}

// FuzzExport: foreign bytes, as protobuf and as JSON, never panic, and what is kept can be encoded.
func FuzzExport(f *testing.F) {
	raw, err := proto.Marshal(apiserverSpans())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw, false)
	f.Add(asOTLPJSON(f, apiserverSpans()), true)
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"arrayValue":{"values":[{"kvlistValue":{}}]}}}]}]}]}`), true)
	r, s := receiver(f, func(c *Config) { c.Cluster, c.Keep = "c", keepAll })
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		in := &payload{body: body, asJSON: asJSON, limit: maxHTTPBytes, claim: r.memory.claim()}
		b := r.batch(anybody())
		var traces tracecol.ExportTraceServiceRequest
		if in.read(&traces) == nil {
			b.traces(traces.GetResourceSpans())
		}
		var logs logscol.ExportLogsServiceRequest
		if in.read(&logs) == nil {
			b.logs(logs.GetResourceLogs())
		}
		if err := b.deliver(t.Context(), "traces"); err != nil {
			t.Fatal(err)
		}
		for _, rec := range s.take() {
			if rec.OccurredAt.After(now.Add(maxAhead)) || rec.OccurredAt.IsZero() {
				t.Errorf("a span at %v", rec.OccurredAt)
			}
			if _, err := record.Decode(record.Append(nil, rec)); err != nil {
				t.Error(err)
			}
		}
	})
}

// A million ways to nest do not take a million steps.
func TestNesting(t *testing.T) {
	v := reading{d: &decoder{redactor: mustReceiver(t).decode.redactor}}
	inner := &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: "x"}}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		list := make([]*common.KeyValue, 4)
		for i := range list {
			list[i] = &common.KeyValue{Key: fmt.Sprint(rnd.IntN(9)), Value: inner}
		}
		inner = &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: list}}}
	}
	began := time.Now()
	got := v.pairs([]*common.KeyValue{{Key: "k", Value: inner}}, 64)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
	if len(got) > 64 || !v.cut {
		t.Errorf("%d pairs, cut %v", len(got), v.cut)
	}
}

func mustReceiver(t *testing.T) *Receiver {
	r, _ := receiver(t, nil)
	return r
}
