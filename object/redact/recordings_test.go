package redact

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/internal/leak"
	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

func recordings() string {
	if dir := os.Getenv("KUBEWAKE_RECORDINGS"); dir != "" {
		return dir
	}
	return "../../testdata/recordings"
}

func eachLine(tb testing.TB, path string, f func(line []byte)) {
	file, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	z, err := zstd.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	s := bufio.NewScanner(z)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		f(s.Bytes())
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
}

type auditEvent struct {
	Verb, RequestURI              string
	ObjectRef                     struct{ APIGroup, Resource, Subresource string }
	ResponseStatus                struct{ Message string }
	RequestObject, ResponseObject json.RawMessage
	Annotations                   map[string]string
}

// through gives everything of an audit event that is redacted, after it was.
func through(tb testing.TB, r *Redactor, line []byte) (out []byte, changed bool) {
	var e auditEvent
	if err := json.Unmarshal(line, &e); err != nil {
		tb.Fatal(err)
	}
	gr := record.GroupResource{Group: e.ObjectRef.APIGroup, Resource: e.ObjectRef.Resource}
	var some bool
	body := r.Body
	if e.Verb == "patch" {
		body = r.Patch
	}
	sent, some := body(gr, e.ObjectRef.Subresource, e.RequestObject)
	changed = changed || some
	answer, some := r.Body(gr, e.ObjectRef.Subresource, e.ResponseObject)
	changed = changed || some
	for _, b := range [][]byte{sent, answer} {
		if _, err := rawjson.Valid(b); len(b) > 0 && err != nil {
			tb.Errorf("%s: not JSON: %v", e.RequestURI, err)
		}
	}
	uri, some := r.URI(e.RequestURI, gr, e.ObjectRef.Subresource)
	changed = changed || some
	message, some := r.Message(gr, e.ObjectRef.Subresource, e.ResponseStatus.Message)
	changed = changed || some
	var kv []record.KeyValue
	for k, v := range e.Annotations {
		kv = append(kv, record.KeyValue{Key: k, Value: v})
	}
	kv, some = r.Annotations(gr, e.ObjectRef.Subresource, kv)
	changed = changed || some
	out = bytes.Join([][]byte{sent, answer, []byte(uri), []byte(message)}, []byte("\n"))
	for _, a := range kv {
		out = append(out, "\n"+a.Value...)
	}
	return out, changed
}

// TestRecordings: nothing that real recordings hold in secrets goes through, and everything else does unchanged.
func TestRecordings(t *testing.T) {
	r := testRedactor(t)
	for _, name := range []string{"deployment", "scenarios"} {
		planted := leak.NewSet()
		if err := planted.ReadDir(filepath.Join(recordings(), name)); err != nil {
			t.Fatal(err)
		}
		if planted.Searchable() < 15 {
			t.Fatalf("%s: only %d secrets", name, planted.Searchable())
		}
		leaked, changes, lines := 0, 0, 0
		for _, file := range []string{"audit.jsonl.zst", "bootstrap.audit.jsonl.zst"} {
			eachLine(t, filepath.Join(recordings(), name, file), func(line []byte) {
				lines++
				before, _ := through(t, Off(), line)
				leaked += len(planted.Search(before))
				after, changed := through(t, r, line)
				for _, hit := range planted.Search(after) {
					t.Errorf("%s %s: %v", name, file, hit)
				}
				if changed {
					changes++
				}
			})
		}
		if leaked == 0 {
			t.Errorf("%s: without redaction nothing was found, so the search proves nothing", name)
		}
		if changes > planted.Searchable()+10 {
			t.Errorf("%s: %d of %d events changed for %d secrets", name, changes, lines, planted.Searchable())
		}
	}
}

// Bodies of an audit log as they come, nearly all of them without anything to redact.
func BenchmarkBody(b *testing.B) {
	type body struct {
		gr  record.GroupResource
		sub string
		raw []byte
	}
	var bodies []body
	total := 0
	eachLine(b, filepath.Join(recordings(), "scenarios", "audit.jsonl.zst"), func(line []byte) {
		var e auditEvent
		if err := json.Unmarshal(line, &e); err != nil {
			b.Fatal(err)
		}
		if len(e.ResponseObject) == 0 {
			return
		}
		bodies = append(bodies, body{record.GroupResource{Group: e.ObjectRef.APIGroup, Resource: e.ObjectRef.Resource}, e.ObjectRef.Subresource, e.ResponseObject})
		total += len(e.ResponseObject)
	})
	for name, rules := range map[string][]Rule{"defaults": nil, "a rule for pods": {{"", "pods", "", []string{"spec.containers[*].env[*].value"}, ""}}} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			r := testRedactor(b, rules...)
			b.SetBytes(int64(total))
			b.ReportAllocs()
			for b.Loop() {
				for _, body := range bodies {
					r.Body(body.gr, body.sub, body.raw)
				}
			}
		})
	}
}
