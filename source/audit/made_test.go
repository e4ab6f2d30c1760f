package audit

// The events in this file are made by hand, each the least that shows one rule; real ones are in cases_test.go.

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// made builds an event; parts come before the times.
func made(verb, uri, ref string, code int, parts string) []byte {
	if parts != "" {
		parts = "," + parts
	}
	return fmt.Appendf(nil, `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"a-1","stage":"ResponseComplete",`+
		`"requestURI":%q,"verb":%q,"user":{"username":"alice"},"objectRef":%s,"responseStatus":{"metadata":{},"code":%d}%s,`+
		`"requestReceivedTimestamp":"2026-11-20T15:50:00.000001Z","stageTimestamp":"2026-11-20T15:50:00.000002Z"}`, uri, verb, ref, code, parts)
}

const (
	deployRef = `{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","apiVersion":"v1"}`
	podRef    = `{"resource":"pods","namespace":"shop","name":"p","apiVersion":"v1"}`
	deploy    = `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","namespace":"shop","uid":"u-1","resourceVersion":"7"%s}}`
)

func TestMadeAnswers(t *testing.T) {
	whole := fmt.Sprintf(deploy, "")
	for _, tt := range []struct {
		name      string
		raw       []byte
		revision  bool
		end       bool
		answer    record.BodyKind
		wantFlags record.RequestFlags
	}{
		{"update", made("update", "/x", deployRef, 200, `"responseObject":`+whole), true, false, record.BodyObject, 0},
		{"dry run in DeleteOptions", made("delete", "/x", deployRef, 200, `"requestObject":{"dryRun":["All"]},"responseObject":`+whole), false, false, record.BodyObject, 0},
		{"dry run in a delete's URI", made("delete", "/x?dryRun=All", deployRef, 200, `"responseObject":`+whole), false, false, record.BodyObject, 0},
		{"other group", made("update", "/x", `{"resource":"deployments","name":"web","apiGroup":"other","apiVersion":"v1"}`, 200, `"responseObject":`+whole), false, false, record.BodyOther, 0},
		{"non-numeric resourceVersion", made("get", "/x", deployRef, 200, `"responseObject":{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"uid":"u","resourceVersion":"a7"}}`), false, false, record.BodyObject, 0},
		{"no UID", made("get", "/x", deployRef, 200, `"responseObject":{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"resourceVersion":"7"}}`), false, false, record.BodyOther, 0},
		{"resize", made("patch", "/x", `{"resource":"pods","subresource":"resize","name":"p","apiVersion":"v1"}`, 200, `"responseObject":{"kind":"Pod","apiVersion":"v1","metadata":{"uid":"u","resourceVersion":"7"}}`), true, false, record.BodyObject, 0},
		{"ephemeral containers", made("patch", "/x", `{"resource":"pods","subresource":"ephemeralcontainers","name":"p","apiVersion":"v1"}`, 200, `"responseObject":{"kind":"Pod","apiVersion":"v1","metadata":{"uid":"u","resourceVersion":"7"}}`), true, false, record.BodyObject, 0},
		{"unknown subresource", made("update", "/x", `{"resource":"machines","subresource":"start","name":"p","apiGroup":"x.io","apiVersion":"v1"}`, 200, `"responseObject":{"kind":"Machine","apiVersion":"x.io/v1","metadata":{"uid":"u","resourceVersion":"7"}}`), false, false, record.BodyOther, 0},
		{"202 goes on", made("delete", "/x", deployRef, 202, `"responseObject":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"uid":"u-1"}}`), false, false, record.BodyStatus, 0},
		{"delete by Status", made("delete", "/x", deployRef, 200, `"responseObject":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"uid":"u-1"}}`), false, true, record.BodyStatus, 0},
		{"delete held by a finalizer", made("delete", "/x", deployRef, 200, `"responseObject":`+fmt.Sprintf(deploy, `,"deletionTimestamp":"2026-11-20T15:50:00Z","finalizers":["a/b"]`)), true, false, record.BodyObject, 0},
		{"delete of partial metadata", made("delete", "/x", deployRef, 200, `"responseObject":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"uid":"u","resourceVersion":"9"}}`), false, true, record.BodyPartialMetadata, 0},
		{"partial namespace", made("delete", "/x", `{"resource":"namespaces","namespace":"shop","name":"shop","apiVersion":"v1"}`, 200, `"responseObject":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"uid":"u","resourceVersion":"9"}}`), true, false, record.BodyPartialMetadata, 0},
		{"update of a pod that is going", made("update", "/x", podRef, 200, `"responseObject":{"kind":"Pod","apiVersion":"v1","metadata":{"uid":"u","resourceVersion":"7","deletionTimestamp":"2026-11-20T15:50:00Z","deletionGracePeriodSeconds":30}}`), true, false, record.BodyObject, 0},
		{"truncated", made("update", "/x", deployRef, 200, `"annotations":{"audit.k8s.io/truncated":"true"}`), false, false, record.BodyNone, record.FlagTruncated},
		{"skipped by AKS", made("update", "/x", deployRef, 200, `"requestObject":"skipped-too-big-size-object","responseObject":"skipped-too-big-size-object"`), false, false, record.BodyNone, record.FlagTruncated},
		{"a custom kind that ends in List", made("get", "/x", `{"resource":"allowlists","name":"a","apiGroup":"x.io","apiVersion":"v1"}`, 200, `"responseObject":{"kind":"AllowList","apiVersion":"x.io/v1","metadata":{"uid":"u","resourceVersion":"7"},"items":[]}`), true, false, record.BodyObject, 0},
		{"non-resource", []byte(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"n","stage":"ResponseComplete","requestURI":"/healthz","verb":"get","user":{"username":"x"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-11-20T15:50:00Z","stageTimestamp":"2026-11-20T15:50:00Z"}`), false, false, record.BodyNone, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := decode(t, tt.raw)
			if (d.revision != nil) != tt.revision || (d.end != nil) != tt.end || d.request.Answer != tt.answer || !d.request.Flags.Has(tt.wantFlags) {
				t.Errorf("revision %v, end %v, answer %s, flags %b", d.revision != nil, d.end != nil, d.request.Answer, d.request.Flags)
			}
			if d.request.AnswerEnds != tt.end {
				t.Errorf("AnswerEnds %v", d.request.AnswerEnds)
			}
		})
	}
}

func TestDeleteCollectionDecidesAsTheApiserver(t *testing.T) {
	pod := func(extra string) string {
		return `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"p","namespace":"shop","uid":"u","resourceVersion":"7"` + extra + `]}`
	}
	for _, tt := range []struct {
		name, resource, group, options, body string
		ends                                 bool
	}{
		{"running pod", "pods", "", `{}`, pod(`},"spec":{"nodeName":"n","terminationGracePeriodSeconds":30}}`), false},
		{"running pod, forced", "pods", "", `{"gracePeriodSeconds":0}`, pod(`},"spec":{"nodeName":"n","terminationGracePeriodSeconds":30}}`), true},
		{"not scheduled", "pods", "", `{}`, pod(`},"spec":{"terminationGracePeriodSeconds":30}}`), true},
		{"finished", "pods", "", `{}`, pod(`},"spec":{"nodeName":"n","terminationGracePeriodSeconds":30},"status":{"phase":"Succeeded"}}`), true},
		{"no grace", "pods", "", `{}`, pod(`},"spec":{"nodeName":"n","terminationGracePeriodSeconds":0}}`), true},
		{"going already", "pods", "", `{}`, pod(`,"deletionTimestamp":"2026-11-20T15:50:00Z","deletionGracePeriodSeconds":30},"spec":{"nodeName":"n"}}`), false},
		{"going already, forced", "pods", "", `{"gracePeriodSeconds":0}`, pod(`,"deletionTimestamp":"2026-11-20T15:50:00Z","deletionGracePeriodSeconds":30},"spec":{"nodeName":"n"}}`), true},
		{"held pod", "pods", "", `{"gracePeriodSeconds":0}`, pod(`,"finalizers":["a"]},"spec":{"nodeName":"n"}}`), false},
		{"job orphans by default", "jobs", "batch", `{}`, `{"kind":"JobList","apiVersion":"batch/v1","items":[{"metadata":{"uid":"u","resourceVersion":"7"}}]}`, false},
		{"job in the background", "jobs", "batch", `{"propagationPolicy":"Background"}`, `{"kind":"JobList","apiVersion":"batch/v1","items":[{"metadata":{"uid":"u","resourceVersion":"7"}}]}`, true},
		{"foreground", "configmaps", "", `{"propagationPolicy":"Foreground"}`, `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"uid":"u","resourceVersion":"7"}}]}`, false},
		{"orphanDependents", "configmaps", "", `{"orphanDependents":true}`, `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"uid":"u","resourceVersion":"7"}}]}`, false},
		{"partial pod", "pods", "", `{}`, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[{"metadata":{"uid":"u","resourceVersion":"7"}}]}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ref := fmt.Sprintf(`{"resource":%q,"namespace":"shop","apiGroup":%q,"apiVersion":"v1"}`, tt.resource, tt.group)
			d := decode(t, made("deletecollection", "/x", ref, 200, `"requestObject":`+tt.options+`,"responseObject":`+tt.body))
			if (d.end != nil) != tt.ends || len(d.request.Items) != 1 || d.request.Items[0].Ends != tt.ends {
				t.Errorf("end %v, items %+v", d.end != nil, d.request.Items)
			}
			if d.revision == nil || d.revision.RV != 7 {
				t.Error("an item is a state")
			}
		})
	}
}

func TestSentForms(t *testing.T) {
	answered := `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","uid":"u-1","resourceVersion":"7"},"spec":{"replicas":2,"paused":true}}`
	sent := `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web"},"spec":{"replicas":3}}`
	d := decode(t, made("update", "/x", deployRef, 200, `"requestObject":`+sent+`,"responseObject":`+answered))
	if want := `{"set":{"/spec/replicas":3},"unset":["/spec/paused"]}`; string(d.request.Sent) != want || d.request.SentKind != record.SentDelta {
		t.Errorf("%s %s", d.request.SentKind, d.request.Sent)
	}
	d = decode(t, made("update", "/x", deployRef, 200, `"requestObject":`+sent))
	if string(d.request.Sent) != sent || d.request.SentKind != record.SentObject {
		t.Errorf("without an answer: %s %s", d.request.SentKind, d.request.Sent)
	}
}

func TestPrettyPrintedBodiesAreCompacted(t *testing.T) {
	raw := []byte("{\n \"kind\": \"Event\",\n \"apiVersion\": \"audit.k8s.io/v1\", \"level\": \"RequestResponse\", \"auditID\": \"p\", \"stage\": \"ResponseComplete\"," +
		"\"verb\": \"get\", \"objectRef\": {\"resource\": \"pods\", \"apiVersion\": \"v1\"}, \"responseStatus\": {\"code\": 200}, \"responseObject\": {\n  \"kind\": \"Pod\",\n  \"apiVersion\": \"v1\", \"metadata\": {\"uid\": \"u\", \"resourceVersion\": \"3\"}},\n" +
		" \"requestReceivedTimestamp\": \"2026-11-20T15:50:00Z\"}")
	d := decode(t, raw)
	if d.revision == nil || string(d.revision.Body) != `{"kind":"Pod","apiVersion":"v1","metadata":{"uid":"u","resourceVersion":"3"}}` {
		t.Errorf("%+v", d.revision)
	}
}

func TestLimitsAreFlagged(t *testing.T) {
	o := Options{Cluster: "test", Redactor: redact.Off(), Limits: Limits{BodyBytes: 200, Fields: 2, StringBytes: 100, IDBytes: 20, Items: 1}}
	big := `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"uid":"u-1","resourceVersion":"7"},"spec":"` + strings.Repeat("x", 300) + `"}`
	out, err := Decode(made("update", "/x", deployRef, 200, `"requestObject":`+big+`,"responseObject":`+big), o)
	if err != nil || len(out) != 2 {
		t.Fatal(err, len(out))
	}
	if !out[0].Request.Flags.Has(record.FlagBodyCut) || out[0].Request.Sent != nil || !out[1].Revision.Cut || out[1].Revision.Body != nil {
		t.Errorf("%+v %+v", out[0].Request, out[1].Revision)
	}
	out, _ = Decode(made("get", "/"+strings.Repeat("é", 100), deployRef, 200, `"annotations":{"a":"1","b":"2","c":"3"}`), o)
	q := out[0].Request
	if !q.Flags.Has(record.FlagFieldsCut) || len(q.Annotated) != 2 || len(q.URI) > 100 || strings.Contains(q.URI, "\ufffd") {
		t.Errorf("%+v", q)
	}
	list := `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"uid":"u","resourceVersion":"7"}},{"metadata":{"uid":"v","resourceVersion":"8"}}]}`
	out, _ = Decode(made("deletecollection", "/x", `{"resource":"configmaps"}`, 200, `"responseObject":`+list), o)
	if q := out[0].Request; len(q.Items) != 1 || !q.Flags.Has(record.FlagItemsCut) {
		t.Errorf("%+v", q.Items)
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		raw  string
		want error
	}{
		{`{"kind":"Policy","apiVersion":"audit.k8s.io/v1"}`, ErrNotEvent},
		{`{"kind":"Event","apiVersion":"v1"}`, ErrNotEvent},
		{`[1]`, ErrNotEvent},
		{`{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete"}`, ErrNoID},
		{`{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"Dreaming"}`, ErrNoID},
		{`{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"Panic"}`, ErrNoTime},
	} {
		if _, err := Decode([]byte(tt.raw), Options{Redactor: redact.Off()}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.raw, err)
		}
	}
	var syntax *rawjson.SyntaxError
	if _, err := Decode([]byte(`{"kind":"Event","level":]}`), Options{Redactor: redact.Off()}); !errors.As(err, &syntax) || syntax.Offset != 24 {
		t.Errorf("%v", err)
	}
}

func TestHeaderAndTimes(t *testing.T) {
	out, err := Decode(made("get", "/api/v1/pods/x?a=1&b=2", podRef, 200, `"sourceIPs":["10.0.0.1","10.0.0.2"],"userAgent":"kubectl/v1"`),
		Options{Cluster: "prod", Redactor: redact.Off(), ReceivedAt: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	r := out[0]
	want := record.Actor{User: "alice", UserAgent: "kubectl/v1", SourceIPs: []string{"10.0.0.1", "10.0.0.2"}}
	if diff := cmp.Diff(want, r.Request.Actor); diff != "" {
		t.Error(diff)
	}
	if r.OccurredAt != time.Date(2026, 11, 20, 15, 50, 0, 1000, time.UTC) || r.Latency() != time.Microsecond || r.Ref.Cluster != "prod" {
		t.Errorf("%+v", r)
	}
	if r.Provenance.Sources != record.FromAudit || !r.Provenance.ReceivedAt.Equal(time.Unix(1, 0)) {
		t.Errorf("%+v", r.Provenance)
	}
}

func TestItemsOfEventLists(t *testing.T) {
	raw := []byte(`{"level":"Metadata","auditID":"w","stage":"ResponseComplete","verb":"get","requestReceivedTimestamp":"2026-11-20T15:50:00Z"}`)
	if out, err := newDecoder().Item(nil, raw); err != nil || len(out) != 1 {
		t.Errorf("%v %d", err, len(out))
	}
}

func TestAdmissionReview(t *testing.T) {
	raw := []byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"r-1","kind":{"group":"apps","version":"v1","kind":"Deployment"},` +
		`"resource":{"group":"apps","version":"v1","resource":"deployments"},"name":"web","namespace":"shop","operation":"UPDATE","userInfo":{"username":"alice","groups":["g"]},` +
		`"object":{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"uid":"u","resourceVersion":"7"}},"oldObject":{"metadata":{"uid":"u","resourceVersion":"7"}},"dryRun":false},` +
		`"requestReceivedTimestamp":"2026-11-20T15:50:00Z"}`)
	out, err := newDecoder().Admission(nil, raw)
	if err != nil || len(out) != 1 {
		t.Fatal(err, len(out))
	}
	r, q := out[0], out[0].Request
	if q.Stage != record.StageAdmission || !q.Flags.Has(record.FlagUnknownResult) || q.Verb != "update" || q.NamedRV != 7 || q.NamedUID != "u" ||
		q.Actor.User != "alice" || q.SentKind != record.SentObject || r.Ref.Resource != "deployments" || r.Ref.Namespace != "shop" || r.Provenance.Sources != record.FromAdmission {
		t.Errorf("%+v %+v", r.Ref, q)
	}
}

func TestGoogleLogEntry(t *testing.T) {
	raw := []byte(`{"insertId":"i-1","operation":{"id":"op-1","producer":"k8s.io","first":true,"last":true},"resource":{"type":"k8s_cluster","labels":{"cluster_name":"prod","location":"europe-west1"}},` +
		`"timestamp":"2026-11-20T15:50:00.5Z","labels":{"authorization.k8s.io/decision":"allow"},"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"k8s.io",` +
		`"methodName":"io.k8s.apps.v1.deployments.create","resourceName":"apps/v1/namespaces/shop/deployments/web","authenticationInfo":{"principalEmail":"alice@example.test"},` +
		`"requestMetadata":{"callerIp":"10.0.0.1","callerSuppliedUserAgent":"kubectl"},"status":{},` +
		`"response":{"@type":"apps.k8s.io/v1.Deployment","apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","uid":"u","resourceVersion":"7"}}}}`)
	if got := GoogleCluster(raw); got != "prod" {
		t.Errorf("cluster %q", got)
	}
	out, err := newDecoder().Google(nil, raw)
	if err != nil || len(out) != 2 {
		t.Fatal(err, len(out))
	}
	r, q := out[0], out[0].Request
	if q.AuditID != "op-1" || q.Verb != "create" || q.Code != 201 || q.URI != "/apis/apps/v1/namespaces/shop/deployments/web" || q.Actor.User != "alice@example.test" ||
		r.Ref.Namespace != "shop" || r.Ref.Name != "web" || r.Ref.UID != "u" || len(q.Annotated) != 1 {
		t.Errorf("%+v %+v", r.Ref, q)
	}
	if want := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","uid":"u","resourceVersion":"7"}}`; string(out[1].Revision.Body) != want {
		t.Errorf("%s", out[1].Revision.Body)
	}
}

func TestUnwrap(t *testing.T) {
	event := `{\"kind\":\"Event\"}`
	for _, tt := range []struct {
		name, raw string
		want      Envelope
		ok        bool
	}{
		{"subscription", `{"messageType":"DATA_MESSAGE","logGroup":"/aws/eks/prod/cluster","logStream":"kube-apiserver-audit-0","logEvents":[{"id":"1","timestamp":1,"message":"` + event + `"}]}`,
			Envelope{Form: "CloudWatch", Cluster: "prod", Events: [][]byte{[]byte(`{"kind":"Event"}`)}}, true},
		{"another stream", `{"messageType":"DATA_MESSAGE","logGroup":"/aws/eks/prod/cluster","logStream":"authenticator-0","logEvents":[{"message":"text"},{"message":"` + event + `"}]}`,
			Envelope{Form: "CloudWatch", Cluster: "prod", Other: 2}, true},
		{"control", `{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: Checking health"}]}`, Envelope{Form: "CloudWatch", Other: 1}, true},
		{"insights", `{"@timestamp":"x","@message":{"kind":"Event"}}`, Envelope{Form: "CloudWatch", Events: [][]byte{[]byte(`{"kind":"Event"}`)}}, true},
		{"diagnostic log", `{"time":"x","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD","category":"kube-audit","properties":{"log":"` + event + `\n","stream":"stdout"}}`,
			Envelope{Form: "Azure", Cluster: "prod", Events: [][]byte{[]byte(`{"kind":"Event"}`)}}, true},
		{"event hub", `{"records":[{"category":"kube-audit"}]}`, Envelope{Form: "Azure", Events: [][]byte{[]byte(`{"category":"kube-audit"}`)}}, true},
		{"table row", `{"AuditId":"a","Type":"AKSAudit","Level":"Metadata","ObjectRef":"{\"resource\":\"pods\"}","User":{"username":"x"},"Annotations":"","SourceIps":null,"_ResourceId":"/x/managedclusters/prod"}`,
			Envelope{Form: "Azure", Cluster: "prod", Events: [][]byte{[]byte(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","level":"Metadata","objectRef":{"resource":"pods"},"user":{"username":"x"}}`)}}, true},
		{"table row with broken text", `{"AuditId":"a","User":"{\"username\":"}`, Envelope{Form: "Azure", Events: [][]byte{[]byte(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a"}`)}}, true},
		{"none", `{"a":1}`, Envelope{}, false},
		{"broken", `{"log":`, Envelope{}, false},
	} {
		got, ok := Unwrap([]byte(tt.raw))
		if diff := cmp.Diff(tt.want, got); ok != tt.ok || diff != "" {
			t.Errorf("%s: %v\n%s", tt.name, ok, diff)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(made("deletecollection", "/x?dryRun=", `{"resource":"pods"}`, 200, `"requestObject":[],"responseObject":{"kind":"PodList","items":[{"metadata":{"uid":"u","resourceVersion":"1"}},null,3]}`))
	f.Add(made("update", "/x", deployRef, 200, `"requestObject":{"a":1},"responseObject":`+fmt.Sprintf(deploy, `,"deletionTimestamp":"x"`)))
	f.Add(made("patch", "/x", `{"resource":"events","apiGroup":"events.k8s.io"}`, 200, `"responseObject":{"kind":"Event","apiVersion":"events.k8s.io/v1","metadata":{"uid":"u","resourceVersion":"1"}}`))
	f.Add([]byte(`{"kind":"AdmissionReview","request":{"operation":"UPDATE","uid":"x"},"requestReceivedTimestamp":"2026-11-20T15:50:00Z"}`))
	f.Add([]byte(`{"protoPayload":{"serviceName":"k8s.io","methodName":"create","resourceName":"a/b/namespaces/c/d","request":{"@type":"x","a":1}},"insertId":"i","timestamp":"2026-11-20T15:50:00Z"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := newDecoder()
		for _, decode := range []func([]*record.Record, []byte) ([]*record.Record, error){d.Decode, d.Item, d.Admission, d.Google} {
			out, err := decode(nil, raw)
			if err != nil && len(out) != 0 {
				t.Fatal("records beside an error")
			}
			for _, r := range out {
				r.ID()
				if _, err := record.Decode(record.Append(nil, r)); err != nil {
					t.Fatal(err)
				}
				if r.Kind == record.KindRevision && !r.Revision.Cut {
					if _, err := rawjson.Valid(r.Revision.Body); err != nil {
						t.Fatalf("%v: %q", err, r.Revision.Body)
					}
				}
				if r.Kind == record.KindRequest && len(r.Request.Sent) > 0 {
					if _, err := rawjson.Valid(r.Request.Sent); err != nil {
						t.Fatalf("%v: %q", err, r.Request.Sent)
					}
				}
			}
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	f.Add([]byte(`{"AuditId":"a","Stage":"ResponseComplete","User":"{}","ObjectRef":{"a":1},"RequestObject":"skipped-too-big-size-object"}`))
	f.Add([]byte(`{"logEvents":[{"message":"{}"}],"records":[{}],"properties":{"log":"{}"},"logGroup":"/aws/eks/a/cluster"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if e, ok := Unwrap(raw); !ok && len(e.Events) > 0 {
			t.Fatal("events of no envelope")
		}
		if made := tableRow(raw); made != nil {
			if _, err := rawjson.Valid(made); err != nil {
				t.Fatalf("%v: %q", err, made)
			}
		}
		GoogleCluster(raw)
	})
}
