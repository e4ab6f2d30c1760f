package record

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPeekRequest(t *testing.T) {
	r := &Record{Kind: KindRequest, OccurredAt: time.Unix(1763647380, 5).UTC(),
		Ref: ObjectRef{Cluster: "east", Group: "apps", Version: "v1", Resource: "deployments", Subresource: "scale", Namespace: "shop", Name: "web", UID: "u"},
		Request: &Request{AuditID: "a", Stage: StageResponseComplete, Level: LevelMetadata, Verb: "patch", URI: "/apis", Code: 409, Reason: "Conflict", Message: "m", Causes: []Cause{{Field: "f"}},
			StageAt: time.Unix(1763647380, 9).UTC(), Annotated: []KeyValue{{"a", "b"}}, NamedRV: 7, NamedUID: "u", Answer: BodyList, AnswerUID: "w", AnswerRV: 9,
			SentKind: SentDelete, Sent: []byte(`{"dryRun":["All"]}`), Items: []Item{{Name: "i", UID: "x"}},
			Actor: Actor{User: "jane", UserUID: "7", Groups: []string{"g", "h"}, Extra: []KeyValue{{"k", "v"}}, Impersonator: "i", UserAgent: "kubectl", SourceIPs: []string{"::1"}}}}
	b := Append(nil, r)
	h, ok := PeekRequest(b)
	if diff := cmp.Diff(HeadOf(r), h, cmpopts.IgnoreUnexported(h)); !ok || diff != "" || string(h.Subresource) != "scale" || string(h.Impersonator) != "i" || string(h.Reason) != "Conflict" {
		t.Errorf("PeekRequest: %v (-of the record +peeked):\n%s", ok, diff)
	}
	if _, ok := PeekRequest(Append(nil, &Record{Kind: KindRevision, Revision: &Revision{RV: 1}})); ok {
		t.Error("a revision passes for a request")
	}
	if tail, ok := h.Tail(); !ok || tail.NamedRV != 7 || tail.AnswerRV != 9 || tail.Answer != BodyList || !tail.IsDryRun() || tail.Items != 1 {
		t.Errorf("tail %v %+v", ok, tail)
	}
	if n := testing.AllocsPerRun(10, func() { h, _ := PeekRequest(b); h.Tail() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzPeekRequest(f *testing.F) {
	for _, q := range []Request{{Verb: "get", Actor: Actor{User: "jane"}, Code: 200}, {Verb: "get", URI: "/api/v1/namespaces/a/pods/b/exec?command=ls"},
		{Verb: "get", URI: "/portforward", Code: 101}, {Verb: "watch"}} {
		f.Add(Append(nil, &Record{Kind: KindRequest, Request: &q}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := PeekRequest(b)
		r, err := Decode(b)
		if err != nil || r.Kind != KindRequest {
			return
		}
		if !ok || !cmp.Equal(HeadOf(r), h, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(h)) {
			t.Errorf("PeekRequest %+v of %+v", h, r.Request)
		}
		head := HeadOf(r)
		want, _ := head.Tail()
		if tail, ok := h.Tail(); !ok || !cmp.Equal(want, tail, cmpopts.EquateEmpty()) || tail.IsDryRun() != (tail.SentKind == SentDelete && strings.Contains(string(r.Request.Sent), `"dryRun":["All"]`)) {
			t.Errorf("tail %v %+v of %+v", ok, tail, r.Request)
		}
		if h.IsRead() != r.Request.IsRead() {
			t.Errorf("IsRead of %s %s, %d: %v", h.Verb, h.URI, h.Code, h.IsRead())
		}
	})
}
