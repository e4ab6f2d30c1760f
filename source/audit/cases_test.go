package audit

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// decoded is what one line gave.
type decoded struct {
	all      []*record.Record
	request  *record.Request
	ref      record.ObjectRef
	revision *record.Revision
	end      *record.End
	event    *record.KubeEvent
}

func decode(tb testing.TB, raw []byte) decoded {
	tb.Helper()
	all, err := Decode(raw, Options{Cluster: "test", Redactor: redact.Off()})
	if err != nil {
		tb.Fatalf("%v: %.300s", err, raw)
	}
	out := decoded{all: all, request: all[0].Request, ref: all[0].Ref}
	for _, r := range all[1:] {
		switch r.Kind {
		case record.KindRevision:
			out.revision = r.Revision
		case record.KindEnd:
			out.end = r.End
		case record.KindKubeEvent:
			out.event = r.KubeEvent
		}
	}
	return out
}

// A recorded line is found by what it contains and does not contain.
type line struct{ with, without []string }

func has(parts ...string) line          { return line{with: parts} }
func (l line) not(parts ...string) line { l.without = parts; return l }
func (l line) find(all [][]byte) (b []byte) {
next:
	for _, raw := range all {
		for _, part := range l.with {
			if !bytes.Contains(raw, []byte(part)) {
				continue next
			}
		}
		for _, part := range l.without {
			if bytes.Contains(raw, []byte(part)) {
				continue next
			}
		}
		return raw
	}
	return nil
}

func TestRealLines(t *testing.T) {
	all := lines(t, "scenarios", "audit.jsonl")
	all = append(all, lines(t, "scenarios", "bootstrap.audit.jsonl")...)
	for _, tt := range []struct {
		name string
		line line
		want func(decoded) string // what is wrong; empty if nothing
	}{
		{"create", has(`"verb":"create"`, `"resource":"deployments"`, `"code":201`).not(`dryRun`), func(d decoded) string {
			if d.revision == nil || d.end != nil || d.request.Answer != record.BodyObject || d.request.SentKind != record.SentDelta {
				return "a create makes a revision and keeps what it sent as a delta"
			}
			if d.ref.Kind != "Deployment" || d.ref.UID == "" || d.request.AnswerRV != d.revision.RV {
				return "the answer completes the reference"
			}
			return ""
		}},
		{"generateName", has(`"verb":"create"`, `"generateName":"web-`, `"resource":"pods"`, `"code":201`).not(`"subresource"`), func(d decoded) string {
			if !d.request.Flags.Has(record.FlagGeneratedName) || !strings.HasPrefix(d.ref.Name, "web-") || d.revision == nil {
				return "the name comes from the answer"
			}
			return ""
		}},
		{"binding", has(`"verb":"create"`, `"subresource":"binding"`), func(d decoded) string {
			if d.revision != nil || d.end != nil || d.request.SentKind != record.SentObject || d.request.NamedUID == "" || d.ref.Subresource != "binding" {
				return "a binding makes no revision, names the pod's UID and is kept as sent"
			}
			return ""
		}},
		{"eviction", has(`"verb":"create"`, `"subresource":"eviction"`, `"code":201`), func(d decoded) string {
			if len(d.all) != 1 || d.request.SentKind != record.SentObject || d.request.Answer != record.BodyStatus || d.request.AnswerEnds {
				return "an eviction is a request alone"
			}
			return ""
		}},
		{"eviction refused", has(`"subresource":"eviction"`, `"code":429`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Reason != "TooManyRequests" || len(d.request.Causes) == 0 {
				return "429 has a reason and causes"
			}
			return ""
		}},
		{"token", has(`"subresource":"token"`, `"kind":"TokenRequest"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Answer != record.BodyOther || d.request.AnswerUID != "" {
				return "a token request makes no revision and names no UID"
			}
			return ""
		}},
		{"scale", has(`"verb":"update"`, `"subresource":"scale"`, `"kind":"Scale"`, `"code":200`), func(d decoded) string {
			if d.revision == nil || d.revision.Partial != record.PartialScale || d.request.Answer != record.BodyScale || d.ref.Kind != "" {
				return "Scale is a partial revision of the object"
			}
			return ""
		}},
		{"delete with grace", has(`"verb":"delete"`, `"resource":"pods"`, `"deletionGracePeriodSeconds":5`), func(d decoded) string {
			if d.revision == nil || d.end != nil || d.request.AnswerEnds || d.request.SentKind != record.SentDelete {
				return "a pod with a grace period is marked, not ended"
			}
			return ""
		}},
		{"delete with grace 0", has(`"verb":"delete"`, `"resource":"pods"`, `"deletionGracePeriodSeconds":0`), func(d decoded) string {
			if d.revision != nil || d.end == nil || d.end.RV == 0 || len(d.end.LastBody) == 0 || !d.request.AnswerEnds || len(d.end.Requests) != 1 {
				return "the answer carries the end's resourceVersion and is no revision"
			}
			if d.end.Requests[0].ID != d.all[0].ID() {
				return "the end names its request"
			}
			return ""
		}},
		{"delete answered by the object", has(`"verb":"delete"`, `"resource":"services"`, `"kind":"Service"`), func(d decoded) string {
			if d.revision != nil || d.end == nil || d.end.RV == 0 {
				return "a Service ends at once"
			}
			return ""
		}},
		{"delete answered by Status", has(`"verb":"delete"`, `"resource":"replicasets"`, `"status":"Success"`), func(d decoded) string {
			if d.revision != nil || d.end == nil || d.end.RV != 0 || d.request.AnswerUID == "" || d.ref.UID != d.request.AnswerUID {
				return "details.uid names what ended"
			}
			return ""
		}},
		{"delete in the foreground", has(`"verb":"delete"`, `"resource":"deployments"`, `"foregroundDeletion"`), func(d decoded) string {
			if d.revision == nil || d.end != nil {
				return "a finalizer holds it"
			}
			return ""
		}},
		{"delete, orphaning", has(`"verb":"delete"`, `"propagationPolicy":"Orphan"`, `"finalizers":["orphan"]`), func(d decoded) string {
			if d.revision == nil || d.end != nil {
				return "the orphan finalizer holds it"
			}
			return ""
		}},
		{"delete of a namespace", has(`"verb":"delete"`, `"resource":"namespaces"`, `"finalizers":["kubernetes"]`), func(d decoded) string {
			if d.revision == nil || d.end != nil || d.ref.Namespace != "" || d.ref.Name == "" {
				return "spec.finalizers hold a namespace, which is its own object"
			}
			return ""
		}},
		{"namespace finalized", has(`"subresource":"finalize"`, `"code":200`), func(d decoded) string {
			if d.revision != nil || d.end == nil || d.end.RV != 0 || !d.request.AnswerEnds || d.request.AnswerRV == 0 {
				return "the last spec.finalizer went: an end, with the old resourceVersion in the answer"
			}
			return ""
		}},
		{"last finalizer by partial metadata", has(`"verb":"patch"`, `"kind":"PartialObjectMetadata"`, `"deletionTimestamp"`, `"resource":"replicasets"`), func(d decoded) string {
			if d.revision != nil || d.end == nil || d.request.Answer != record.BodyPartialMetadata {
				return "partial metadata can tell the end too"
			}
			return ""
		}},
		{"last finalizer by update", has(`"verb":"update"`, `"resource":"persistentvolumeclaims"`, `"deletionTimestamp"`).not(`"finalizers"`, `"subresource"`), func(d decoded) string {
			if d.revision != nil || d.end == nil || len(d.end.LastBody) == 0 {
				return "the body answered was never stored"
			}
			return ""
		}},
		{"partial metadata read", has(`"verb":"get"`, `"kind":"PartialObjectMetadata"`), func(d decoded) string {
			if d.revision == nil || d.revision.Partial != record.PartialMetadata || len(d.request.Sent) != 0 {
				return "a read of metadata is a partial state"
			}
			return ""
		}},
		{"get", has(`"verb":"get"`, `"resource":"nodes"`, `"kind":"Node"`), func(d decoded) string {
			if d.revision == nil || d.revision.Partial != record.Whole {
				return "a read's body is a state"
			}
			return ""
		}},
		{"list", has(`"verb":"list"`, `"kind":"PodList"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Answer != record.BodyList || d.request.AnswerRV == 0 || len(d.request.Items) != 0 {
				return "of a list the head is kept"
			}
			return ""
		}},
		{"table", has(`"kind":"Table"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Answer != record.BodyOther {
				return "a Table is no revision"
			}
			return ""
		}},
		{"review", has(`"kind":"SelfSubjectAccessReview"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Answer != record.BodyOther || d.request.SentKind != record.SentObject || d.request.Flags.Has(record.FlagGeneratedName) {
				return "a review is a request alone"
			}
			return ""
		}},
		{"deletecollection that ends", has(`"verb":"deletecollection"`, `"kind":"ConfigMapList"`, `"uid"`).not(`"finalizers"`), func(d decoded) string {
			if d.revision == nil || d.end == nil || len(d.request.Items) != 1 || !d.request.Items[0].Ends || d.end.RV != 0 {
				return "a ConfigMap's item is a state, and its end"
			}
			if !strings.HasPrefix(string(d.revision.Body), `{"kind":"ConfigMap","apiVersion":"v1",`) {
				return "items get kind and apiVersion from the list"
			}
			return ""
		}},
		{"deletecollection that marks", has(`"verb":"deletecollection"`, `"kind":"PodList"`, `"nodeName"`).not(`"phase":"Failed"`, `"phase":"Succeeded"`), func(d decoded) string {
			if d.revision == nil || d.end != nil || d.request.Items[0].Ends {
				return "running pods are only marked"
			}
			return ""
		}},
		{"deletecollection of Events", has(`"verb":"deletecollection"`, `"kind":"EventList"`, `"uid"`), func(d decoded) string {
			if d.revision != nil || d.end != nil || d.event == nil {
				return "Events make no revision and no end"
			}
			return ""
		}},
		{"Event", has(`"verb":"patch"`, `"resource":"events"`, `"code":200`), func(d decoded) string {
			if d.revision != nil || d.event == nil || d.event.Count < 2 || d.all[1].OccurredAt != d.event.LastSeen {
				return "a patch of an Event is a state of it"
			}
			return ""
		}},
		{"status", has(`"verb":"update"`, `"subresource":"status"`, `"code":200`, `"resource":"deployments"`), func(d decoded) string {
			if d.revision == nil || d.ref.Subresource != "status" || d.all[1].Ref.Subresource != "" || d.request.NamedRV == 0 {
				return "a status update answers the object"
			}
			return ""
		}},
		{"approval", has(`"subresource":"approval"`), func(d decoded) string {
			if d.revision == nil {
				return "an approval answers the object"
			}
			return ""
		}},
		{"apply that creates", has(`"verb":"patch"`, `"code":201`), func(d decoded) string {
			if d.revision == nil || d.request.SentKind != record.SentPatch || len(d.request.Sent) == 0 {
				return "an apply may create"
			}
			return ""
		}},
		{"JSON patch", has(`"verb":"patch"`, `"requestObject":[`, `"code":200`), func(d decoded) string {
			if !d.request.Flags.Has(record.FlagSentJSONPatch) || d.request.Sent[0] != '[' || d.revision == nil {
				return "an array"
			}
			return ""
		}},
		{"dry run in the URI", has(`dryRun=All`, `"code":201`), func(d decoded) string {
			if len(d.all) != 1 || !d.request.Options().DryRun {
				return "a dry run stores nothing"
			}
			return ""
		}},
		{"conflict", has(`"code":409`, `"verb":"update"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Reason != "Conflict" || d.request.Message == "" || d.request.SentKind != record.SentObject {
				return "a 409 keeps what was sent, whole"
			}
			return ""
		}},
		{"not found", has(`"code":404`, `"verb":"get"`, `"resource":"pods"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Reason != "NotFound" || d.request.Answer != record.BodyStatus {
				return "a 404 is a request alone"
			}
			return ""
		}},
		{"invalid", has(`"code":422`, `"causes"`, `"field":"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Reason != "Invalid" || len(d.request.Causes) == 0 || d.request.Causes[0].Field == "" {
				return "causes name fields"
			}
			return ""
		}},
		{"impersonated and forbidden", has(`"impersonatedUser"`, `"code":403`), func(d decoded) string {
			a := d.request.Actor
			if a.User != "mallory" || a.Impersonator != "admin" || a.Authenticated() != "admin" || len(a.Groups) != 1 {
				return "acts as the impersonated user"
			}
			return ""
		}},
		{"unauthorized", has(`"user":{}`), func(d decoded) string {
			if d.request.Code != 401 || d.request.Stage != record.StageResponseStarted || d.request.Actor.User != "" {
				return "a 401 has no user"
			}
			return ""
		}},
		{"exec", has(`"subresource":"exec"`, `"stage":"ResponseComplete"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.IsRead() || d.request.Verb != "get" {
				return "exec is no read"
			}
			return ""
		}},
		{"watch", has(`"verb":"watch"`, `"stage":"ResponseStarted"`), func(d decoded) string {
			if len(d.all) != 1 || d.request.Stage != record.StageResponseStarted || d.request.StageAt.IsZero() {
				return "stages are kept apart"
			}
			return ""
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := tt.line.find(all)
			if raw == nil {
				t.Fatal("the recording has no such line")
			}
			d := decode(t, raw)
			if wrong := tt.want(d); wrong != "" {
				t.Errorf("%s\n%+v\nof %s", wrong, d.request, raw[:min(len(raw), 2000)])
			}
			if d.revision != nil && (rawjson.Get(d.revision.Body, "kind") == nil || rawjson.Get(d.revision.Body, "apiVersion") == nil) {
				t.Error("a body without kind and apiVersion")
			}
			if d.end != nil {
				for _, r := range d.all {
					if r.Kind == record.KindEnd && (r.Ref.UID == "" || r.Ref.Subresource != "") {
						t.Errorf("end of %+v", r.Ref)
					}
				}
			}
		})
	}
}

func TestStagesOfAllEvents(t *testing.T) {
	d := newDecoder()
	stages := map[record.Stage]int{}
	for _, raw := range lines(t, "deployment-allstages", "audit.jsonl") {
		out, err := d.Decode(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		stages[out[0].Request.Stage]++
		if out[0].Request.Stage != record.StageResponseComplete && len(out) != 1 {
			t.Errorf("stage %s made more than a request", out[0].Request.Stage)
		}
	}
	if stages[record.StageRequestReceived] == 0 || stages[record.StageResponseComplete] == 0 {
		t.Errorf("stages %v", stages)
	}
}

func TestMetadataLevel(t *testing.T) {
	d := newDecoder()
	ends, generated := 0, 0
	for _, raw := range lines(t, "deployment-metadata", "audit.jsonl") {
		out, err := d.Decode(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		q := out[0].Request
		if q.Level != record.LevelMetadata || q.Sent != nil {
			t.Errorf("level %s, sent %q", q.Level, q.Sent)
		}
		for _, r := range out[1:] {
			if r.Kind != record.KindEnd || !q.AnswerEnds {
				t.Errorf("a %s at Metadata level", r.Kind)
			}
			ends++
		}
		if q.Flags.Has(record.FlagGeneratedName) {
			generated++
			if r := out[0].Ref; r.Name != "" || r.Resource != "pods" && r.Resource != "endpointslices" && r.Resource != "certificatesigningrequests" {
				t.Errorf("generated name: %+v", out[0].Ref)
			}
		}
	}
	if ends == 0 || generated == 0 {
		t.Errorf("%d ends by details.uid, %d generated names", ends, generated)
	}
}
