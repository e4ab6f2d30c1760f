package export

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/test/testjaeger"
	"github.com/kubewake/kubewake/trace"
)

// shown is what Jaeger's query API answers about traces.
type shown struct {
	Data []struct {
		TraceID string
		Spans   []struct {
			SpanID, OperationName string
			StartTime, Duration   int64
			References            []struct{ RefType, TraceID, SpanID string }
			Tags                  []struct {
				Key   string
				Value any
			}
			Warnings []string
		}
	}
}

func ask(t *testing.T, url string) (out shown) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode == http.StatusNotFound {
		return out
	}
	if err := json.Unmarshal(body, &out); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v %.300s", url, answer.Status, err, body)
	}
	return out
}

// TestIntoJaeger: a recording exported into a real Jaeger, over both protocols, is found there: by the ID of an object's day, and by tags; sent again
// it is the same.
func TestIntoJaeger(t *testing.T) {
	jaeger := testjaeger.StartReceiver(t)
	all := recording(t, "deployment")
	for name, endpoint := range map[string]string{"grpc": "http://" + jaeger.GRPC, "http": jaeger.HTTP} {
		t.Run(name, func(t *testing.T) {
			list := all
			if name == "http" { // other traces
				list = nil
				for _, r := range all {
					other := *r
					other.Ref.Cluster = "second"
					list = append(list, &other)
				}
			}
			s := overStore(t, func(c *Config) { c.Settings.OTLP.Endpoint, c.Settings.OTLP.Protocol = endpoint, name })
			s.deliver(t, list, 500)
			s.clock.add(48 * time.Hour)
			ctx, cancel := context.WithCancel(t.Context())
			ran := make(chan error, 1)
			rounds(t, s.Exporter)
			want := waiting(t, s.Exporter)
			go func() { ran <- s.Run(ctx) }()
			for deadline := time.Now().Add(time.Minute); s.out.Status().Batches > 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("it was not sent within a minute")
				}
			}
			cancel()
			if err := <-ran; err != nil {
				t.Fatal(err)
			}
			checkJaeger(t, jaeger.URL, list, s, want)
		})
	}
}

// checkJaeger compares what Jaeger shows with what was sent.
func checkJaeger(t *testing.T, jaeger string, list []*record.Record, s stored, want *received) {
	t.Helper()
	traces := map[string]int{}
	for key := range want.spans {
		traces[key[:32]]++
	}
	linked := 0
	for id, spans := range traces {
		got := ask(t, jaeger+"/api/traces/"+id)
		if len(got.Data) != 1 || len(got.Data[0].Spans) != spans {
			t.Fatalf("trace %s of %d spans: %d traces", id, spans, len(got.Data))
		}
		roots := 0
		for _, span := range got.Data[0].Spans {
			child := false
			for _, r := range span.References {
				child = child || r.RefType == "CHILD_OF"
				if r.RefType == "FOLLOWS_FROM" {
					linked++
				}
			}
			if !child {
				roots++
			}
			for _, w := range span.Warnings {
				t.Errorf("trace %s: %s: %s", id, span.OperationName, w)
			}
		}
		if roots != 1 {
			t.Errorf("trace %s has %d roots", id, roots)
		}
	}
	if linked < 10 {
		t.Errorf("%d links to owners", linked)
	}
	told, err := s.conf.Facts.Tell(t.Context(), list[:min(len(list), 2000)])
	if err != nil {
		t.Fatal(err)
	}
	web := findTold(t, told, "deployments", "web")
	tags, err := json.Marshal(map[string]string{"uid": string(web.UID), "cluster": string(web.Cluster)})
	if err != nil {
		t.Fatal(err)
	}
	q := url.Values{"service": {"deployments"}, "tags": {string(tags)}, "limit": {"20"}, "start": {"0"}, "end": {fmt.Sprint(time.Now().Add(1000 * time.Hour).UnixMicro())}}
	found := ask(t, jaeger+"/api/traces?"+q.Encode())
	object := record.ObjectID(web.Cluster, web.UID)
	if len(found.Data) == 0 || !strings.HasSuffix(found.Data[0].TraceID, fmt.Sprintf("%x", object[9:])) {
		t.Errorf("searched for %v: %d traces", web, len(found.Data))
	}
}

func findTold(t *testing.T, told []engine.Told, resource, name string) record.ObjectRef {
	t.Helper()
	for _, one := range told {
		if one.Object.Resource == resource && one.Object.Name == name && one.Object.UID != "" {
			return one.Object
		}
	}
	t.Fatalf("no %s/%s in the recording", resource, name)
	return record.ObjectRef{}
}

// TestSendIntoJaeger: one trace that was asked for.
func TestSendIntoJaeger(t *testing.T) {
	jaeger := testjaeger.StartReceiver(t)
	of := someTrace(3000)
	of.ID = trace.DayID(record.ObjectID("c", "other"), noon())
	for range 2 { // again is the same
		if sent, err := Send(t.Context(), Target{Endpoint: "http://" + jaeger.GRPC}, of); err != nil || sent.Spans != 3000 || sent.Rejected > 0 {
			t.Fatalf("%+v %v", sent, err)
		}
	}
	if got := ask(t, jaeger.URL+"/api/traces/"+of.ID.String()); len(got.Data) != 1 || len(got.Data[0].Spans) < 3000 {
		t.Fatalf("%d traces", len(got.Data))
	}
}
