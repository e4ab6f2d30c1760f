package rawjson

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"
)

// corpus is the audit log of the "scenarios" recording, in lines.
func corpus(tb testing.TB) [][]byte {
	dir := os.Getenv("KUBEWAKE_RECORDINGS")
	if dir == "" {
		dir = "../../testdata/recordings"
	}
	f, err := os.Open(filepath.Join(dir, "scenarios", "audit.jsonl.zst"))
	if err != nil {
		tb.Skip("no recordings:", err)
	}
	defer func() { _ = f.Close() }()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(z); err != nil {
		tb.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(raw.Bytes()), []byte("\n"))
}

func bench(b *testing.B, f func(line []byte) bool) {
	lines := corpus(b)
	total := 0
	for _, line := range lines {
		total += len(line)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			if !f(line) {
				b.Fatal("refused a good line")
			}
		}
	}
}

func BenchmarkValid(b *testing.B) {
	bench(b, func(line []byte) bool { _, err := Valid(line); return err == nil })
}

func BenchmarkValidGjson(b *testing.B) { bench(b, gjson.ValidBytes) }
func BenchmarkValidStd(b *testing.B)   { bench(b, json.Valid) }

// The members an audit decoder needs: a few at the top, a few of objectRef, the answer's metadata.
func BenchmarkEnvelope(b *testing.B) {
	bench(b, func(line []byte) bool {
		c := NewCursor(line)
		n := 0
		err := c.Object(func(key []byte) error {
			switch string(key) {
			case "auditID", "verb", "requestURI", "stage", "stageTimestamp":
				raw, err := c.Raw()
				n += len(raw)
				return err
			case "objectRef", "user":
				return c.Object(func([]byte) error { n++; return nil })
			case "responseObject":
				return c.Object(func(key []byte) error {
					if string(key) == "metadata" {
						return c.Object(func([]byte) error { n++; return nil })
					}
					return nil
				})
			}
			return nil
		})
		return err == nil && n > 0
	})
}

func BenchmarkEnvelopeGjson(b *testing.B) {
	bench(b, func(line []byte) bool {
		n := 0
		each := func(_, _ gjson.Result) bool { n++; return true }
		gjson.ParseBytes(line).ForEach(func(key, value gjson.Result) bool {
			switch key.Str {
			case "auditID", "verb", "requestURI", "stage", "stageTimestamp":
				n += len(value.Raw)
			case "objectRef", "user":
				value.ForEach(each)
			case "responseObject":
				value.Get("metadata").ForEach(each)
			}
			return true
		})
		return n > 0
	})
}

func BenchmarkEnvelopeStd(b *testing.B) {
	type event struct {
		AuditID        string
		Verb           string
		RequestURI     string
		Stage          string
		StageTimestamp string
		ObjectRef      map[string]json.RawMessage
		User           map[string]json.RawMessage
		ResponseObject struct{ Metadata map[string]json.RawMessage }
	}
	bench(b, func(line []byte) bool {
		var e event
		return json.Unmarshal(line, &e) == nil && e.Verb != ""
	})
}

func BenchmarkDelta(b *testing.B) {
	var pairs [][2][]byte
	total := 0
	for _, line := range corpus(b) {
		sent, answered := Get(line, "requestObject"), Get(line, "responseObject")
		if len(sent) > 0 && len(answered) > 0 && sent[0] == '{' && answered[0] == '{' {
			pairs = append(pairs, [2][]byte{sent, answered})
			total += len(sent) + len(answered)
		}
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range pairs {
			DeltaOf(p[0], p[1])
		}
	}
}
