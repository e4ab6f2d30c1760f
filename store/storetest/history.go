package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Start is when every History begins.
var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// Config of a made-up history. Zero values are small and lively.
type Config struct {
	Seed     uint64
	Clusters []record.Cluster // default: one that is a prefix of another
	Objects  int              // per cluster; default 40
	Writes   int              // per object at most; default 12
	Hours    int              // over which it spreads; default 5
	BodySize int              // of a manifest, roughly; default 900
	StepRV   uint64           // resourceVersions between writes at most; default 9000, so that objects lie in several buckets
}

func (c Config) withDefaults() Config {
	if c.Clusters == nil {
		c.Clusters = []record.Cluster{"prod", "prod-eu\x00odd"}
	}
	def := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	def(&c.Objects, 40)
	def(&c.Writes, 12)
	def(&c.Hours, 5)
	def(&c.BodySize, 900)
	if c.StepRV == 0 {
		c.StepRV = 9000
	}
	return c
}

var kinds = []struct{ group, version, kind, resource string }{
	{"apps", "v1", "Deployment", "deployments"}, {"apps", "v1", "ReplicaSet", "replicasets"}, {"", "v1", "Pod", "pods"},
	{"", "v1", "ConfigMap", "configmaps"}, {"", "v1", "Node", "nodes"}, {"example.org", "v1beta1", "Foo", "fooes"},
	{"metrics.k8s.io", "v1beta1", "PodMetrics", "pods"},
}

// History makes records of requests, revisions (from audit and watch, whole and partial, a second body in another API version now and then), ends from
// up to three sources, Events in several states, reads, gaps and progress, each fact delivered once or twice with differing provenance.
// Equal configurations give equal histories.
func History(c Config) []*record.Record {
	c = c.withDefaults()
	h := &history{Config: c, rnd: rand.New(rand.NewPCG(c.Seed, 7))}
	for _, cluster := range c.Clusters {
		h.cluster(cluster)
	}
	return h.out
}

type history struct {
	Config
	rnd *rand.Rand
	rv  uint64
	out []*record.Record
}

func (h *history) uuid() string {
	a, b := h.rnd.Uint64(), h.rnd.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(a>>32), uint16(a>>16), uint16(a)&0xfff, uint16(b>>48)&0xfff, b&0xffffffffffff)
}

func (h *history) cluster(name record.Cluster) {
	h.rv = 1000
	h.object(record.ObjectRef{Cluster: name, Version: "v1", Kind: "Namespace", Resource: "namespaces", Name: "kube-system", UID: record.UID(h.uuid())}, 1)
	for i := range h.Objects {
		k := kinds[i%len(kinds)]
		ref := record.ObjectRef{Cluster: name, Group: k.group, Version: k.version, Kind: k.kind, Resource: k.resource,
			Namespace: fmt.Sprintf("team-%d", h.rnd.IntN(3)), Name: fmt.Sprintf("%s-%d", strings.ToLower(k.kind), h.rnd.IntN(h.Objects)), UID: record.UID(h.uuid())}
		switch {
		case k.kind == "Node":
			ref.Namespace = ""
		case i%11 == 5:
			ref.UID = record.UID(fmt.Sprintf("odd uid %d", i))
		}
		lives := 1 + h.rnd.IntN(2)
		for range lives {
			h.object(ref, 1+h.rnd.IntN(h.Writes))
			ref.UID = record.UID(h.uuid())
		}
	}
	h.sundries(name)
}

func (h *history) now() time.Time {
	return start.Add(time.Duration(h.rnd.Int64N(int64(h.Hours)*int64(time.Hour)/1000)) * 1000)
}

// add delivers a fact, sometimes twice.
func (h *history) add(r *record.Record) {
	h.out = append(h.out, r)
	if h.rnd.IntN(5) == 0 {
		again := *r
		again.Provenance = record.Provenance{ReceivedAt: r.Provenance.ReceivedAt.Add(time.Duration(h.rnd.IntN(7)-3) * time.Second), Sources: record.FromWatch}
		h.out = append(h.out, &again)
	}
}

func (h *history) from(s record.Sources) record.Provenance {
	return record.Provenance{ReceivedAt: start.Add(24 * time.Hour).Add(time.Duration(h.rnd.IntN(1000)) * time.Second), Sources: s}
}

// object lives: create, updates, a scale, reads, Events, perhaps an end.
func (h *history) object(ref record.ObjectRef, writes int) {
	born := h.now().Truncate(time.Second)
	at := born.Add(123 * time.Microsecond)
	for n := range writes {
		old := h.rv
		h.rv += 1 + h.rnd.Uint64N(h.StepRV)
		rv := record.ResourceVersion(h.rv)
		at = at.Add(time.Duration(1+h.rnd.IntN(90_000_000)) * time.Microsecond)
		body := h.body(ref, rv, n, born)
		verb, code, named := "update", 200, record.ResourceVersion(old)
		if n == 0 {
			verb, code, named = "create", 201, 0
		}
		req := h.request(ref, verb, code, at)
		req.Request.NamedRV, req.Request.AnswerRV, req.Request.AnswerUID, req.Request.Answer = named, rv, ref.UID, record.BodyObject
		h.add(req)
		h.add(&record.Record{Kind: record.KindRevision, Ref: ref, Provenance: h.from(record.FromAudit), Revision: &record.Revision{RV: rv, Body: body}})
		h.variants(ref, rv, body)
		h.noise(ref, rv, at)
	}
	if h.rnd.IntN(2) == 0 && ref.Name != "kube-system" {
		h.end(ref, at.Add(time.Second))
	}
}

func (h *history) variants(ref record.ObjectRef, rv record.ResourceVersion, body []byte) {
	add := func(ref record.ObjectRef, v record.Revision) {
		v.RV = rv
		h.add(&record.Record{Kind: record.KindRevision, Ref: ref, Provenance: h.from(record.FromWatch), Revision: &v})
	}
	switch h.rnd.IntN(8) {
	case 0:
		guessed := ref
		guessed.Resource = record.GuessResource(ref.Kind)
		add(guessed, record.Revision{Body: body})
	case 1:
		other := ref
		other.Version = "v2"
		add(other, record.Revision{Body: []byte(strings.Replace(string(body), `/v1`, `/v2`, 1))})
	case 2:
		scale := ref
		scale.Kind = ""
		add(scale, record.Revision{Partial: record.PartialScale, Body: fmt.Appendf(nil, `{"kind":"Scale","metadata":{"name":%q},"spec":{"replicas":3}}`, ref.Name)})
	case 3:
		add(ref, record.Revision{Partial: record.PartialMoved})
	case 4:
		add(ref, record.Revision{Cut: true})
	}
}

func (h *history) body(ref record.ObjectRef, rv record.ResourceVersion, n int, born time.Time) []byte {
	owner := ""
	if ref.Kind == "Pod" {
		owner = fmt.Sprintf(`,"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"owner-of-%s","controller":true}]`, ref.UID)
	}
	filler := strings.Repeat(fmt.Sprintf(`{"manager":"kubectl","operation":"Update","fieldsV1":{"f:spec":{"f:n%d":{}}}},`, n), h.BodySize/90)
	return fmt.Appendf(nil, `{"kind":%q,"apiVersion":%q,"metadata":{"name":%q,"namespace":%q,"uid":%q,"resourceVersion":"%d","creationTimestamp":%q,"labels":{"app":%q,"step":"%d","é\n":"\u0041"}%s,"managedFields":[%s{}]},"spec":{"replicas":%d}}`,
		ref.Kind, ref.APIVersion(), ref.Name, ref.Namespace, ref.UID, rv, born.Format(time.RFC3339), ref.Name, n%3, owner, filler, n)
}

func (h *history) request(ref record.ObjectRef, verb string, code int, at time.Time) *record.Record {
	level := record.LevelRequestResponse
	if h.rnd.IntN(4) == 0 {
		level = record.LevelMetadata
	}
	return &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: ref, Provenance: h.from(record.FromAudit), Request: &record.Request{
		AuditID: h.uuid(), Stage: record.StageResponseComplete, Level: level, Verb: verb, URI: "/apis/" + ref.Resource + "/" + ref.Name, Code: code,
		Actor:   record.Actor{User: "system:serviceaccount:x", Groups: []string{"a", "b"}, UserAgent: "kube-controller-manager/v1.37"},
		StageAt: at.Add(time.Duration(h.rnd.IntN(50_000)) * time.Microsecond), Annotated: []record.KeyValue{{Key: "authorization.k8s.io/decision", Value: "allow"}}}}
}

// noise around a write: a read, a failure, an Event.
func (h *history) noise(ref record.ObjectRef, rv record.ResourceVersion, at time.Time) {
	h.spans(ref, at)
	switch h.rnd.IntN(4) {
	case 0:
		read := h.request(ref, "get", 200, at.Add(time.Minute))
		read.Request.AnswerRV, read.Request.AnswerUID, read.Request.Answer = rv, ref.UID, record.BodyObject
		h.add(read)
		started := *read
		q := *read.Request
		started.Request, q.Stage = &q, record.StageRequestReceived // the same moment, another fact
		h.add(&started)
	case 1:
		failed := ref
		failed.UID = record.UID(h.uuid()) // it may name anything
		req := h.request(failed, "patch", 409, at.Add(time.Second))
		req.Request.Reason, req.Request.Flags = "Conflict", record.FlagTruncated
		h.add(req)
	case 2:
		list := ref
		list.Name, list.UID = "", ""
		req := h.request(list, "list", 200, at.Add(2*time.Second))
		req.Request.Answer, req.Request.AnswerRV = record.BodyList, rv
		h.add(req)
		all := h.request(list, "deletecollection", 200, at.Add(2*time.Second))
		all.Request.Items = []record.Item{{Namespace: ref.Namespace, Name: ref.Name, UID: ref.UID, RV: rv}}
		h.add(all)
	}
	about := record.EventObject{Kind: ref.Kind, APIVersion: ref.APIVersion(), Namespace: ref.Namespace, Name: ref.Name, UID: ref.UID}
	event := record.ObjectRef{Cluster: ref.Cluster, Version: "v1", Kind: "Event", Resource: "events", Namespace: "default", Name: "e." + ref.Name, UID: record.UID(h.uuid())}
	for n := range h.rnd.IntN(3) {
		seen := at.Add(time.Duration(n) * 40 * time.Minute)
		h.rv++
		h.add(&record.Record{Kind: record.KindKubeEvent, OccurredAt: seen, Ref: event, Provenance: h.from(record.FromWatch), KubeEvent: &record.KubeEvent{
			RV: record.ResourceVersion(h.rv), Type: "Warning", Reason: "BackOff", Note: "again", Regarding: about, Controller: "kubelet", FirstSeen: at, LastSeen: seen, Count: int64(n + 1), CreatedAt: at}})
	}
}

// spans around a write: an apiserver's with its child, which names nothing, a controller's that names two objects, a log line, a pushed record,
// one of each at one moment. They take nothing from the random numbers of the rest.
func (h *history) spans(ref record.ObjectRef, at time.Time) {
	if h.rv%3 == 1 {
		return
	}
	n := byte(h.rv)
	trace := record.TraceID{1, n, byte(h.rv >> 8), byte(h.rv >> 16), byte(at.Nanosecond() >> 10)}
	node := record.ObjectRef{Version: "v1", Kind: "Node", Resource: "nodes", Name: fmt.Sprintf("node-%d", h.rv%5)}
	nobody, from := record.ObjectRef{Cluster: ref.Cluster}, h.dayAfter(at, record.FromOTLP)
	audit := fmt.Sprintf("audit %d", h.rv)
	if h.rv%2 == 0 {
		audit = fmt.Sprintf("4e1cd7ad-d75a-4a67-9ab4-d7b1%08x", uint32(h.rv))
	}
	tell := func(ref record.ObjectRef, at time.Time, from record.Provenance, s record.Span) {
		s.TraceID, s.SpanID = trace, record.SpanID{byte(len(h.out)), byte(len(h.out) >> 8), n}
		r := &record.Record{Kind: record.KindSpan, OccurredAt: at, Ref: ref, Provenance: from, Span: &s}
		h.out = append(h.out, r)
		if h.rv%4 == 0 {
			again, other := *r, s
			other.Text += "told longer"
			again.Span, again.Provenance.ReceivedAt = &other, from.ReceivedAt.Add(-time.Minute)
			if s.Form != record.FormLog { // whose text makes it another fact
				h.out = append(h.out, &again)
			}
		}
	}
	tell(nobody, at, from, record.Span{Service: "apiserver", Name: "Update", Kind: record.SpanKindServer, End: at.Add(time.Millisecond), AuditID: audit})
	tell(nobody, at, from, record.Span{Service: "apiserver", Name: "etcd", End: at.Add(time.Millisecond), ParentID: record.SpanID{1},
		Events: []record.SpanEvent{{At: at.Add(time.Microsecond), Name: "sent"}, {Name: "no time"}}})
	tell(ref, at.Add(time.Second), from, record.Span{Service: "controller", Name: "Reconcile", End: at.Add(3 * time.Second), Also: []record.ObjectRef{node, node},
		Attributes: []record.KeyValue{{Key: "a", Value: "b"}}, Status: record.SpanError})
	tell(ref, at, from, record.Span{Form: record.FormLog, Service: "controller", Severity: "INFO", Text: "reconciled"})
	tell(ref, at.Add(time.Second), h.dayAfter(at, record.FromPush), record.Span{Form: record.FormPushed, Service: "ci", Key: audit, Name: "deploy", AuditID: audit})
}

// dayAfter is the provenance of what was received a day after a moment.
func (h *history) dayAfter(at time.Time, s record.Sources) record.Provenance {
	return record.Provenance{ReceivedAt: at.Add(24 * time.Hour), Sources: s}
}

// end told by up to three sources: a watch with resourceVersion and state, an audit answer with the old state, a Status without any.
func (h *history) end(ref record.ObjectRef, at time.Time) {
	req := h.request(ref, "delete", 200, at)
	req.Request.Answer, req.Request.AnswerUID, req.Request.AnswerEnds = record.BodyStatus, ref.UID, true
	h.add(req)
	old := record.ResourceVersion(h.rv)
	h.rv += 1 + h.rnd.Uint64N(h.StepRV)
	by := record.EndRequest{ID: req.ID(), At: at, StageAt: req.Request.StageAt}
	tell := h.rnd.IntN(7) + 1
	if tell&1 != 0 {
		h.add(&record.Record{Kind: record.KindEnd, Ref: ref, Provenance: h.from(record.FromWatch), End: &record.End{RV: record.ResourceVersion(h.rv), Sources: record.FromWatch,
			LastBody: h.body(ref, record.ResourceVersion(h.rv), 99, at)}})
	}
	if tell&2 != 0 {
		h.add(&record.Record{Kind: record.KindEnd, Ref: ref, Provenance: h.from(record.FromAudit), End: &record.End{Sources: record.FromAudit,
			LastBody: h.body(ref, old, 98, at), Requests: []record.EndRequest{by}}})
	}
	if tell&4 != 0 {
		bare := ref
		bare.Kind = ""
		h.add(&record.Record{Kind: record.KindEnd, Ref: bare, Provenance: h.from(record.FromAudit), End: &record.End{Sources: record.FromAudit, Requests: []record.EndRequest{by}}})
	}
}

// sundries: gaps with and without bounds, progress, a request to no resource.
func (h *history) sundries(c record.Cluster) {
	gap := func(at, until time.Time, key string) {
		h.add(&record.Record{Kind: record.KindGap, OccurredAt: at, Ref: record.ObjectRef{Cluster: c}, Provenance: h.from(record.FromAudit),
			Gap: &record.Gap{Reason: record.GapUndecodable, Until: until, Key: key, Count: 1, Detail: "line 7"}})
	}
	gap(time.Time{}, time.Time{}, "a")
	gap(start.Add(time.Hour), start.Add(2*time.Hour), "b")
	gap(start.Add(time.Hour), start.Add(2*time.Hour), "c")
	for _, k := range kinds {
		for n := range 3 {
			h.add(&record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: c, Group: k.group, Resource: k.resource}, Provenance: h.from(record.FromList),
				Progress: &record.Progress{RV: record.ResourceVersion(1000 + n*5000), List: n == 0}})
			h.add(&record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: c, Group: k.group, Resource: k.resource}, Provenance: h.from(record.FromWatch),
				Progress: &record.Progress{RV: record.ResourceVersion(1500 + n*5000), From: record.ResourceVersion(1000 + n*5000)}})
		}
	}
	h.add(h.request(record.ObjectRef{Cluster: c}, "get", 200, start))
}
