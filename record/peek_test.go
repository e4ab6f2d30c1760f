package record

import (
	"testing"
	"time"
)

func TestPeekRequest(t *testing.T) {
	r := &Record{Kind: KindRequest, OccurredAt: time.Unix(1763647380, 5).UTC(),
		Ref: ObjectRef{Cluster: "east", Group: "apps", Version: "v1", Resource: "deployments", Subresource: "scale", Namespace: "shop", Name: "web", UID: "u"},
		Request: &Request{AuditID: "a", Stage: StageResponseComplete, Level: LevelMetadata, Verb: "patch", URI: "/apis", Code: 409, Message: "m",
			Actor: Actor{User: "jane", UserUID: "7", Groups: []string{"g", "h"}, Extra: []KeyValue{{"k", "v"}}, Impersonator: "i", UserAgent: "kubectl", SourceIPs: []string{"::1"}}}}
	b := Append(nil, r)
	h, ok := PeekRequest(b)
	if !ok || string(h.Group) != "apps" || string(h.Resource) != "deployments" || string(h.Namespace) != "shop" || string(h.Name) != "web" ||
		h.Stage != StageResponseComplete || string(h.Verb) != "patch" || string(h.User) != "jane" || h.Code != 409 {
		t.Errorf("PeekRequest: %v %+v", ok, h)
	}
	if _, ok := PeekRequest(Append(nil, &Record{Kind: KindRevision, Revision: &Revision{RV: 1}})); ok {
		t.Error("a revision passes for a request")
	}
	if n := testing.AllocsPerRun(10, func() { PeekRequest(b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzPeekRequest(f *testing.F) {
	f.Add(Append(nil, &Record{Kind: KindRequest, Request: &Request{Verb: "get", Actor: Actor{User: "jane"}, Code: 200}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := PeekRequest(b)
		r, err := Decode(b)
		if err != nil || r.Kind != KindRequest {
			return
		}
		if !ok || string(h.Verb) != r.Request.Verb || string(h.User) != r.Request.Actor.User || h.Code != r.Request.Code || string(h.Name) != r.Ref.Name {
			t.Errorf("PeekRequest %+v of %+v", h, r.Request)
		}
	})
}
