package local

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

var spanStart = time.Date(2026, 11, 20, 9, 59, 59, 900_000_000, time.UTC) // spans go over the hour

type spanPlay struct{ list []*record.Record }

func (p *spanPlay) span(ref record.ObjectRef, after time.Duration, service, name string, id, parent byte, change func(*record.Span)) *record.Record {
	ref.Cluster = "c"
	s := &record.Span{TraceID: record.TraceID{7}, SpanID: record.SpanID{id}, Service: service, Name: name, End: spanStart.Add(after + 50*time.Millisecond)}
	if parent != 0 {
		s.ParentID = record.SpanID{parent}
	}
	if change != nil {
		change(s)
	}
	r := &record.Record{Kind: record.KindSpan, OccurredAt: spanStart.Add(after), Ref: ref, Span: s, Provenance: record.Provenance{Sources: record.FromOTLP}}
	p.list = append(p.list, r)
	return r
}

func (p *spanPlay) write(ref record.ObjectRef, after time.Duration, audit, verb string, code int, rv record.ResourceVersion) {
	ref.Cluster = "c"
	at := spanStart.Add(after)
	q := &record.Request{AuditID: audit, Stage: record.StageResponseComplete, Level: record.LevelRequestResponse, Verb: verb, URI: "/x/" + audit, Code: code,
		Actor: record.Actor{User: "bob"}, StageAt: at.Add(100 * time.Millisecond)}
	if code < 300 {
		q.Answer, q.AnswerUID, q.AnswerRV = record.BodyObject, ref.UID, rv
		body := fmt.Appendf(nil, `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":%q,"namespace":%q,"uid":%q,"resourceVersion":"%d","creationTimestamp":"2026-11-20T09:59:59Z"},"spec":{"replicas":%d}}`,
			ref.Name, ref.Namespace, ref.UID, rv, rv)
		p.list = append(p.list, &record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: rv, Body: body}, Provenance: record.Provenance{Sources: record.FromAudit}})
	}
	p.list = append(p.list, &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: ref, Request: q, Provenance: record.Provenance{Sources: record.FromAudit}})
}

// play: a controller reconciles a Deployment, calls the apiserver, which calls a webhook and, for an owner, itself; another object's spans and another
// life's; a log line within; a pushed record; and a request that was refused.
func play() (*spanPlay, record.ObjectRef) {
	web := record.ObjectRef{Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web", UID: "web-1"}
	none := record.ObjectRef{}
	p := &spanPlay{}
	p.write(web, 0, "create", "create", 201, 10)
	p.write(web, time.Second, "update", "update", 200, 20)
	p.write(web, 2*time.Second, "refused", "patch", 409, 0)
	audit := func(id string) func(*record.Span) { return func(s *record.Span) { s.AuditID = id } }
	server := func(s *record.Span) { s.Kind = record.SpanKindServer }
	p.span(web, 990*time.Millisecond, "controller", "Reconcile", 1, 0, func(s *record.Span) { s.Status = record.SpanError; s.Text = "retry" })
	p.span(none, 999*time.Millisecond, "apiserver", "HTTP PUT", 2, 1, server)
	p.span(none, 1001*time.Millisecond, "apiserver", "Update", 3, 2, audit("update"))
	p.span(none, 1002*time.Millisecond, "apiserver", "etcd", 4, 3, nil)
	p.span(none, 1003*time.Millisecond, "webhook", "Admit", 5, 3, server)
	p.span(none, 1004*time.Millisecond, "webhook", "", 5, 0, func(s *record.Span) {
		s.Form, s.Severity, s.Text, s.SpanID, s.End = record.FormLog, "WARN", "slow", record.SpanID{5}, time.Time{}
	})
	p.span(none, 1005*time.Millisecond, "apiserver", "HTTP GET", 6, 4, server)
	p.span(none, 1006*time.Millisecond, "apiserver", "Get", 7, 6, audit("inner"))
	p.span(none, 2*time.Second, "apiserver", "Patch", 8, 0, func(s *record.Span) { s.AuditID, s.TraceID = "refused", record.TraceID{8} })
	p.span(record.ObjectRef{Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "shop", Name: "web-x"}, 3*time.Second, "controller", "about another", 9, 0, func(s *record.Span) {
		s.TraceID = record.TraceID{9}
		s.Also = []record.ObjectRef{{Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web"}}
	})
	other := web
	other.UID = "not known"
	p.span(other, -time.Hour, "controller", "before its life", 10, 0, nil)
	p.span(web, 4*time.Second, "ci", "deploy", 11, 0, func(s *record.Span) {
		*s = record.Span{Form: record.FormPushed, Service: "ci", Key: "42", Name: "deploy", Text: "by the pipeline"}
	})
	again := p.span(web, 5*time.Second, "ci", "deploy", 11, 0, func(s *record.Span) {
		*s = record.Span{Form: record.FormPushed, Service: "ci", Key: "42", Name: "deploy", Text: "again"}
	})
	again.OccurredAt = again.OccurredAt.Add(time.Hour)
	return p, web
}

func spanStory(h *engine.History) string {
	var b strings.Builder
	for _, e := range h.Entries {
		fmt.Fprintf(&b, "%s %s %s\n", e.Kind, e.UID, e.Summary)
		for _, s := range e.Spans {
			fmt.Fprintf(&b, "  %s %s\n", s.Service, spanSummary(&s))
		}
	}
	return b.String()
}

// Spans stand in the history of what they name, and under the request whose audit ID they or their neighbours in the trace carry; in any order of arrival.
func TestSpansInHistory(t *testing.T) {
	p, _ := play()
	const want = `revision web-1 created
span web-1 Reconcile 50ms, error: retry
revision web-1 spec.replicas 10 → 20
  apiserver HTTP PUT 50ms
  apiserver Update 50ms
  apiserver etcd 50ms
  webhook Admit 50ms
  webhook WARN: slow
request web-1 409 failed
  apiserver Patch 50ms
span web-1 about another 50ms
span web-1 deploy: by the pipeline
`
	for seed := range uint64(4) {
		list := slices.Clone(p.list)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		e := engineOver(t, openStore(t), list, 3)
		q := query.History{Object: query.Object{Cluster: "c", Kind: "deployment.apps", Namespace: "shop", Name: "web"}}
		h, err := e.History(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, spanStory(h)); diff != "" {
			t.Fatalf("order %d (-want +got):\n%s", seed, diff)
		}
		q.Window.To = spanStart.Add(3 * time.Second)
		q.Window.From = spanStart.Add(2500 * time.Millisecond)
		if h, err = e.History(t.Context(), q); err != nil || strings.Contains(spanStory(h), "span") {
			t.Errorf("outside of the window: %s %v", spanStory(h), err)
		}
	}
}

func TestSpansInSearch(t *testing.T) {
	p, _ := play()
	e := engineOver(t, openStore(t), p.list, 100)
	var got []string
	end, err := e.Search(t.Context(), query.Search{Filter: `span.service == "apiserver" && span.duration > duration("10ms") || span.status == "error"`}, func(h *engine.Hit) error {
		got = append(got, h.Kind+" "+h.Object.Name+" "+h.Summary+" "+h.Span.AuditID)
		return nil
	})
	if err != nil || end.Hits != 7 {
		t.Errorf("%v, %+v", err, end)
	}
	if !slices.Contains(got, "span  Update 50ms update") || !slices.Contains(got, "span web Reconcile 50ms, error: retry ") {
		t.Errorf("found %q", got)
	}
	stat, err := e.Stat(t.Context(), query.Stat{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(stat.Records, func(c engine.Count) bool { return c.Name == "span" && c.Count == 12 }) {
		t.Errorf("counted %+v", stat.Records)
	}
}

// What names an object stands in its trace too, with its own begin and end.
func TestSpansInTrace(t *testing.T) {
	p, _ := play()
	e := engineOver(t, openStore(t), p.list, 100)
	tr, err := e.Trace(t.Context(), query.Trace{Object: query.Object{Cluster: "c", Kind: "deployment.apps", Namespace: "shop", Name: "web"}, Mode: "tree"})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, s := range tr.Spans {
		found[s.Name] = true
		if s.Name == "Reconcile" && (!s.Failed || s.End.Sub(s.Start) != 50*time.Millisecond || !s.Start.Equal(spanStart.Add(990*time.Millisecond))) {
			t.Errorf("got %+v", s)
		}
	}
	for _, name := range []string{"Reconcile", "about another", "deploy"} {
		if !found[name] {
			t.Errorf("no %q among %v", name, found)
		}
	}
}

// Times of a request are foreign: years between them do not make years of questions, and what lies near its beginning is still found.
func TestSpansOfAnEndlessRequest(t *testing.T) {
	web := record.ObjectRef{Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web", UID: "web-1"}
	p := &spanPlay{}
	p.write(web, 0, "create", "create", 201, 10)
	for _, r := range p.list {
		if r.Request != nil {
			r.Request.StageAt = r.OccurredAt.AddDate(200, 0, 0)
		}
	}
	p.span(record.ObjectRef{}, time.Millisecond, "apiserver", "Create", 1, 0, func(s *record.Span) { s.AuditID = "create" })
	e := engineOver(t, openStore(t), p.list, 100)
	h, err := e.History(t.Context(), query.History{Object: query.Object{Cluster: "c", Kind: "deployment.apps", Namespace: "shop", Name: "web"}})
	if err != nil || len(h.Entries) != 1 || len(h.Entries[0].Spans) != 1 {
		t.Errorf("%v, %s", err, spanStory(h))
	}
	asked := byHour[string]{}
	asked.add("x", call{spanStart, spanStart.AddDate(200, 0, 0)})
	if len(asked) > 26 {
		t.Errorf("%d hours are asked for", len(asked))
	}
}
