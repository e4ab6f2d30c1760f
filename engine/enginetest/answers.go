package enginetest

import (
	"time"

	"github.com/kubewake/kubewake/engine"
)

// Web is the object that the answers are about.
func Web() engine.Ref {
	return engine.Ref{Cluster: "prod", Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web",
		UID: "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a"}
}

func alice() *engine.Actor {
	return &engine.Actor{User: "alice", Impersonator: "kubernetes-admin", Groups: []string{"dev", "system:authenticated"},
		UserAgent: "kubectl/v1.37.1", FieldManager: "kubectl-client-side-apply", SourceIPs: []string{"192.0.2.7"}}
}

func controller() *engine.Actor {
	return &engine.Actor{User: "system:serviceaccount:kube-system:deployment-controller", UserAgent: "kube-controller-manager/v1.37.1"}
}

func patch() *engine.Request {
	return &engine.Request{ID: "00112233445566778899aabbccddeeff", AuditID: "a-1", Stage: "ResponseComplete", Level: "RequestResponse", Verb: "patch",
		Subresource: "scale", URI: "/apis/apps/v1/namespaces/shop/deployments/web/scale", Code: 200, Actor: *alice(), ReceivedAt: *At(1000), LatencyMS: 6.5,
		Annotations: map[string]string{"authorization.k8s.io/decision": "allow"}, Sent: raw(`{"spec":{"replicas":4}}`), SentKind: "merge-patch",
		Notes: []string{"truncated"}}
}

func denied() *engine.Request {
	return &engine.Request{ID: "11112233445566778899aabbccddeeff", AuditID: "a-2", Stage: "ResponseComplete", Level: "Metadata", Verb: "update",
		URI: "/apis/apps/v1/namespaces/shop/deployments/web", Code: 409, Reason: "Conflict", Message: "the object has been modified",
		Causes: []engine.Cause{{Field: "spec.replicas", Reason: "FieldValueInvalid", Message: "must be greater"}},
		Actor:  *alice(), ReceivedAt: *At(2000), LatencyMS: 2, DryRun: true}
}

// Gap is one hole.
func Gap() engine.Gap {
	return engine.Gap{Reason: "level", Scope: engine.Ref{Cluster: "prod", Resource: "secrets"}, From: At(0), To: At(60_000), FromRV: "10", ToRV: "20", Count: 3,
		Sentence: "Writes to secrets were recorded at level Metadata: their content is not known; record them at RequestResponse."}
}

// Coverage with one gap listed and one not.
func Coverage() *engine.Coverage {
	return &engine.Coverage{Gaps: []engine.Gap{Gap()}, Cut: 1}
}

// Info of one cluster.
func Info() *engine.Info {
	return &engine.Info{Version: "v0.1.0", Data: "/var/lib/kubewake", Disk: 1_500_000, Clusters: []engine.ClusterInfo{
		{Name: "prod", First: At(0), Last: At(60_000), Incarnations: []string{"u-1", "u-2"}, Epochs: 2, Objects: 1234}}}
}

// Objects lists one that is alive and one that ended.
func Objects() *engine.Objects {
	ended := Web()
	ended.Name, ended.UID = "old", "00000000-0000-0000-0000-000000000001"
	return &engine.Objects{
		Objects: []engine.ObjectEntry{
			{Ref: Web(), CreatedAt: At(0), FirstSeen: At(5), LastSeen: At(60_000), FirstRV: "811", LastRV: "835", Revisions: 12, Labels: map[string]string{"app": "web"}},
			{Ref: ended, CreatedAt: At(0), FirstSeen: At(5), LastSeen: At(9_000), EndedAt: At(9_000), Ended: true, FirstRV: "700", LastRV: "720", Revisions: 2},
		},
		Total: 3, Cut: "limit of 2 objects", Cursor: "b2xk", Coverage: Coverage(),
	}
}

// Changes are one of each kind.
func Changes() []engine.Change {
	return []engine.Change{
		{Path: "spec.replicas", Op: "change", From: raw(`2`), To: raw(`4`)},
		{Path: "metadata.annotations[note]", Op: "add", To: raw(`"rolled by hand"`)},
		{Path: "spec.template.spec.containers[name=sidecar]", Op: "remove", From: raw(`{"image":"envoy:v1","name":"sidecar"}`), Match: "name"},
		{Path: "spec.list[1]", Op: "move", Note: "equal quantity"},
		{Path: "data[app.conf]", Op: "change", From: raw(`"a=1\nb=2\nc=3\nd=4\n"`), To: raw(`"a=1\nb=2\nc=9\nd=4\n"`)},
	}
}

// History has one entry of each kind, and every certainty.
func History() *engine.History {
	web := Web()
	exact := &engine.Maker{Certainty: engine.Exact, Request: patch(), Actor: alice(), Evidence: []string{"its answer carries resourceVersion 830"}}
	guess := &engine.Maker{Certainty: engine.Candidate, Candidates: []*engine.Request{patch(), denied()}, Actor: controller(), Evidence: []string{"two writes lie in its interval"}}
	event := &engine.Event{Name: "web.1", UID: "e-1", Type: "Warning", Reason: "FailedCreate", Note: "quota exceeded", Action: "Scaling", Source: "deployment-controller",
		Regarding: web, FieldPath: "spec", FirstSeen: *At(2500), LastSeen: *At(3000), Count: 5, States: 2, Matched: "uid"}
	gap := Gap()
	return &engine.History{
		Object: web,
		Lives:  []engine.Life{{UID: web.UID, CreatedAt: At(0), Ended: &engine.When{At: At(60_000)}, Revisions: 3}},
		Entries: []engine.Entry{
			{ID: "1", Kind: "revision", When: engine.When{At: At(100), NotAfter: At(100)}, UID: web.UID, Summary: "first seen", Certainty: engine.Unknown,
				Revision: &engine.Revision{ResourceVersion: "811", Sources: []string{"watch"}, Maker: &engine.Maker{Certainty: engine.Unknown, Evidence: []string{"no request recorded"}}, Changes: []engine.Change{}, First: true}},
			{ID: "2", Kind: "revision", When: when(1006), UID: web.UID, Summary: "spec.replicas 2 → 4", Actor: alice(), Verb: "patch", Subresource: "scale", Code: 200, Certainty: engine.Exact,
				Revision: &engine.Revision{ResourceVersion: "830", Epoch: 1, Partial: "scale", Conflict: true, Sources: []string{"audit", "watch"}, Maker: exact, Changes: Changes()}},
			{ID: "3", Kind: "request", When: engine.When{At: At(2000)}, UID: web.UID, Summary: "409 Conflict: the object has been modified", Actor: alice(), Verb: "update", Code: 409, Certainty: engine.Exact, Request: denied()},
			{ID: "4", Kind: "event", When: engine.When{At: At(3000)}, UID: web.UID, Summary: "quota exceeded", Event: event},
			{ID: "5", Kind: "revision", When: engine.When{At: At(4000), NotBefore: At(3000), NotAfter: At(6000), Basis: "received"}, UID: web.UID, Summary: "status.replicas 2 → 4", Actor: controller(), Verb: "update", Subresource: "status", Certainty: engine.Candidate,
				Revision: &engine.Revision{ResourceVersion: "835", Sources: []string{"watch"}, Maker: guess, Changes: []engine.Change{{Path: "status.replicas", Op: "change", From: raw(`2`), To: raw(`4`)}}}},
			{ID: "6", Kind: "gap", When: engine.When{At: At(7000)}, Summary: gap.Sentence, Gap: &gap},
			{ID: "7", Kind: "end", When: when(60_000), UID: web.UID, Summary: "deleted", Actor: alice(), Verb: "delete", Code: 200, Certainty: engine.Inferred,
				End: &engine.End{ResourceVersion: "900", Maker: exact, Sources: []string{"watch"}}},
		},
		Cut: "limit of 7 entries", Cursor: "Nw", Coverage: Coverage(),
	}
}

// State is inside an uncertain interval, with everything that can be said of that.
func State() *engine.State {
	return &engine.State{
		Object:   Web(),
		Manifest: raw(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":4}}`),
		Revision: "830", When: when(1006), Certainty: engine.Assumed, Reason: "only its scale was recorded",
		Next:    &engine.NextRevision{ResourceVersion: "835", When: engine.When{At: At(4000), NotBefore: At(3000), NotAfter: At(6000), Basis: "received"}},
		Assumed: []string{"spec.template", "metadata.labels"}, Conflict: true, Coverage: Coverage(),
	}
}

// Diff has one change of each kind.
func Diff() *engine.Diff {
	from, to := State(), State()
	from.Manifest, to.Manifest, from.Coverage, to.Coverage = raw(`null`), raw(`null`), nil, nil
	from.Revision, from.When = "811", when(100)
	return &engine.Diff{Object: Web(), From: from, To: to, Changes: Changes(), Folded: 3, Cut: "limit of 5 changes", Coverage: Coverage(),
		Makers: []engine.Maker{{Certainty: engine.Exact, Request: patch(), Actor: alice(), Evidence: []string{"its answer carries resourceVersion 830"}}}}
}

// Blame has a field of each certainty.
func Blame() *engine.Blame {
	since := when(1006)
	return &engine.Blame{Object: Web(), Revision: "835", When: when(6000), Coverage: Coverage(), Fields: []engine.Blamed{
		{Path: "spec.replicas", Value: raw(`4`), Since: &since, ResourceVersion: "830", Actor: alice(), Manager: "kubectl", Operation: "Apply", Webhook: "scaler.example.com",
			Verb: "patch", Subresource: "scale", RequestID: "00112233445566778899aabbccddeeff", Certainty: engine.Exact, Reason: "changed by the request that made the revision"},
		{Path: "spec.paused", Value: raw(`false`), Before: &engine.When{At: At(100)}, Manager: "kubectl-create", Operation: "Update", Certainty: engine.Inferred, Reason: "older than the recording; by managedFields"},
		{Path: "metadata.labels.app", Value: raw(`"web"`), Before: &engine.When{At: At(100)}, Certainty: engine.Assumed, Reason: "only its scale was recorded"},
	}}
}

// Hits of a search: a request, an event, a revision, a gap.
func Hits() []*engine.Hit {
	h, gap := History(), Gap()
	return []*engine.Hit{
		{ID: "3", Kind: "request", When: h.Entries[2].When, Object: Web(), Summary: h.Entries[2].Summary, Actor: alice(), Request: denied(), Cursor: "Mw"},
		{ID: "4", Kind: "event", When: h.Entries[3].When, Object: Web(), Summary: "quota exceeded", Event: h.Entries[3].Event, Cursor: "NA"},
		{ID: "5", Kind: "revision", When: h.Entries[4].When, Object: Web(), Summary: "status.replicas 2 → 4", Actor: controller(), RV: "835", Cursor: "NQ"},
		{ID: "6", Kind: "gap", When: h.Entries[5].When, Object: engine.Ref{Cluster: "prod"}, Summary: gap.Sentence, Gap: &gap, Cursor: "Ng"},
	}
}

// SearchEnd of those hits.
func SearchEnd() *engine.SearchEnd {
	return &engine.SearchEnd{Hits: 4, Scanned: 100, Unknown: 2, Failed: 1, FirstFail: "no such key: replicas", Cut: "limit of 4 hits", Cursor: "Ng", Coverage: Coverage()}
}

// Stat with one row per table.
func Stat() *engine.Stat {
	return &engine.Stat{
		Records:  []engine.Count{{Name: "request", Count: 956, Bytes: 400_000}, {Name: "revision", Count: 700, Bytes: 2_000_000}},
		Disk:     []engine.Class{{Name: "requests", Records: 956, Raw: 400_000, Disk: 60_000}},
		RawBytes: 4_900_000, OnDisk: 150_000,
		Tables:   []engine.Table{{Name: "requests by user", Rows: []engine.Count{{Name: "alice", Count: 12}}, More: 4}},
		Errors:   []engine.ErrRate{{User: "system:serviceaccount:shop:ci", Resource: "deployments.apps", Failed: 3, Total: 4, Rate: 0.75}},
		Coverage: Coverage(),
	}
}

// Newest is the time that relative times count from.
func Newest() time.Time { return *At(60_000) }
