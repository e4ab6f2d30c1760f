package query

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/record"
)

// auditEvent is what these tests read of an audit event, apart from the program's own decoder.
type auditEvent struct {
	Verb, RequestURI string
	User             struct {
		Username string
		Groups   []string
	}
	ObjectRef      struct{ Resource, Namespace, Name, APIGroup, Subresource string }
	ResponseStatus struct{ Code int }
	Received       time.Time `json:"requestReceivedTimestamp"`
	StageTimestamp time.Time
	ResponseObject json.RawMessage
}

func (e *auditEvent) record() *record.Record {
	return &record.Record{
		Kind: record.KindRequest, OccurredAt: e.Received,
		Ref: record.ObjectRef{Group: e.ObjectRef.APIGroup, Resource: e.ObjectRef.Resource, Subresource: e.ObjectRef.Subresource,
			Namespace: e.ObjectRef.Namespace, Name: e.ObjectRef.Name},
		Request: &record.Request{Verb: e.Verb, URI: e.RequestURI, Code: e.ResponseStatus.Code, StageAt: e.StageTimestamp,
			Actor: record.Actor{User: e.User.Username, Groups: e.User.Groups}},
	}
}

// events reads the audit log of a recording.
func events(tb testing.TB, recording string) []*auditEvent {
	tb.Helper()
	dir := os.Getenv("KUBEWAKE_RECORDINGS")
	if dir == "" {
		dir = "../testdata/recordings"
	}
	packed, err := os.ReadFile(filepath.Join(dir, recording, "audit.jsonl.zst"))
	if err != nil {
		tb.Skip("no recording:", err)
	}
	z, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	var all []*auditEvent
	for lines.Scan() {
		e := new(auditEvent)
		if err := json.Unmarshal(lines.Bytes(), e); err != nil {
			tb.Fatal(err)
		}
		all = append(all, e)
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		tb.Fatal(len(all), err)
	}
	return all
}

// number64 reads a path of a decoded state; ok where there is a number.
func number64(raw []byte, path ...string) (float64, bool) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return 0, false
	}
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return 0, false
		}
		v = m[p]
	}
	n, ok := v.(float64)
	return n, ok
}

// TestFiltersOnRecording asks the same of real requests by a filter and by plain Go.
func TestFiltersOnRecording(t *testing.T) {
	all := events(t, "scenarios")
	for _, tc := range []struct {
		filter string
		plain  func(*auditEvent) bool
	}{
		{`request.verb == "delete" && request.user.startsWith("system:serviceaccount:")`, func(e *auditEvent) bool {
			return e.Verb == "delete" && strings.HasPrefix(e.User.Username, "system:serviceaccount:")
		}},
		{`request.code >= 400 && request.code != 404`, func(e *auditEvent) bool {
			return e.ResponseStatus.Code >= 400 && e.ResponseStatus.Code != 404
		}},
		{`object.spec.replicas > 3`, func(e *auditEvent) bool {
			n, ok := number64(e.ResponseObject, "spec", "replicas")
			return ok && n > 3
		}},
		{`!(resource in ["pods", "events"]) && (object.status.replicas == 0 || subresource == "scale")`, func(e *auditEvent) bool {
			n, ok := number64(e.ResponseObject, "status", "replicas")
			r := e.ObjectRef
			return r.Resource != "pods" && r.Resource != "events" && (ok && n == 0 || r.Subresource == "scale")
		}},
		{`request.groups.exists(g, g == "system:masters") && request.latency > duration("10ms")`, func(e *auditEvent) bool {
			masters := false
			for _, g := range e.User.Groups {
				masters = masters || g == "system:masters"
			}
			return masters && e.StageTimestamp.Sub(e.Received) > 10*time.Millisecond
		}},
		{`object.metadata.labels["app"] == "web" && "system:authenticated" in request.groups`, func(e *auditEvent) bool {
			var o struct {
				Metadata struct{ Labels map[string]string }
			}
			ok := json.Unmarshal(e.ResponseObject, &o) == nil && o.Metadata.Labels["app"] == "web"
			in := false
			for _, g := range e.User.Groups {
				in = in || g == "system:authenticated"
			}
			return ok && in
		}},
	} {
		f, err := Compile(tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		hits := 0
		for _, e := range all {
			r := e.record()
			got, err := f.Match(Input{Record: r, Object: known([]byte(e.ResponseObject))})
			want := Miss
			if tc.plain(e) {
				want, hits = Hit, hits+1
			}
			if got != want || err != nil || (want == Hit && !f.PreMatch(r)) {
				t.Errorf("%s on %s %s: %v, %v, want %v", tc.filter, e.Verb, e.RequestURI, got, err, want)
			}
		}
		if hits == 0 {
			t.Errorf("%s hits nothing: the comparison says little", tc.filter)
		}
		t.Logf("%s: %d of %d", tc.filter, hits, len(all))
	}
}

// BenchmarkSearchStates goes over the states of a real recording.
func BenchmarkSearchStates(b *testing.B) {
	all := events(b, "scenarios")
	f, err := Compile(`object.spec.replicas > 1000`)
	if err != nil {
		b.Fatal(err)
	}
	var inputs []Input
	size := 0
	for _, e := range all {
		if len(e.ResponseObject) > 0 {
			inputs = append(inputs, Input{Record: e.record(), Object: known([]byte(e.ResponseObject))})
			size += len(e.ResponseObject)
		}
	}
	b.SetBytes(int64(size / len(inputs)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if got, err := f.Match(inputs[i%len(inputs)]); got != Miss || err != nil {
			b.Fatal(got, err)
		}
		i++
	}
}
