package redact

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/record"
)

var (
	secrets     = record.GroupResource{Resource: "secrets"}
	configMaps  = record.GroupResource{Resource: "configmaps"}
	pods        = record.GroupResource{Resource: "pods"}
	accounts    = record.GroupResource{Resource: "serviceaccounts"}
	reviews     = record.GroupResource{Group: "authentication.k8s.io", Resource: "tokenreviews"}
	unspecified = record.GroupResource{}
)

func testKey(tb testing.TB, fill byte) Key {
	key, err := NewKey(bytes.NewReader(bytes.Repeat([]byte{fill}, secretBytes)))
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func testRedactor(tb testing.TB, rules ...Rule) *Redactor {
	r, err := New(testKey(tb, 7), rules)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// hunter2hunter2 in the forms that the tests plant.
const (
	planted  = "hunter2hunter2"
	planted1 = "aHVudGVyMmh1bnRlcjI="
	jwt      = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJlLWh1bnRlcjI"
)

func leaks(b string) bool {
	return strings.Contains(b, planted) || strings.Contains(b, planted1) || strings.Contains(b, "c2lnbmF0dXJl") ||
		strings.Contains(strings.ToLower(b), "hunter2") || strings.Contains(b, "aHVudGVy")
}

// fill writes $S for the plain secret, $E for the encoded one and $J for a token; in wants $V for its digest and $T for the token's.
func fill(r *Redactor, s string) string {
	return strings.NewReplacer("$S", planted, "$E", planted1, "$J", jwt, "$V", r.Value(planted), "$T", r.Value(jwt)).Replace(s)
}

func TestBody(t *testing.T) {
	r := testRedactor(t)
	for _, c := range []struct {
		name        string
		gr          record.GroupResource
		subresource string
		in, want    string // no want: nothing changes
	}{
		{"secret", secrets, "", `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":{"a":"$E","b":"$E"},"type":"Opaque"}`,
			`{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":{"a":"$V","b":"$V"},"type":"Opaque"}`},
		{"stringData equals data", secrets, "", `{"stringData":{"a":"$S"},"data":{"a":"$E"}}`, `{"stringData":{"a":"$V"},"data":{"a":"$V"}}`},
		{"kind behind, other resource", configMaps, "", `{"data":{"a":"$E"},"metadata":{},"kind":"Secret"}`, `{"data":{"a":"$V"},"metadata":{},"kind":"Secret"}`},
		{"two kinds", configMaps, "", `{"kind":"Secret","data":{"a":"$E"},"metadata":{},"kind":"ConfigMap"}`,
			`{"kind":"Secret","data":{"a":"$V"},"metadata":{},"kind":"ConfigMap"}`},
		{"twice data", secrets, "", `{"data":{"a":"$E"},"data":{"a":"$E","a":"$E"}}`, `{"data":{"a":"$V"},"data":{"a":"$V","a":"$V"}}`},
		{"escaped keys", secrets, "", `{"\u0064ata":{"\u0061":"$E"},"string\u0044ata":{"a":"\u0068unter2hunter2"}}`,
			`{"\u0064ata":{"\u0061":"$V"},"string\u0044ata":{"a":"$V"}}`},
		{"escaped kind", unspecified, "", `{"kind":"\u0053ecret","metadata":{},"data":{"a":"$E"}}`, `{"kind":"\u0053ecret","metadata":{},"data":{"a":"$V"}}`},
		{"spaces", secrets, "", "{\n \"data\" : {\n  \"a\" : \"$E\"\n }\n}", "{\n \"data\" : {\n  \"a\" : \"$V\"\n }\n}"},
		{"SecretList", secrets, "", `{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"s"},"data":{"a":"$E"},"type":"Opaque"}]}`,
			`{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"s"},"data":{"a":"$V"},"type":"Opaque"}]}`},
		{"SecretList of no resource", unspecified, "", `{"items":[{"data":{"a":"$E"}}],"kind":"SecretList"}`, `{"items":[{"data":{"a":"$V"}}],"kind":"SecretList"}`},
		{"List", unspecified, "", `{"kind":"List","apiVersion":"v1","items":[{"kind":"ConfigMap","data":{"a":"b"}},{"kind":"Secret","apiVersion":"v1","metadata":{},"data":{"a":"$E"}}]}`,
			`{"kind":"List","apiVersion":"v1","items":[{"kind":"ConfigMap","data":{"a":"b"}},{"kind":"Secret","apiVersion":"v1","metadata":{},"data":{"a":"$V"}}]}`},
		{"watch event", unspecified, "", `{"type":"ADDED","object":{"kind":"Secret","metadata":{},"data":{"a":"$E"}}}`, `{"type":"ADDED","object":{"kind":"Secret","metadata":{},"data":{"a":"$V"}}}`},
		{"Table", secrets, "", `{"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["s","Opaque",1,"2d"],"object":{"kind":"Secret","metadata":{"name":"s"},"data":{"a":"$E"}}}]}`,
			`{"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["s","Opaque",1,"2d"],"object":{"kind":"Secret","metadata":{"name":"s"},"data":{"a":"$V"}}}]}`},
		{"Table of partial metadata", secrets, "", `{"kind":"Table","rows":[{"cells":["s"],"object":{"kind":"PartialObjectMetadata","metadata":{"name":"s"}}}]}`, ``},
		{"not only strings", secrets, "", `{"data":{"a":null,"b":""},"stringData":{"n":$S}}`, ``}, // invalid on purpose: replaced whole below
		{"numbers and objects", secrets, "", `{"stringData":{"n":12345678,"o":{"x":"$S"},"z":null}}`, `{"stringData":{"n":"` + r.Value("12345678") + `","o":"` + r.Value(`{"x":"`+planted+`"}`) + `","z":null}}`},
		{"unknown members", secrets, "", `{"kind":"Secret","Data":{"a":"$S"},"datum":"$S","metadata":{}}`, `{"kind":"Secret","Data":{"a":"$V"},"datum":"$V","metadata":{}}`},
		{"data that is a string", secrets, "", `{"data":"$S"}`, `{"data":"$V"}`},
		{"a string for a body", secrets, "", `"$S"`, `"$V"`},
		{"no base64", secrets, "", `{"data":{"a":"$S"}}`, `{"data":{"a":"$V"}}`},
		{"last applied", secrets, "", `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"data\":{\"a\":\"$E\"},\"kind\":\"Secret\"}\n"}}}`,
			`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"data\":{\"a\":\"$V\"},\"kind\":\"Secret\"}\u000a"}}}`},
		{"last applied, broken", secrets, "", `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"a\":\"$E"}}}`,
			`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"` + r.Value(`{"data":{"a":"`+planted1) + `"}}}`},
		{"other annotations", secrets, "", `{"metadata":{"annotations":{"a":"b","t":"$J","o":"{\"kind\":\"Secret\",\"metadata\":{},\"data\":{\"a\":\"$E\"}}"}}}`,
			`{"metadata":{"annotations":{"a":"b","t":"$T","o":"{\"kind\":\"Secret\",\"metadata\":{},\"data\":{\"a\":\"$V\"}}"}}}`},
		{"managedFields stay", secrets, "", `{"kind":"Secret","metadata":{"managedFields":[{"manager":"kubectl","fieldsV1":{"f:data":{".":{},"f:password":{}}}}]},"type":"Opaque"}`, ``},
		{"delete options stay", secrets, "", `{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/__internal","gracePeriodSeconds":0,"preconditions":{"uid":"u"},"propagationPolicy":"Background","dryRun":["All"]}`, ``},
		{"references stay", pods, "", `{"involvedObject":{"kind":"Secret","apiVersion":"v1","name":"s","uid":"u"},"source":{}}`, ``},
		{"other group's kind", unspecified, "", `{"kind":"Secret","apiVersion":"example.com/v1","metadata":{},"spec":{"a":"b"},"data":{"a":"$E"}}`,
			`{"kind":"Secret","apiVersion":"example.com/v1","metadata":{},"spec":{"a":"b"},"data":{"a":"$V"}}`},
		{"embedded", record.GroupResource{Group: "example.com", Resource: "things"}, "", `{"kind":"Thing","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"m\":{\"kind\":\"Secret\",\"metadata\":{},\"stringData\":{\"a\":\"$S\"}}}}"}},"spec":{"m":{"kind":"Secret","metadata":{},"stringData":{"a":"$S"}}}}`,
			`{"kind":"Thing","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"m\":{\"kind\":\"Secret\",\"metadata\":{},\"stringData\":{\"a\":\"$V\"}}}}"}},"spec":{"m":{"kind":"Secret","metadata":{},"stringData":{"a":"$V"}}}}`},
		{"token request", accounts, "token", `{"kind":"TokenRequest","metadata":{"name":"x"},"spec":{"audiences":["a"],"boundObjectRef":{"kind":"Secret","name":"s"}},"status":{"token":"$J","expirationTimestamp":"2026-01-01T00:00:00Z"}}`,
			`{"kind":"TokenRequest","metadata":{"name":"x"},"spec":{"audiences":["a"],"boundObjectRef":{"kind":"Secret","name":"s"}},"status":{"token":"$T","expirationTimestamp":"2026-01-01T00:00:00Z"}}`},
		{"token request, not answered", accounts, "token", `{"kind":"TokenRequest","spec":{},"status":{"token":"","expirationTimestamp":null}}`, ``},
		{"token request without a resource", unspecified, "", `{"kind":"TokenRequest","status":{"token":"$J"}}`, `{"kind":"TokenRequest","status":{"token":"$T"}}`},
		{"token review", reviews, "", `{"kind":"TokenReview","spec":{"token":"$J","audiences":["a"]},"status":{"user":{"username":"u"}}}`, `{"kind":"TokenReview","spec":{"token":"$T","audiences":["a"]},"status":{"user":{"username":"u"}}}`},
		{"token review without kind", reviews, "", `{"spec":{"token":"$S"}}`, `{"spec":{"token":"$V"}}`},
		{"status", secrets, "", `{"kind":"Status","message":"data[a]: Invalid value: \"$S\": no","details":{"name":"s","causes":[{"message":"Invalid value: \"$S\"","field":"data[a]"}]},"code":422}`,
			`{"kind":"Status","message":"data[a]: Invalid value: \"$V\": no","details":{"name":"s","causes":[{"message":"Invalid value: \"$V\"","field":"data[a]"}]},"code":422}`},
		{"status with data", secrets, "", `{"kind":"Status","data":{"a":"$E"}}`, `{"kind":"Status","data":{"a":"$V"}}`},
		{"admission review", unspecified, "", `{"kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Secret"},"object":{"data":{"a":"$E"}},"oldObject":{"data":{"a":"$E"}}},"response":{"uid":"u","patch":"W3sib3AiOiJhZGQiLCJwYXRoIjoiL3N0cmluZ0RhdGEvYSIsInZhbHVlIjoiaHVudGVyMmh1bnRlcjIifV0="}}`,
			`{"kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Secret"},"object":{"data":{"a":"$V"}},"oldObject":{"data":{"a":"$V"}}},"response":{"uid":"u","patch":"` +
				base64Of(`[{"op":"add","path":"/stringData/a","value":"`+r.Value(planted)+`"}]`) + `"}}`},
		{"admission review by kind inside", unspecified, "", `{"kind":"AdmissionReview","request":{"object":{"kind":"Secret","metadata":{},"data":{"a":"$E"}},"oldObject":null}}`,
			`{"kind":"AdmissionReview","request":{"object":{"kind":"Secret","metadata":{},"data":{"a":"$V"}},"oldObject":null}}`},
		{"redacted already", secrets, "", `{"data":{"a":"redacted:00112233:00112233445566778899aabbccddeeff"}}`, ``},
		{"redacted, but not really", secrets, "", `{"data":{"a":"redacted:$S"}}`, `{"data":{"a":"` + r.Value("redacted:"+planted) + `"}}`},
		{"other kinds stay", configMaps, "", `{"kind":"ConfigMap","metadata":{},"data":{"a":"$E","Secret":"x","n":"a Secret"}}`, ``},
		{"other kinds may be broken", configMaps, "", `{"kind":"ConfigMap","data":{"a":"$E`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := fill(r, c.in)
			want := fill(r, c.want)
			if c.want == "" {
				want = in
			}
			if c.name == "not only strings" {
				want = `"` + r.Value(in) + `"`
			}
			out, changed := r.Body(c.gr, c.subresource, []byte(in))
			if string(out) != want {
				t.Errorf("got  %s\nwant %s", out, want)
			}
			if changed != (want != in) {
				t.Errorf("changed: %v", changed)
			}
			if again, changed := r.Body(c.gr, c.subresource, out); changed {
				t.Errorf("not idempotent: %s", again)
			}
		})
	}
}

func TestBodyCut(t *testing.T) {
	r := testRedactor(t)
	whole := fill(r, `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s","annotations":{"x":"\"y"}},"stringData":{"a":"$S"},"data":{"b":"$E"}}`)
	for n := 1; n < len(whole); n++ {
		for _, gr := range []record.GroupResource{secrets, unspecified} {
			out, _ := r.Body(gr, "", []byte(whole[:n]))
			if leaks(string(out)) {
				t.Fatalf("%s, cut at %d: %s", gr, n, out)
			}
			if out, _ := r.Patch(gr, "", []byte(whole[:n])); leaks(string(out)) {
				t.Fatalf("%s, patch cut at %d: %s", gr, n, out)
			}
		}
		if out, changed := r.Body(secrets, "", []byte(whole[:n])); !changed || !json.Valid(out) {
			t.Fatalf("cut at %d: %s", n, out)
		}
	}
}

func TestDepth(t *testing.T) {
	r := testRedactor(t)
	deep := strings.Repeat(`{"a":`, 100000) + `"` + planted + `"` + strings.Repeat("}", 100000)
	if out, _ := r.Body(secrets, "", []byte(deep)); leaks(string(out)) {
		t.Error("a deep body leaks")
	}
	inner := `{"kind":"Secret","metadata":{},"stringData":{"a":"` + planted + `"}}`
	for range 8 {
		quoted, err := json.Marshal(inner)
		if err != nil {
			t.Fatal(err)
		}
		inner = `{"kind":"Secret","metadata":{"annotations":{"` + lastApplied + `":` + string(quoted) + `}}}`
	}
	out, _ := r.Body(secrets, "", []byte(inner))
	if leaks(string(out)) || !json.Valid(out) {
		t.Errorf("documents in documents: %s", out)
	}
}

func TestKeys(t *testing.T) {
	key, err := NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseKey(key.Encode())
	if err != nil || back.ID != key.ID || !bytes.Equal(back.Secret, key.Secret) {
		t.Fatalf("got %v, %v", back, err)
	}
	for _, bad := range []string{"", "x", keyHeader, keyHeader + "aGk=", keyHeader + "!" + strings.Repeat("A", 43)} {
		if _, err := ParseKey([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		} else if strings.Contains(err.Error(), "AAAA") {
			t.Errorf("the error quotes the key: %v", err)
		}
	}
	if _, err := NewKey(strings.NewReader("short")); err == nil {
		t.Error("a short source was taken")
	}
	if _, err := New(Key{}, nil); err == nil {
		t.Error("no key was taken")
	}
	one, err := New(testKey(t, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := New(testKey(t, 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := one.Value(planted), two.Value(planted)
	if a == b || a[:18] == b[:18] || !IsValue(a) || two.Value(a) != a || one.Value(planted) != a {
		t.Errorf("values: %s, %s", a, b)
	}
}

func TestOff(t *testing.T) {
	r, text := Off(), fill(testRedactor(t), `{"data":{"a":"$E"}}`)
	if out, changed := r.Body(secrets, "", []byte(text)); changed || string(out) != text {
		t.Error("Body changed")
	}
	if out, changed := r.Patch(secrets, "", []byte(text)); changed || string(out) != text {
		t.Error("Patch changed")
	}
	if out, changed := r.URI("/x?token="+jwt, secrets, ""); changed || out != "/x?token="+jwt {
		t.Error("URI changed")
	}
	if _, changed := r.Message(secrets, "", `Invalid value: "x"`); changed {
		t.Error("Message changed")
	}
	if _, changed := r.Annotations(secrets, "", []record.KeyValue{{Key: "a", Value: jwt}}); changed || r.Value("x") != "x" {
		t.Error("Annotations or Value changed")
	}
}
