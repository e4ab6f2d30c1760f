package redact

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// Whatever comes: no panic, valid JSON stays valid, and what was redacted once is left alone.
func FuzzBody(f *testing.F) {
	r := testRedactor(f, Rule{"*", "pods", "", []string{"spec.*", "metadata.annotations.*"}, ""})
	for _, s := range []string{`{"kind":"Secret","data":{"a":"$E"}}`, `[{"op":"add","path":"/data/a","value":"$S"}]`, `{"kind":"List","items":[{"kind":"Secret","metadata":{},"data":{"a":"$E"}}]}`,
		`{"kind":"AdmissionReview","request":{"kind":{"kind":"Secret"},"object":{}},"response":{"patch":"W10="}}`, `{"metadata":{"annotations":{"` + lastApplied + `":"{}"}}}`,
		`{"kind":"Table","rows":[{"object":{}}]}`, `"\ud800"`, `{"kind":"TokenReview","spec":{"token":"$J"}}`} {
		f.Add([]byte(fill(r, s)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := rawjson.Valid(raw)
		for _, gr := range []record.GroupResource{secrets, pods, reviews, unspecified} {
			for _, redacted := range []func(record.GroupResource, string, []byte) ([]byte, bool){r.Body, r.Patch} {
				out, changed := redacted(gr, "", raw)
				if changed == bytes.Equal(out, raw) {
					t.Fatalf("%s: changed is %v: %s", gr, changed, out)
				}
				if (err == nil || changed) && !json.Valid(out) {
					t.Fatalf("%s: not JSON any more: %s", gr, out)
				}
				if again, changed := redacted(gr, "", out); changed {
					t.Fatalf("%s: not idempotent:\n%s\n%s", gr, out, again)
				}
			}
		}
	})
}

// A value planted into a Secret does not come through, whatever the value.
func FuzzSecret(f *testing.F) {
	r := testRedactor(f)
	f.Add(planted, "a")
	f.Add("\"}]\\\u2028", "\\\"")
	f.Fuzz(func(t *testing.T, value, key string) {
		if len(value) < 6 || IsValue(value) {
			return
		}
		body := map[string]any{"kind": "Secret", "stringData": map[string]string{key: value}, "data": map[string][]byte{key: []byte(value)}}
		inner, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		body["metadata"] = map[string]any{"annotations": map[string]string{lastApplied: string(inner)}}
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := r.Body(secrets, "", raw)
		without, err := json.Marshal(map[string]any{key: lastApplied + ` {"apiVersion","kind":"Secret","metadata":{"annotations","stringData":`})
		if err != nil {
			t.Fatal(err)
		}
		without, err = json.Marshal(string(without))
		if err != nil || bytes.Contains(without, []byte(value)) {
			return // the name says it
		}
		if bytes.Contains(out, []byte(value)) || bytes.Contains(out, []byte(base64Of(value))) {
			t.Fatalf("%s in %s", value, out)
		}
	})
}

// Messages and URIs: no panic, and what was redacted once is left alone.
func FuzzText(f *testing.F) {
	r := testRedactor(f)
	f.Add(`Invalid value: "x": y, [a: Duplicate value: {"b":[1]}] denied the request: z`)
	f.Add(`...|a|..., bigger context ...|b|... map[x:y] 'q' ` + jwt)
	f.Add(`/x/exec?command=a&token=b%zz;c`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, gr := range []record.GroupResource{secrets, pods} {
			for _, do := range []func(string) (string, bool){
				func(s string) (string, bool) { return r.Message(gr, "", s) },
				func(s string) (string, bool) { return r.URI(s, gr, "exec") },
			} {
				out, changed := do(text)
				if changed != (out != text) {
					t.Fatalf("changed is %v: %q", changed, out)
				}
				_, _ = do(out)
			}
		}
	})
}
