package tempo_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/kubewake/kubewake/api/tempo"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/golden"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
	"github.com/kubewake/kubewake/trace/otlp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRequests answers what Grafana's data source asks, as it asks it. testdata/requests.txt lists the requests, each with the name of the
// golden file of its answer, in which the question that the engine got stands first.
func TestRequests(t *testing.T) {
	f := newFake(story(1))
	h := serving(tempo.Config{Engine: f})
	list, err := os.Open("testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	ran := 0
	for scanner := bufio.NewScanner(list); scanner.Scan(); {
		name, target, ok := strings.Cut(scanner.Text(), " ")
		if !ok || name == "#" {
			continue
		}
		ran++
		t.Run(name, func(t *testing.T) {
			f.asked = nil
			answer, body := ask(t, h, strings.ReplaceAll(target, "{id}", idOf(1).String()))
			var got strings.Builder
			for _, q := range f.asked {
				fmt.Fprintf(&got, "asked %T %s\n", q, compact(t, q))
			}
			fmt.Fprintf(&got, "%d %s\n%s", answer.StatusCode, answer.Header.Get("Content-Type"), indented(t, body))
			golden.Equal(t, filepath.Join("testdata", name+".txt"), got.String(), *update)
		})
	}
	if ran < 15 {
		t.Errorf("only %d requests were tried", ran)
	}
}

func compact(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func indented(t *testing.T, body string) string {
	t.Helper()
	if !strings.HasPrefix(body, "{") {
		return body + "\n"
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

// TestTraceProtobuf reads both answers as Grafana does: the newer one as a TraceByIDResponse, the older one as a bare Trace.
func TestTraceProtobuf(t *testing.T) {
	whole := story(2)
	whole.Cut, whole.Notes = "", nil
	h := serving(tempo.Config{Engine: newFake(story(1), whole)})
	for _, tc := range []struct {
		story   *engine.Trace
		partial uint64
		message string
	}{
		{story(1), 1, "two objects share this ID's hash; limit of 3 spans"},
		{whole, 0, ""},
	} {
		want := tc.story.Trace
		if tc.message != "" {
			want.Spans[0].Attrs = append(want.Spans[0].Attrs, trace.Attr{Key: "kubewake.note", Value: strings.ReplaceAll(tc.message, "; ", "\n")})
		}
		path := want.ID.String() + "?start=1763643600&end=1763647260"
		answer, body := ask(t, h, "/api/v2/traces/"+path, "Accept: application/protobuf")
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/protobuf" {
			t.Fatal(answer.Status, answer.Header, body)
		}
		fields := fieldsOf(t, []byte(body))
		sameTrace(t, &want, fields[1])
		if partial, _ := protowire.ConsumeVarint(append(fields[3], 0)); partial != tc.partial || string(fields[4]) != tc.message {
			t.Errorf("status %d, message %q; want %d, %q", partial, fields[4], tc.partial, tc.message)
		}
		answer, body = ask(t, h, "/api/traces/"+path, "Accept: application/protobuf")
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status, body)
		}
		sameTrace(t, &want, []byte(body))
	}
}

func sameTrace(t *testing.T, want *trace.Trace, body []byte) {
	t.Helper()
	got := new(tracepb.TracesData)
	if err := proto.Unmarshal(body, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(otlp.Encode(want), got, protocmp.Transform()); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

// fieldsOf gives the fields of a message: bytes as they are, numbers as their varint.
func fieldsOf(t *testing.T, b []byte) map[protowire.Number][]byte {
	t.Helper()
	out := map[protowire.Number][]byte{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		n = protowire.ConsumeFieldValue(number, kind, b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		out[number] = b[:n]
		if kind == protowire.BytesType {
			out[number], _ = protowire.ConsumeBytes(b)
		}
		b = b[n:]
	}
	return out
}

func TestStatuses(t *testing.T) {
	searching := func(q string) string { return "/api/search?q=" + url.QueryEscape(q) }
	for _, tc := range []struct {
		name, target string
		err          error
		status       int
		want         string // in the body
	}{
		{"unknown ID", "/api/v2/traces/abc", nil, 404, "trace not found"},
		{"unknown ID, older", "/api/traces/abc", nil, 404, "trace not found"},
		{"not ours", "/api/v2/traces/" + strings.Repeat("f", 32), engine.Errorf(engine.KindBadQuestion, "not an ID of ours"), 404, "trace not found"},
		{"bad ID", "/api/v2/traces/xyz", nil, 400, "hex characters"},
		{"long ID", "/api/traces/" + strings.Repeat("a", 33), nil, 400, "1 to 32"},
		{"part of a trace", "/api/v2/traces/abc?q=%7Bstatus%3Derror%7D", nil, 400, "shown whole"},
		{"unknown field", searching(`{ .http.method = "GET" }`), nil, 400, "TraceQL, column 3: .http.method is nothing that can be searched by"},
		{"pipeline", searching(`{ } | rate()`), nil, 400, "TraceQL, column 5: only one { ... } is served"},
		{"no braces", searching(`status=error`), nil, 400, "TraceQL, column 1: a query is { conditions }"},
		{"unknown cluster", searching(`{.cluster="nowhere"}`), nil, 200, `"traces":[]`},
		{"contradiction", searching(`{status=error && status=unset}`), nil, 200, `"notes":["the conditions exclude each other"]`},
		{"bad limit", "/api/search?limit=many", nil, 400, "limit"},
		{"bad start", "/api/search?start=now", nil, 400, "start"},
		{"backwards", "/api/search?start=20&end=10", nil, 400, "start must be before end: start=20 end=10"},
		{"bad duration", "/api/search?minDuration=3", nil, 400, "minDuration"},
		{"bad tags", "/api/search?tags=x", nil, 400, "column 1: expected KEY=VALUE"},
		{"both", "/api/search?tags=verb%3Dget&q=%7B%7D", nil, 400, "not both"},
		{"too much", "/api/search", engine.Errorf(engine.KindTooMuch, "cost"), 422, "cost"},
		{"ours", "/api/search", errors.New("disk /var/secret is broken"), 500, "internal error; the server's log says more"},
		{"slow", "/api/search", context.DeadlineExceeded, 504, "took too long"},
		{"no such kind", "/api/v2/search/tag/span.uid/values?q=%7B.resource%3D%22widgets%22%7D", nil, 200, `"tagValues":[]`},
		{"values, bad time", "/api/v2/search/tag/name/values?start=x", nil, 400, "start"},
		{"metrics", "/api/metrics/query_range?q=%7B%7D", nil, 404, "does not answer this part"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(story(1))
			f.err = tc.err
			answer, body := ask(t, serving(tempo.Config{Engine: f}), tc.target)
			if answer.StatusCode != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s\nwant %d %s", answer.StatusCode, body, tc.status, tc.want)
			}
			if tc.status >= 400 && !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("an error is %s", answer.Header.Get("Content-Type"))
			}
		})
	}
}

// TestSuggestionsAreInTime: a list that takes too long is short, and says so.
func TestSuggestionsAreInTime(t *testing.T) {
	f := newFake()
	f.wait = time.Minute
	answer, body := ask(t, serving(tempo.Config{Engine: f, SuggestFor: time.Millisecond}), "/api/v2/search/tag/span.verb/values")
	if answer.StatusCode != http.StatusOK || !strings.Contains(body, `"tagValues":[]`) || !strings.Contains(body, "no time") {
		t.Error(answer.Status, body)
	}
}

// TestTurns: who waits in vain for a turn is told to come again.
func TestTurns(t *testing.T) {
	f := newFake()
	f.entered, f.release = make(chan struct{}), make(chan struct{})
	h := serving(tempo.Config{Engine: f, Concurrent: 1, Timeout: 20 * time.Millisecond})
	first := make(chan int)
	go func() {
		answer, _ := ask(t, h, "/api/search")
		first <- answer.StatusCode
	}()
	<-f.entered
	answer, body := ask(t, h, "/api/search")
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Error(answer.Status, answer.Header, body)
	}
	close(f.release)
	if status := <-first; status != http.StatusOK {
		t.Errorf("who had the turn got %d", status)
	}
}

// TestLarge: large answers are compressed for who takes that.
func TestLarge(t *testing.T) {
	f := newFake()
	for range 100 {
		f.found.Found = append(f.found.Found, newFake(story(1)).found.Found...)
	}
	h := serving(tempo.Config{Engine: f})
	_, plain := ask(t, h, "/api/search")
	answer, packed := ask(t, h, "/api/search", "Accept-Encoding: gzip")
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil || answer.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal(err, answer.Header)
	}
	if unpacked, err := io.ReadAll(z); err != nil || string(unpacked) != plain {
		t.Errorf("%v: %d bytes, want %d", err, len(unpacked), len(plain))
	}
}

// TestLimits: what a search may ask for is bounded, and the default is Tempo's.
func TestLimits(t *testing.T) {
	f := newFake(story(1))
	h := serving(tempo.Config{Engine: f})
	for target, want := range map[string]int{"/api/search": 20, "/api/search?limit=0": 20, "/api/search?limit=7": 7, "/api/search?limit=99999": 1500} {
		f.asked = nil
		ask(t, h, target)
		if got := f.asked[0].(query.Traces).Limit; got != want {
			t.Errorf("%s: limit %d, want %d", target, got, want)
		}
	}
}
