package audit

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

func newRedactor(tb testing.TB) *redact.Redactor {
	tb.Helper()
	key, err := redact.NewKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := redact.New(key, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// A redacted event gives the facts that the event gives, also to a decoder that redacts nothing.
func TestRedactedEventsGiveTheSameFacts(t *testing.T) {
	r := newRedactor(t)
	d, plain := New(Options{Cluster: "test", Redactor: r}), newDecoder()
	changed := 0
	for _, raw := range append(lines(t, "scenarios", "audit.jsonl"), lines(t, "deployment", "bootstrap.audit.jsonl")...) {
		out, err := d.Redacted(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		want, err := d.Decode(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := plain.Decode(nil, out)
		if err != nil {
			t.Fatalf("%v: %.300s", err, out)
		}
		if len(want) > 0 && want[0].Request.Flags.Has(record.FlagRedacted) {
			changed++
		}
		for _, rs := range [][]*record.Record{want, got} {
			for _, r := range rs {
				if r.Kind == record.KindRequest {
					r.Request.Flags &^= record.FlagRedacted
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
	if changed == 0 {
		t.Error("nothing to redact among the recordings")
	}
}

func TestRedactedHidesSecrets(t *testing.T) {
	const word = "c2VjcmV0LXZhbHVl"
	raw := []byte(`{"level":"RequestResponse","auditID":"a","stage":"ResponseComplete","verb":"update","requestURI":"/x?token=` + word + `","objectRef":{"resource":"secrets","name":"s"},` +
		`"responseStatus":{"code":422,"message":"Invalid value: \"` + word + `\": bad","details":{"name":"s","causes":[{"message":"Invalid value: \"` + word + `\": bad"},3]}},` +
		`"requestObject":{"kind":"Secret","apiVersion":"v1","data":{"k":"` + word + `"}},"responseObject":"` + word + `","unknown":"` + word + `","annotations":{"policy":"` + word + `"},` +
		`"requestReceivedTimestamp":"2026-11-20T15:50:00Z"}`)
	d := New(Options{Cluster: "test", Redactor: newRedactor(t)})
	out, err := d.Redacted([]byte("before "), raw)
	if err != nil || !bytes.HasPrefix(out, []byte("before {")) || bytes.Contains(out, []byte(word)) {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := d.Decode(nil, out[len("before "):]); err != nil {
		t.Error(err)
	}
}

func TestRefusedIsAFunctionOfTheBytes(t *testing.T) {
	f := Refused{Cluster: "c", Reason: record.GapUndecodable, Raw: []byte(`...,"requestReceivedTimestamp":"2026-11-20T15:50:00Z","stageTimestamp":"2026-11-20T15:49:00Z"`)}
	g := f.Gap()
	if g.OccurredAt.After(g.Gap.Until) || g.OccurredAt.IsZero() || g.Gap.Count != 1 || g.ID() != f.Gap().ID() {
		t.Errorf("%+v %+v", g, g.Gap)
	}
}

func FuzzRedacted(f *testing.F) {
	f.Add(made("patch", "/x?dryRun=", `{"resource":"secrets"}`, 422, `"requestObject":[],"annotations":{"a":"b"},"responseStatus":{"details":{"causes":[{"message":"x"}]}}`))
	f.Add(made("update", "/x", deployRef, 200, `"requestObject":"s","responseObject":{"a":{}}`))
	d := New(Options{Cluster: "test", Redactor: newRedactor(f)})
	f.Fuzz(func(t *testing.T, raw []byte) {
		out, err := d.Redacted(nil, raw)
		if err != nil {
			return
		}
		if _, err := rawjson.Valid(out); err != nil {
			t.Fatalf("%v: %q", err, out)
		}
		want, wantErr := d.Item(nil, raw)
		got, gotErr := d.Decode(nil, out)
		if wantErr == nil && (gotErr != nil || len(want) != len(got) || want[0].ID() != got[0].ID()) {
			t.Fatalf("%v, %d of %d records: %q", gotErr, len(got), len(want), out)
		}
	})
}
