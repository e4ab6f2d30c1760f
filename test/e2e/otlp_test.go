package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/test/testcluster"
)

// TestAPIServerSpans: an apiserver that traces sends its spans to kubewake, and each request shows its own below it, by the audit ID.
func TestAPIServerSpans(t *testing.T) {
	t.Parallel()
	spans := freeAddress(t)
	config := filepath.Join(t.TempDir(), "serve.yaml")
	writeFile(t, config, fmt.Sprintf("otlp: {grpc: %q, insecure: true, cluster: %s}\n", spans, cluster))
	s := newServer(t, "--config", config)
	s.start() // first: an apiserver that finds nobody waits longer each time
	c := testcluster.Start(t, testcluster.Config{
		Tracing: &testcluster.Tracing{Endpoint: spans, PerMillion: 1_000_000},
		Webhook: s.hook("https://" + s.receive),
	})
	c.Kubectl("create", "deployment", "demo", "--image=nginx:1", "--replicas=1")
	c.Kubectl("scale", "deployment/demo", "--replicas=2")
	for _, verb := range []string{"create", "patch"} {
		var entry engine.Entry
		within(t, 90*time.Second, "the spans of the "+verb, func() bool {
			out, err := s.ask("history", "deployment/demo", "-n", "default", "-o", "json")
			if err != nil {
				return false
			}
			var h engine.History
			if err := json.Unmarshal([]byte(out), &h); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			for _, e := range h.Entries {
				if e.Verb == verb && e.Actor != nil && strings.HasPrefix(e.Actor.UserAgent, "kubectl/") && hasRoot(e.Spans) {
					entry = e
					return true
				}
			}
			return false
		})
		checkRequestSpans(t, verb, &entry)
	}
	out, err := s.ask("search", `span.service == "apiserver" && has(span.auditID)`, "--limit", "5")
	if err != nil || !strings.Contains(out, " apiserver ") {
		t.Errorf("search: %v\n%s", err, out)
	}
}

// hasRoot reports whether the span that holds all others has come: it is sent last.
func hasRoot(list []engine.Span) bool {
	return len(list) > 1 && slices.ContainsFunc(list, func(s engine.Span) bool { return s.Kind == "server" })
}

// checkRequestSpans: one server span that carries the request's audit ID, all of one tree, and none of another request.
func checkRequestSpans(t *testing.T, verb string, e *engine.Entry) {
	t.Helper()
	q := e.Request
	if q == nil && e.Revision != nil {
		q = e.Revision.Maker.Request
	}
	if q == nil {
		t.Fatalf("the %s has spans and no request: %+v", verb, e)
	}
	known := map[string]bool{}
	for _, sp := range e.Spans {
		known[sp.SpanID] = true
	}
	roots, servers := 0, 0
	for _, sp := range e.Spans {
		if sp.Service != "apiserver" || (sp.AuditID != "" && sp.AuditID != q.AuditID) {
			t.Errorf("%s: a span of %s with audit ID %q below request %s", verb, sp.Service, sp.AuditID, q.AuditID)
		}
		if sp.Kind == "server" && sp.AuditID == q.AuditID {
			servers++
		}
		if known[sp.ParentID] {
			continue
		}
		roots++ // for a privileged user that is its authentication, else the server span
		if off := sp.Start.Sub(q.ReceivedAt).Abs(); off > time.Second {
			t.Errorf("%s: the root begins %v off the request", verb, off)
		}
	}
	if roots != 1 || servers != 1 {
		t.Errorf("%s: %d roots, %d server spans with its audit ID, want 1 and 1", verb, roots, servers)
	}
}
