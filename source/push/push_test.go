package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

var now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

type sink struct {
	got  []*record.Record
	fail error
}

func (s *sink) Deliver(_ context.Context, b ingest.Batch) error {
	if s.fail != nil {
		return s.fail
	}
	if err := ingest.Check(b); err != nil {
		return err
	}
	s.got = append(s.got, b.Records...)
	return nil
}

func (s *sink) Progress(context.Context, record.Cluster) ([]*record.Record, error) { return nil, nil }
func (s *sink) Mark(context.Context, record.Cluster, string) ([]byte, error)       { return nil, nil }
func (s *sink) Alive(context.Context, record.Cluster, record.GroupResource, string) iter.Seq2[ingest.Alive, error] {
	return func(func(ingest.Alive, error) bool) {}
}

func newHandler(t testing.TB, s *sink, access tokens.Access, err error) http.Handler {
	t.Helper()
	key, keyErr := redact.NewKey(strings.NewReader(strings.Repeat("k", 64)))
	if keyErr != nil {
		t.Fatal(keyErr)
	}
	redactor, redactErr := redact.New(key, nil)
	if redactErr != nil {
		t.Fatal(redactErr)
	}
	h, newErr := New(Config{Sink: s, Redactor: redactor, Now: func() time.Time { return now }, Identify: func(*http.Request) (tokens.Access, error) { return access, err }})
	if newErr != nil {
		t.Fatal(newErr)
	}
	return h
}

func send(h http.Handler, kind, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body))
	req.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

const whole = `{"cluster": "prod", "source": "ci/main", "records": [{"key": "run 42", "at": "2026-11-20T08:00:00.5+01:00", "end": "2026-11-20T07:01:00Z", "name": "deploy",
  "text": "rolled out with password=hunter2hunter2", "severity": "INFO", "status": "error", "auditID": "a", "traceID": "0102030405060708090a0b0c0d0e0f10", "spanID": "0102030405060708",
  "objects": [{"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web", "uid": "u"}, {"kind": "Ox", "apiVersion": "farm.example/v1", "resource": "oxen", "name": "o"}],
  "attributes": {"url": "https://x/?token=hunter2hunter2", "api_key": "hunter2hunter2", "commit": "abc"}}]}`

// What is answered is counted, and no log tells what was sent.
func TestCounted(t *testing.T) {
	var log bytes.Buffer
	s := &sink{}
	m := NewMetrics(nil)
	h, err := New(Config{Sink: s, Redactor: redact.Off(), Now: func() time.Time { return now }, Metrics: m, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Identify: func(r *http.Request) (tokens.Access, error) {
			if r.Header.Get("Authorization") == "no" {
				return tokens.Access{}, tokens.ErrUnknown
			}
			return tokens.NewAccess("ci", "prod"), nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	send(h, "application/json", whole)
	send(h, "application/json", `{"records":"hunter2hunter2"}`)
	send(h, "application/json", strings.Replace(whole, `"error"`, `"hunter2hunter2"`, 1))
	send(h, "application/json", strings.Replace(whole, `"prod"`, `"other"`, 1))
	s.fail = &ingest.Busy{Reason: "full"}
	send(h, "application/json", whole)
	for outcome, want := range map[string]float64{"stored": 1, "bad": 2, "forbidden": 1, "busy": 1} {
		if n := testutil.ToFloat64(m.requests.WithLabelValues(outcome)); n != want {
			t.Errorf("%v are %s, want %v", n, outcome, want)
		}
	}
	if n := testutil.ToFloat64(m.records); n != 1 || strings.Contains(log.String(), "hunter2") || strings.Count(log.String(), "not taken") != 4 {
		t.Errorf("%v records; %s", n, &log)
	}
}

func TestPushed(t *testing.T) {
	s := &sink{}
	h := newHandler(t, s, tokens.NewAccess("ci", "*"), nil)
	for range 2 {
		if w := send(h, "application/json; charset=utf-8", whole); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"stored":1}` {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if s.got[0].ID() != s.got[1].ID() {
		t.Error("sent again, it is another fact")
	}
	if encoded := record.Append(nil, s.got[0]); bytes.Contains(encoded, []byte("hunter2")) || !bytes.Equal(encoded, record.Append(nil, s.got[1])) {
		t.Errorf("kept: %q", encoded)
	}
	got := *s.got[0]
	span := *got.Span
	if !strings.HasPrefix(span.Text, "rolled out with password=redacted:") || len(span.Attributes) != 3 {
		t.Errorf("%+v", span)
	}
	span.Text, span.Attributes, got.Span = "", nil, &span
	trace, _ := record.ParseTraceID("0102030405060708090a0b0c0d0e0f10")
	want := record.Record{Kind: record.KindSpan, OccurredAt: time.Date(2026, 11, 20, 7, 0, 0, 500_000_000, time.UTC), Provenance: record.Provenance{ReceivedAt: now, Sources: record.FromPush},
		Ref: record.ObjectRef{Cluster: "prod", Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web", UID: "u"},
		Span: &record.Span{Form: record.FormPushed, TraceID: trace, SpanID: record.SpanID{1, 2, 3, 4, 5, 6, 7, 8}, Service: "ci/main", Name: "deploy", Severity: "INFO", Status: record.SpanError,
			End: time.Date(2026, 11, 20, 7, 1, 0, 0, time.UTC), AuditID: "a", Key: "run 42", Flags: record.SpanRedacted,
			Also: []record.ObjectRef{{Group: "farm.example", Version: "v1", Kind: "Ox", Resource: "oxen", Name: "o"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is wrong is told, with its place, and nothing of the batch is stored.
func TestRefused(t *testing.T) {
	one := func(fields string) string {
		return `{"cluster":"c","source":"s","records":[{"key":"good","at":"2026-11-20T08:00:00Z","name":"n"},{` + fields + `}]}`
	}
	const fine = `"key":"k","at":"2026-11-20T08:00:00Z","name":"n"`
	many := strings.Repeat(`{"key":"k","at":"2026-11-20T08:00:00Z","name":"n"},`, maxRecords+1)
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no JSON", `{`, 400, "schema"},
		{"unknown field", one(fine + `,"colour":"red"`), 400, "colour"},
		{"two documents", one(fine) + `{}`, 400, "behind"},
		{"wrong type", one(`"key":1`), 400, "schema"},
		{"no time", one(`"key":"k","name":"n"`), 422, "records[1].at: is needed"},
		{"ahead", one(`"key":"k","name":"n","at":"2026-11-20T10:00:01Z"`), 422, "records[1].at: lies ahead"},
		{"ancient", one(`"key":"k","name":"n","at":"1999-01-01T00:00:00Z"`), 422, "2000"},
		{"ends before", one(fine + `,"end":"2026-11-20T07:00:00Z"`), 422, "records[1].end"},
		{"ends ahead", one(fine + `,"end":"2026-11-21T07:00:00Z"`), 422, "records[1].end"},
		{"no key", one(`"at":"2026-11-20T08:00:00Z","name":"n"`), 422, "records[1].key"},
		{"no name", one(`"at":"2026-11-20T08:00:00Z","key":"k"`), 422, "records[1].name"},
		{"one key, two times", one(`"key":"good","name":"n","at":"2026-11-20T08:00:01Z"`), 422, "records[0] has the same key"},
		{"a status", one(fine + `,"status":"meh"`), 422, "want ok or error"},
		{"a trace ID", one(fine + `,"traceID":"12"`), 422, "records[1].traceID"},
		{"a span ID alone", one(fine + `,"spanID":"0102030405060708"`), 422, "records[1].traceID"},
		{"an object without name", one(fine + `,"objects":[{"kind":"Pod"}]`), 422, "records[1].objects[0].name"},
		{"too many objects", one(fine + `,"objects":[` + strings.Repeat(`{"kind":"Pod","name":"p"},`, 8) + `{"kind":"Pod","name":"p"}]`), 422, "records[1].objects"},
		{"long text", one(fine + `,"text":"` + strings.Repeat("x", maxTextBytes+1) + `"`), 422, "records[1].text"},
		{"a long attribute", one(fine + `,"attributes":{"a":"` + strings.Repeat("x", 3000) + `"}`), 422, "records[1].attributes.a"},
		{"control character", one(`"key":"k\u0000","at":"2026-11-20T08:00:00Z","name":"n"`), 422, "records[1].key"},
		{"no source", `{"cluster":"c","source":"a b","records":[{` + fine + `}]}`, 422, "source"},
		{"no records", `{"cluster":"c","source":"s","records":[]}`, 422, "records"},
		{"many records", `{"cluster":"c","source":"s","records":[` + strings.TrimSuffix(many, ",") + `]}`, 422, "are the limit"},
		{"too large", `{"cluster":"` + strings.Repeat("x", maxBody) + `"}`, 413, "fewer records"},
		{"another's cluster", `{"cluster":"d","source":"s","records":[{` + fine + `}]}`, 403, "may not speak"},
		{"a cluster", `{"cluster":"a\n","source":"s","records":[{` + fine + `}]}`, 400, "cluster"},
	} {
		s := &sink{}
		w := send(newHandler(t, s, tokens.NewAccess("ci", "c", "e"), nil), "application/json", c.body)
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.status || p.Status != c.status || !strings.Contains(p.Detail, c.want) || len(s.got) > 0 {
			t.Errorf("%s: %d %s, %d stored", c.name, w.Code, w.Body, len(s.got))
		}
	}
}

// Two bytes of a body must not become hundreds of memory.
func TestManyTinyRecords(t *testing.T) {
	s := &sink{}
	h := newHandler(t, s, tokens.NewAccess("ci", "*"), nil)
	for name, part := range map[string]string{"records": "{},", "objects": `{"objects":[{},{},{},{},{},{},{},{},{},{}]},`, "attributes": `{"attributes":{"":"","":"","":""}},`} {
		body := `{"cluster": "prod", "source": "ci", "records": [` + strings.Repeat(part, maxBody/len(part)-100) + `{}]}`
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := send(h, "application/json", body)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; w.Code != http.StatusRequestEntityTooLarge || took > 64<<20 {
			t.Errorf("%s: %d, and %d MiB for %d", name, w.Code, took>>20, len(body)>>20)
		}
	}
	commas := strings.Replace(whole, "rolled out", strings.Repeat(",{[", 2000), 1)
	if w := send(h, "application/json", commas); w.Code != http.StatusOK || len(s.got) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhoAndWhen(t *testing.T) {
	untold := strings.Replace(whole, `"cluster": "prod", `, "", 1)
	for _, c := range []struct {
		name, kind, body string
		access           tokens.Access
		identify, fail   error
		status           int
	}{
		{"by the token", "application/json", untold, tokens.NewAccess("ci", "prod"), nil, nil, 200},
		{"of several", "application/json", untold, tokens.NewAccess("ci", "a", "b"), nil, nil, 400},
		{"nobody", "application/json", whole, tokens.Access{}, tokens.ErrNobody, nil, 401},
		{"text", "text/plain", whole, tokens.NewAccess("ci", "*"), nil, nil, 415},
		{"busy", "application/json", whole, tokens.NewAccess("ci", "*"), nil, &ingest.Busy{Reason: "full"}, 503},
		{"failed", "application/json", whole, tokens.NewAccess("ci", "*"), nil, errors.New("secret detail"), 503},
	} {
		w := send(newHandler(t, &sink{fail: c.fail}, c.access, c.identify), c.kind, c.body)
		if w.Code != c.status || (w.Header().Get("Retry-After") != "") != (c.status == 503) || strings.Contains(w.Body.String(), "secret detail") {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
}

// The schema that GET gives names every field that is taken, and its limits are those that are checked.
func TestSchema(t *testing.T) {
	w := httptest.NewRecorder()
	newHandler(t, &sink{}, tokens.NewAccess("ci", "*"), nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path, nil))
	var doc struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]json.RawMessage `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	fields := func(v any) (out []string) {
		b, _ := json.Marshal(v)
		m := map[string]json.RawMessage{}
		_ = json.Unmarshal(b, &m)
		for k := range m {
			out = append(out, k)
		}
		return out
	}
	for name, c := range map[string]struct {
		in any
		of map[string]json.RawMessage
	}{"request": {request{}, doc.Properties}, "record": {pushed{}, doc.Defs["record"].Properties}, "object": {named{}, doc.Defs["object"].Properties}} {
		list := fields(c.in)
		if len(list) != len(c.of) {
			t.Errorf("%s: %d fields, the schema has %d", name, len(list), len(c.of))
		}
		for _, f := range list {
			if c.of[f] == nil {
				t.Errorf("%s.%s is not in the schema", name, f)
			}
		}
	}
	for _, limit := range []string{fmt.Sprintf(`"maxItems": %d`, maxRecords), fmt.Sprintf(`"maxLength": %d`, maxTextBytes), fmt.Sprintf(`"maxProperties": %d`, maxAttributes)} {
		if !strings.Contains(string(schema), limit) {
			t.Errorf("the schema does not say %s", limit)
		}
	}
}

func FuzzPush(f *testing.F) {
	f.Add(whole)
	f.Add(`{"source":"s","records":[{"attributes":{"":""}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := &sink{}
		send(newHandler(t, s, tokens.NewAccess("ci", "*"), nil), "application/json", body)
		for _, r := range s.got {
			if _, err := record.Decode(record.Append(nil, r)); err != nil || r.OccurredAt.After(now.Add(maxAhead)) {
				t.Errorf("%v: %+v", err, r)
			}
		}
	})
}
