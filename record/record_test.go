package record

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"testing/quick"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample gives one record of each kind with every field set, so that a field forgotten in the codec fails a test.
func sample() []*Record {
	at := time.Date(2026, 11, 20, 15, 49, 42, 161153000, time.UTC)
	ref := ObjectRef{Cluster: "prod", Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments",
		Subresource: "status", Namespace: "shop", Name: "web", UID: "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a"}
	from := Provenance{ReceivedAt: at.Add(time.Hour), Sources: FromAudit | FromWatch}
	about := EventObject{Kind: "Pod", APIVersion: "v1", Namespace: "shop", Name: "web-1", UID: "u", RV: "7", FieldPath: "spec.containers{main}"}
	return []*Record{
		{Kind: KindRequest, OccurredAt: at, Ref: ref, Provenance: from, Request: &Request{
			AuditID: "a", Stage: StageResponseComplete, Level: LevelRequestResponse, Verb: "update", URI: "/apis?x=y",
			Actor: Actor{User: "bob", UserUID: "1", Groups: []string{"g", "h"}, Extra: []KeyValue{{"k", "v"}}, Impersonator: "admin",
				UserAgent: "kubectl/v1", SourceIPs: []string{"127.0.0.1"}},
			Code: 409, Reason: "Conflict", Message: "m", Causes: []Cause{{"f", "r", "m"}}, StageAt: at.Add(time.Millisecond),
			Annotated: []KeyValue{{"a", "b"}}, NamedRV: 5, NamedUID: "n", Answer: BodyObject, AnswerUID: "u", AnswerRV: 6, AnswerEnds: true,
			SentKind: SentDelta, Sent: []byte(`{"set":{}}`), Items: []Item{{"ns", "n", "u", 7, true}}, Flags: FlagRedacted | FlagTruncated,
		}},
		{Kind: KindRevision, Ref: ref, Provenance: from, Revision: &Revision{RV: 9, Body: []byte(`{"kind":"Deployment"}`), Partial: PartialScale, Cut: true}},
		{Kind: KindEnd, Ref: ref, Provenance: from, End: &End{RV: 12, LastBody: []byte(`{}`), After: 3, Before: 9, Sources: FromWatch,
			Requests: []EndRequest{{ID: ID{1, 2}, At: at, StageAt: at.Add(time.Second)}}}},
		{Kind: KindKubeEvent, OccurredAt: at, Ref: ref, Provenance: from, KubeEvent: &KubeEvent{RV: 3, Type: "Warning", Reason: "BackOff", Action: "a",
			Note: "n", Regarding: about, Related: about, Controller: "kubelet", Instance: "node-1", FirstSeen: at, LastSeen: at.Add(time.Minute),
			EventTime: at, Count: 4, CreatedAt: at, Labels: []KeyValue{{"l", "m"}}, Annotations: []KeyValue{{"n", "o"}}}},
		{Kind: KindGap, OccurredAt: at, Ref: ref, Provenance: from, Gap: &Gap{Reason: GapUndecodable, Until: at.Add(time.Second), FromRV: 1, ToRV: 2,
			Detail: "line 3", Key: "k", Count: 2}},
		{Kind: KindProgress, Ref: ref, Provenance: from, Progress: &Progress{RV: 44, List: true}},
		{Kind: KindProgress, Ref: ref, Provenance: from, Progress: &Progress{RV: 48, From: 44}},
		{Kind: KindSpan, OccurredAt: at, Ref: ref, Provenance: from, Span: &Span{Form: FormLog, TraceID: TraceID{1, 2}, SpanID: SpanID{3}, ParentID: SpanID{4},
			Service: "apiserver", Scope: "k8s.io/apiserver", Name: "Update", Kind: SpanKindServer, End: at.Add(time.Millisecond), Status: SpanError, Severity: "ERROR",
			Text: "conflict", Attributes: []KeyValue{{"a", "b"}}, Resource: []KeyValue{{"c", "d"}},
			Events: []SpanEvent{{At: at.Add(time.Microsecond), Name: "stored", Attributes: []KeyValue{{"e", "f"}}}},
			Links:  []SpanLink{{TraceID: TraceID{5}, SpanID: SpanID{6}, Attributes: []KeyValue{{"g", "h"}}}}, AuditID: "audit",
			Also: []ObjectRef{{Group: "", Version: "v1", Kind: "Node", Resource: "nodes", Name: "node-1", UID: "x"}}, Key: "key", Flags: SpanRedacted | SpanTextCut}},
	}
}

func TestEncodingRoundTrip(t *testing.T) {
	for _, r := range sample() {
		got, err := Decode(Append(nil, r))
		if err != nil {
			t.Fatalf("%s: %v", r.Kind, err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("%s changed in the round trip (-want +got):\n%s", r.Kind, diff)
		}
	}
}

func TestDecodeRefusesEveryCut(t *testing.T) {
	for _, r := range sample() {
		b := Append(nil, r)
		for n := range b {
			if _, err := Decode(b[:n]); err == nil {
				t.Errorf("%s: cut at %d of %d bytes was accepted", r.Kind, n, len(b))
			}
		}
	}
}

// A length that the rest can not hold is refused before anything is allocated: an object takes 144 bytes where its encoding may take nine.
func TestCountBoundsWhatIsAllocated(t *testing.T) {
	for n, want := range map[uint64]bool{0: true, 11: true, 12: false, 100: false, 1 << 62: false} {
		d := decoder{buf: append(binary.AppendUvarint(nil, n), make([]byte, 100)...)}
		if got := d.count(9); d.bad == want || want && uint64(got) != n {
			t.Errorf("%d elements of nine bytes in a hundred: %d, refused: %v", n, got, d.bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, r := range sample() {
		f.Add(Append(nil, r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(Append(nil, r))
		if err != nil {
			t.Fatalf("re-encoded record does not decode: %v", err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Fatalf("not stable:\n%s", diff)
		}
	})
}

// Identity is a function of the fact: what lies beside it does not count, what it is made of does.
func TestIdentity(t *testing.T) {
	base := sample()[0]
	vary := func(change func(*Record, *Request)) ID {
		r, q := *base, *base.Request
		r.Request = &q
		change(&r, &q)
		return r.ID()
	}
	same := map[string]func(*Record, *Request){
		"provenance": func(r *Record, _ *Request) { r.Provenance = Provenance{} },
		"level":      func(_ *Record, q *Request) { q.Level = LevelMetadata },
		"body":       func(_ *Record, q *Request) { q.Sent = nil },
		"redacted parameter": func(_ *Record, q *Request) {
			q.URI = "/apis?x=y&token=redacted%3Aab%3Acd"
		},
	}
	for name, change := range same {
		if name == "redacted parameter" {
			other := vary(func(_ *Record, q *Request) { q.URI = "/apis?x=y&token=redacted%3Aef%3Agh" })
			if vary(change) != other {
				t.Errorf("%s changed the identity", name)
			}
			continue
		}
		if vary(change) != base.ID() {
			t.Errorf("%s changed the identity", name)
		}
	}
	other := map[string]func(*Record, *Request){
		"cluster": func(r *Record, _ *Request) { r.Ref.Cluster = "other" },
		"audit":   func(_ *Record, q *Request) { q.AuditID = "b" },
		"stage":   func(_ *Record, q *Request) { q.Stage = StagePanic },
		"time":    func(r *Record, _ *Request) { r.OccurredAt = r.OccurredAt.Add(time.Microsecond) },
		"verb":    func(_ *Record, q *Request) { q.Verb = "patch" },
		"uri":     func(_ *Record, q *Request) { q.URI = "/apis?x=z" },
		"user":    func(_ *Record, q *Request) { q.Actor.Impersonator = "eve" },
	}
	for name, change := range other {
		if vary(change) == base.ID() {
			t.Errorf("%s did not change the identity", name)
		}
	}
	seen := map[ID]Kind{}
	for _, r := range sample() {
		if k, ok := seen[r.ID()]; ok {
			t.Errorf("%s and %s share an ID", k, r.Kind)
		}
		seen[r.ID()] = r.Kind
	}
	id, err := ParseID(base.ID().String())
	if err != nil || id != base.ID() {
		t.Errorf("ParseID(String()) = %v, %v", id, err)
	}
}

// Merge must not depend on the order or number of deliveries.
func TestMergeIsOrderIndependent(t *testing.T) {
	at := time.Unix(1_800_000_000, 0).UTC()
	end := func(seed uint64) *Record {
		rnd := rand.New(rand.NewPCG(seed, 1))
		e := &End{RV: ResourceVersion(rnd.IntN(3)), After: ResourceVersion(rnd.IntN(3)), Before: ResourceVersion(rnd.IntN(3)), Sources: Sources(rnd.IntN(4))}
		for range rnd.IntN(3) {
			e.Requests = append(e.Requests, EndRequest{ID: ID{byte(rnd.IntN(4))}, At: at})
		}
		if rnd.IntN(2) == 0 {
			e.LastBody = []byte{byte(rnd.IntN(2)), byte(rnd.IntN(2))}
		}
		r := &Record{Kind: KindEnd, End: e, Ref: ObjectRef{Cluster: "c", UID: "u"}}
		if rnd.IntN(2) == 0 {
			r.Ref.Kind = "Pod"
		}
		r.Provenance = Provenance{ReceivedAt: at.Add(time.Duration(rnd.IntN(3)) * time.Second), Sources: Sources(rnd.IntN(8))}
		return Merge(r, r) // normal form
	}
	request := func(seed uint64) *Record {
		rnd := rand.New(rand.NewPCG(seed, 2))
		q := &Request{Level: Level(rnd.IntN(3)), Flags: RequestFlags(rnd.IntN(3)), Message: []string{"", "a", "b", "cc"}[rnd.IntN(4)]}
		return &Record{Kind: KindRequest, Request: q, OccurredAt: at, Provenance: Provenance{Sources: Sources(rnd.IntN(4))}}
	}
	pushed := func(seed uint64) *Record {
		rnd := rand.New(rand.NewPCG(seed, 3))
		s := &Span{Form: FormPushed, Service: "s", Key: "k", Text: []string{"", "a", "b", "cc"}[rnd.IntN(4)]}
		return &Record{Kind: KindSpan, Span: s, OccurredAt: at.Add(time.Duration(rnd.IntN(2))), Provenance: Provenance{Sources: Sources(rnd.IntN(4))}}
	}
	for name, gen := range map[string]func(uint64) *Record{"end": end, "request": request, "pushed": pushed} {
		law := func(x, y, z uint64) bool {
			a, b, c := gen(x), gen(y), gen(z)
			return cmp.Equal(Merge(a, b), Merge(b, a)) && cmp.Equal(Merge(a, Merge(b, c)), Merge(Merge(a, b), c)) && cmp.Equal(Merge(a, a), a)
		}
		if err := quick.Check(law, &quick.Config{MaxCount: 3000}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPinOf(t *testing.T) {
	at := time.Unix(1_800_000_000, 0).UTC()
	req := func(verb string, code int, named, answered ResourceVersion, uri string) *Record {
		return &Record{Kind: KindRequest, OccurredAt: at, Ref: ObjectRef{Resource: "pods"}, Request: &Request{
			Verb: verb, Code: code, NamedRV: named, AnswerRV: answered, Answer: BodyObject, URI: uri, StageAt: at.Add(time.Millisecond)}}
	}
	for _, c := range []struct {
		name       string
		rec        *Record
		want, made bool
	}{
		{"create", req("create", 201, 0, 7, "/x"), true, true},
		{"update that moved", req("update", 200, 6, 7, "/x"), true, true},
		{"update without effect", req("update", 200, 7, 7, "/x"), true, false},
		{"patch may be a no-op", req("patch", 200, 0, 7, "/x"), true, false},
		{"apply that creates", req("patch", 201, 0, 7, "/x"), true, true},
		{"dry run", req("create", 201, 0, 7, "/x?dryRun=All"), false, false},
		{"conflict", req("update", 409, 6, 7, "/x"), false, false},
		{"no answer", req("get", 200, 0, 0, "/x"), false, false},
	} {
		p, storage, ok := PinOf(c.rec)
		if ok != c.want || p.Made != c.made || storage != MainStorage {
			t.Errorf("%s: got %+v, %v", c.name, p, ok)
		}
	}
}

func TestRequestOptions(t *testing.T) {
	q := &Request{URI: "/api/v1/pods/x?dryRun=All&fieldManager=kubectl&force=true&limit=5&timeoutSeconds=3&%zz"}
	o := q.Options()
	if !o.DryRun || o.FieldManager != "kubectl" || !o.Force || o.Limit != 5 {
		b, _ := json.Marshal(o)
		t.Errorf("got %s", b)
	}
	q = &Request{URI: "/api/v1/pods/x", SentKind: SentDelete, Sent: []byte(`{"kind":"DeleteOptions","dryRun":["All"]}`)}
	if !q.Options().DryRun {
		t.Error("a dry run said in DeleteOptions was not seen")
	}
}

func TestGuessResource(t *testing.T) {
	for kind, want := range map[string]string{"Deployment": "deployments", "Ingress": "ingresses", "NetworkPolicy": "networkpolicies",
		"Endpoints": "endpoints", "Gateway": "gateways", "StorageClass": "storageclasses", "EndpointSlice": "endpointslices"} {
		if got := GuessResource(kind); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}

// WholeState reads what Decode does, and nothing from a record cut short.
func TestWholeState(t *testing.T) {
	for _, r := range []*Record{
		{Kind: KindRevision, Ref: ObjectRef{Cluster: "c", Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Subresource: "s", Namespace: "n", Name: "web", UID: "u"},
			Revision: &Revision{RV: 1 << 40, Body: []byte(`{"kind":"Deployment"}`)}, Provenance: Provenance{Sources: FromWatch}},
		{Kind: KindRevision, Revision: &Revision{RV: 1, Body: []byte(`{}`), Partial: PartialScale}},
		{Kind: KindRevision, Revision: &Revision{RV: 1, Cut: true}},
		{Kind: KindProgress, Progress: &Progress{RV: 1}},
	} {
		b := Append(nil, r)
		body, whole := WholeState(b)
		want := r.Kind == KindRevision && r.Revision.Partial == Whole && len(r.Revision.Body) > 0
		if whole != want || (whole && string(body) != string(r.Revision.Body)) {
			t.Errorf("%+v: %q, %v", r, body, whole)
		}
		for n := range b {
			if body, whole := WholeState(b[:n]); whole && string(body) != string(r.Revision.Body) {
				t.Errorf("cut after %d bytes: %q", n, body)
			}
		}
	}
}

// TestMayChange: reads, and what only uses an object through a subresource, change nothing.
func TestMayChange(t *testing.T) {
	for _, c := range []struct {
		verb, sub string
		code      int
		want      bool
	}{
		{"update", "", 200, true}, {"get", "", 200, false}, {"watch", "", 200, false}, {"patch", "status", 200, true}, {"create", "binding", 201, true},
		{"create", "eviction", 201, true}, {"create", "token", 201, false}, {"get", "exec", 101, false}, {"create", "portforward", 101, false},
		{"create", "proxy/healthz", 200, false}, {"create", "proxyclass", 201, true},
	} {
		r := &Record{Kind: KindRequest, Ref: ObjectRef{Subresource: c.sub}, Request: &Request{Verb: c.verb, Code: c.code}}
		if got := r.MayChange(); got != c.want {
			t.Errorf("%s %s: %v", c.verb, c.sub, got)
		}
	}
}
