package native_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/query"
)

// A trace is asked for as a redirect is, too, or by its ID.
func TestTraceByOtherWords(t *testing.T) {
	id := enginetest.Trace().ID.String()
	ts := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	for target, want := range map[string]any{
		"resource=deployments&group=apps&namespace=shop&name=web&ts=2026-11-20T14:00:00Z": query.Trace{Object: query.Object{Kind: "deployments.apps", Namespace: "shop", Name: "web"},
			Window: query.Window{From: ts.Add(-30 * time.Minute), To: ts.Add(30 * time.Minute)}, At: ts},
		"uid=u&ts=2026-11-20T14:00:00Z&window=2h": query.Trace{Object: query.Object{UID: "u"}, Window: query.Window{From: ts.Add(-2 * time.Hour), To: ts.Add(2 * time.Hour)}, At: ts},
		"resource=pods&name=web":                  query.Trace{Object: query.Object{Kind: "pods", Name: "web"}},
		"id=" + id:                                query.Trace{ID: id},
	} {
		fake := new(enginetest.Fake)
		got := ask(t, native.New(native.Config{Engine: fake}), native.Prefix+"trace?"+target)
		if got.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", target, text(t, got))
		}
		if diff := cmp.Diff([]any{want}, fake.Questions()); diff != "" {
			t.Errorf("%s: %s", target, diff)
		}
	}
}

func TestTraceForms(t *testing.T) {
	h := native.New(native.Config{Engine: new(enginetest.Fake)})
	for form, want := range map[string]string{"otlp": `{"resourceSpans":[`, "jaeger": `{"data":[{"traceID":`, "native": `{"traceID":`} {
		if got := text(t, ask(t, h, native.Prefix+"trace?kind=deploy&name=web&format="+form)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %.80s", form, got)
		}
	}
	for _, bad := range []string{"name=web", "id=12", "kind=deploy&name=web&format=xml", "kind=a&resource=b&name=c", "uid=u&ts=14:00&from=13:00", "uid=u&ts=14:00&at=13:00", "uid=u&window=2h", "uid=u&ts=14:00&window=-2h", ""} {
		if got := ask(t, h, native.Prefix+"trace?"+bad); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, got.StatusCode)
		}
	}
	for _, bad := range []string{"tag=x", "tag=a=1&tag=a=2", "minDuration=soon", "wish=1"} {
		if got := ask(t, h, native.Prefix+"traces?"+bad); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, got.StatusCode)
		}
	}
}
