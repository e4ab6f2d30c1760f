package tempo_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/api/tempo"
	"github.com/kubewake/kubewake/engine/enginetest/recorded"
)

// searched gives the names of what a search found, and their trace IDs by name.
func searched(t *testing.T, h http.Handler, q string) (names []string, ids map[string]string) {
	t.Helper()
	answer, body := ask(t, h, "/api/search?limit=200&q="+url.QueryEscape(q))
	var found struct {
		Traces []struct{ TraceID, RootServiceName, RootTraceName string }
		Notes  []string
	}
	if err := json.Unmarshal([]byte(body), &found); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v: %.300s", q, answer.Status, err, body)
	}
	ids = map[string]string{}
	for _, tr := range found.Traces {
		name := tr.RootServiceName + " " + tr.RootTraceName
		names, ids[name] = append(names, name), tr.TraceID
	}
	slices.Sort(names)
	return names, ids
}

// TestRecording asks about a real recording what Grafana asks, from the search to the trace.
func TestRecording(t *testing.T) {
	h := serving(tempo.Config{Engine: recorded.Recording(t, "deployment")})
	names, ids := searched(t, h, `{resource.service.name="deployments" && name="shop/web"}`)
	if !slices.Equal(names, []string{"deployments shop/web"}) {
		t.Fatalf("the Deployment was not found alone: %q", names)
	}
	answer, body := ask(t, h, "/api/traces/"+ids["deployments shop/web"], "Accept: application/protobuf")
	data := new(tracepb.TracesData)
	if err := proto.Unmarshal([]byte(body), data); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	services := map[string]int{}
	for _, rs := range data.ResourceSpans {
		services[rs.Resource.Attributes[0].Value.GetStringValue()] += len(rs.ScopeSpans[0].Spans)
	}
	if services["deployments"] != 1 || services["replicasets"] == 0 || services["pods"] == 0 {
		t.Errorf("spans by service: %v", services)
	}
	// The span that a search names is the object's in the trace.
	_, body = ask(t, h, "/api/search?q="+url.QueryEscape(`{resource.service.name="deployments" && name="shop/web"}`))
	var found struct {
		Traces []struct {
			SpanSets []struct{ Spans []struct{ SpanID string } }
		}
	}
	if err := json.Unmarshal([]byte(body), &found); err != nil {
		t.Fatal(err)
	}
	_, native := ask(t, h, "/api/v2/traces/"+ids["deployments shop/web"])
	var shown struct {
		Trace struct {
			ResourceSpans []struct {
				ScopeSpans []struct {
					Spans []struct {
						Name   string
						SpanID []byte // base64
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(native), &shown); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, rs := range shown.Trace.ResourceSpans {
		for _, s := range rs.ScopeSpans[0].Spans {
			if s.Name == "shop/web" {
				all = append(all, hex.EncodeToString(s.SpanID))
			}
		}
	}
	if want := found.Traces[0].SpanSets[0].Spans[0].SpanID; !slices.Contains(all, want) {
		t.Errorf("span %s is not among those of shop/web, %q", want, all)
	}
}

// TestRecordingSearches: ways to ask for the same find the same.
func TestRecordingSearches(t *testing.T) {
	h := serving(tempo.Config{Engine: recorded.Recording(t, "deployment")})
	for _, group := range [][]string{
		{`{resource.service.name="deployments" && .namespace="shop"}`, `{.resource="deployments" && name=~"shop/.*"}`, `{.resource="deployments" && .namespace=~"sh.p"}`},
		{`{.verb="create" && .namespace="shop" && .resource="deployments"}`, `{.verb=~"create|nothing" && .namespace="shop" && .resource="deployments"}`,
			`{(.verb="create" || .verb="nothing") && name=~"shop/.*" && .resource="deployments"}`, `{.cel="request.verb == \"create\"" && .namespace="shop" && .resource="deployments"}`},
	} {
		want, _ := searched(t, h, group[0])
		if len(want) == 0 {
			t.Errorf("%s found nothing", group[0])
		}
		for _, q := range group[1:] {
			if got, _ := searched(t, h, q); !slices.Equal(got, want) {
				t.Errorf("%s found %q\n%s found %q", q, got, group[0], want)
			}
		}
	}
	if got, _ := searched(t, h, `{.resource!="deployments" && .resource!="pods" && .verb="create"}`); len(got) == 0 ||
		slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "deployments ") || strings.HasPrefix(s, "pods ") }) {
		t.Errorf("found %q", got)
	}
	for tag, want := range map[string]string{"resource.service.name": "deployments", "span.verb": "create", "span.code": "201", "span.namespace": "shop", "name": "shop/web", "span.label.app": "web"} {
		_, body := ask(t, h, "/api/v2/search/tag/"+tag+"/values")
		if !strings.Contains(body, `"value":"`+want+`"`) {
			t.Errorf("%s has no value %s: %.300s", tag, want, body)
		}
	}
}
