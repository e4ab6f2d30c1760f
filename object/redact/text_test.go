package redact

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

func TestURI(t *testing.T) {
	r := testRedactor(t)
	v := "redacted%3A" + r.Value(planted)[9:17] + "%3A" + r.Value(planted)[18:]
	for _, c := range []struct{ name, in, subresource, want string }{
		{"plain", "/api/v1/namespaces/shop/pods?limit=500&labelSelector=app%3Dweb", "", ""},
		{"exec", "/api/v1/namespaces/x/pods/p/exec?command=" + planted + "&command=" + planted + "&container=main&stdout=true", "exec",
			"/api/v1/namespaces/x/pods/p/exec?command=" + v + "&command=" + v + "&container=main&stdout=true"},
		{"attach by path", "/api/v1/namespaces/x/pods/p/attach?command=" + planted, "", "/api/v1/namespaces/x/pods/p/attach?command=" + v},
		{"escaped name", "/x/exec?comm%61nd=" + planted, "exec", "/x/exec?comm%61nd=" + v},
		{"escaped value equals plain", "/x?token=hunter2%68unter2", "", "/x?token=" + v},
		{"tokens", "/x?a=b&access_token=" + planted + "&id_token=" + planted, "", "/x?a=b&access_token=" + v + "&id_token=" + v},
		{"semicolons", "/x?a=b;token=" + planted + "&c=d;e=f", "", "/x?a=redacted%3A" + r.Value("b;token=" + planted)[9:17] + "%3A" + r.Value("b;token=" + planted)[18:] + "&c=d;e=f"},
		{"fold", "/x?Token=" + planted, "", "/x?Token=" + v},
		{"proxy", "/api/v1/namespaces/x/services/s/proxy/login?u=" + planted + "&flag", "proxy",
			"/api/v1/namespaces/x/services/s/proxy/login?u=" + v + "&redacted=redacted%3A" + r.Value("flag")[9:17] + "%3A" + r.Value("flag")[18:]},
		{"proxy by path", "/api/v1/nodes/n/proxy/run?cmd=" + planted, "", "/api/v1/nodes/n/proxy/run?cmd=" + v},
		{"redacted already", "/x?token=" + v + "&a=b", "", ""},
		{"continue stays", "/api/v1/secrets?continue=abc&limit=5", "", ""},
		{"empty", "/x?token=", "", ""},
		{"broken escapes", "/x?token=%zz", "", "/x?token=redacted%3A" + r.Value("%zz")[9:17] + "%3A" + r.Value("%zz")[18:]},
		{"odd separators", "/x?&&a=b&", "", ""},
		{"jwt in path", "/x/" + jwt + "/y", "", "/x/" + r.Value(jwt) + "/y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want == "" {
				want = c.in
			}
			got, changed := r.URI(c.in, pods, c.subresource)
			if got != want || changed != (want != c.in) {
				t.Errorf("got  %s (%v)\nwant %s", got, changed, want)
			}
			if again, changed := r.URI(got, pods, c.subresource); changed {
				t.Errorf("not idempotent: %s", again)
			}
		})
	}
	if got, changed := r.URI("/x?foo="+jwt, pods, ""); !changed || leaks(got) {
		t.Errorf("a token under an unknown name: %s", got)
	}
	// The identity of a request must not depend on the key.
	one, _ := r.URI("/x?a=b&token="+planted, pods, "")
	other, err := New(testKey(t, 9), nil)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := other.URI("/x?a=b&token="+planted, pods, "")
	id := func(uri string) record.ID {
		rec := record.Record{Kind: record.KindRequest, Request: &record.Request{AuditID: "a", URI: uri}}
		return rec.ID()
	}
	if one == two || id(one) != id(two) {
		t.Errorf("identities of %s and %s differ", one, two)
	}
}

func TestMessage(t *testing.T) {
	r := testRedactor(t)
	for _, text := range []string{ // what names things stays
		`secrets "creds" already exists`,
		`secrets "creds" not found`,
		`secrets is forbidden: User "system:serviceaccount:ci:bot" cannot list resource "secrets" in API group "" in the namespace "kube-system"`,
		`Operation cannot be fulfilled on secrets "creds": the object has been modified; please apply your changes to the latest version and try again`,
		`Operation cannot be fulfilled on secrets "creds": StorageError: invalid object, Code: 4, Key: /registry/secrets/config/creds, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: 01487d0d-b86c-49e1-a60c-6aa329e4060f, UID in object meta: `,
		`Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.password`,
		`Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 4`,
		`the server doesn't allow this`,
		`json: cannot unmarshal string into Go struct field Secret.data of type map[string][]uint8`,
	} {
		if got, _ := r.Message(secrets, "", text); got != text && text != `json: cannot unmarshal string into Go struct field Secret.data of type map[string][]uint8` {
			t.Errorf("got  %s\nwant %s", got, text)
		}
	}
	v := r.Value(planted)
	for _, c := range []struct{ in, want string }{
		{`Secret "s" is invalid: data[a]: Invalid value: "` + planted + `": must be`, `Secret "s" is invalid: data[a]: Invalid value: "` + v + `": must be`},
		{`Secret "s" is invalid: [data[a]: Invalid value: "` + planted + `": x, data[b]: Duplicate value: "` + planted + `"]`,
			`Secret "s" is invalid: [data[a]: Invalid value: "` + v + `": x, data[b]: Duplicate value: "` + v + `"]`},
		{`data: Invalid value: {"a":"` + planted + `"}: too short`, `data: Invalid value: ` + r.Value(`{"a":"`+planted+`"}`) + `: too short`},
		{`data: Invalid value: map[string]string{"a":"` + planted + `"}: no`, `data: Invalid value: ` + r.Value(`map[string]string{"a":"`+planted+`"}`) + `: no`},
		{`data: Invalid value: ` + planted, `data: Invalid value: ` + v},
		{`strict decoding error: unknown field "` + planted + `"`, `strict decoding error: unknown field "` + v + `"`},
		{`v1.Secret.Data: decode base64: illegal base64 data at input byte 7, error found in #10 byte of ...|"a":"` + planted + `"}|..., bigger context ...|{"stringData":{"a":"` + planted + `"}|...`, ``},
		{`json: cannot unmarshal number 12345678 into Go struct field`, `json: cannot unmarshal number ` + r.Value("12345678") + ` into Go struct field`},
		{`admission webhook "w.example.com" denied the request: password ` + planted + ` is weak`, `admission webhook "w.example.com" denied the request: ` + r.Value(`password `+planted+` is weak`)},
		{`secrets "s" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ` + planted, `secrets "s" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ` + v},
		{`could not parse {"a":"` + planted + `"} at all`, `could not parse ` + r.Value(`{"a":"`+planted+`"}`) + ` at all`},
		{`object map[a:` + planted + `] refused`, `object ` + r.Value(`map[a:`+planted+`]`) + ` refused`},
		{`bytes [104 117 110] refused`, `bytes ` + r.Value(`[104 117 110]`) + ` refused`},
		{`got ` + planted1 + ` there`, `got ` + r.Value(planted1) + ` there`},
		{`secret "a \"` + planted + `\"" odd`, ``},
		{`unclosed "` + planted, `unclosed ` + r.Value(`"`+planted)},
		{"backticks `" + planted + "`", "backticks `" + v + "`"},
		{`single '` + planted + `'`, `single '` + v + `'`},
		{`bad ` + jwt, `bad ` + r.Value(jwt)},
	} {
		got, changed := r.Message(secrets, "", c.in)
		if c.want != "" && got != c.want || !changed || leaks(got) {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if again, changed := r.Message(secrets, "", got); changed {
			t.Errorf("not idempotent: %s\n%s", got, again)
		}
	}
	// Other kinds: only what shows by itself.
	for _, c := range []struct{ in, want string }{
		{`spec.x: Invalid value: "y"`, ``},
		{`sent Authorization: Bearer abcdefgh12345678 to it`, `sent Authorization: Bearer ` + r.Value("abcdefgh12345678") + ` to it`},
		{`no bearer authentication here`, ``},
		{`token ` + jwt + `, bad`, `token ` + r.Value(jwt) + `, bad`},
		{"-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----", r.Value("-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----")},
	} {
		want := c.want
		if want == "" {
			want = c.in
		}
		got, changed := r.Message(pods, "", c.in)
		if got != want || changed != (want != c.in) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if again, changed := r.Message(pods, "", got); changed {
			t.Errorf("not idempotent: %s", again)
		}
	}
}

func TestAnnotations(t *testing.T) {
	r := testRedactor(t)
	in := []record.KeyValue{
		{Key: "authorization.k8s.io/decision", Value: "allow"},
		{Key: "authorization.k8s.io/reason", Value: `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to User "z"`},
		{Key: "my-policy.example.com/seen", Value: planted},
		{Key: "mutation.webhook.admission.k8s.io/round_0_index_0", Value: `{"configuration":"c","webhook":"w","mutated":true}`},
		{Key: "patch.webhook.admission.k8s.io/round_0_index_0", Value: fill(r, `{"configuration":"c","webhook":"w","patch":[{"op":"add","path":"/stringData/a","value":"$S"}],"patchType":"JSONPatch"}`)},
		{Key: "patch.webhook.admission.k8s.io/round_0_index_1", Value: fill(r, `{"patch":[{"op":"add","path":"/stringData/a","value":"$S`)},
		{Key: "validation.policy.admission.k8s.io/validation_failure", Value: fill(r, `[{"message":"$S","policy":"p","binding":"b","expressionIndex":"1","validationActions":["Audit"]}]`)},
	}
	want := []record.KeyValue{
		in[0], in[1],
		{Key: in[2].Key, Value: r.Value(planted)},
		in[3],
		{Key: in[4].Key, Value: fill(r, `{"configuration":"c","webhook":"w","patch":[{"op":"add","path":"/stringData/a","value":"$V"}],"patchType":"JSONPatch"}`)},
		{Key: in[5].Key, Value: r.Value(in[5].Value)},
		{Key: in[6].Key, Value: fill(r, `[{"message":"$V","policy":"p","binding":"b","expressionIndex":"1","validationActions":["Audit"]}]`)},
	}
	before := in[2].Value
	got, changed := r.Annotations(secrets, "", in)
	if !changed {
		t.Error("nothing changed")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if in[2].Value != before {
		t.Error("the input was changed")
	}
	if _, changed := r.Annotations(secrets, "", got); changed {
		t.Error("not idempotent")
	}
	if _, changed := r.Annotations(pods, "", in); changed {
		t.Error("annotations of pods changed")
	}
	got, changed = r.Annotations(pods, "", []record.KeyValue{{Key: "a", Value: "b"}, {Key: "x", Value: "t " + jwt}})
	if !changed || got[0].Value != "b" || got[1].Value != "t "+r.Value(jwt) {
		t.Errorf("got %v", got)
	}
}

// However long a message and whatever is in it: read in time that grows with its length, or cut whole.
func TestLongMessages(t *testing.T) {
	r := testRedactor(t)
	for _, piece := range []string{`""`, `{`, `Invalid value: (`, `\"`, ` 'a`, `...|`, `eyJaaaaaaaa.`, `user "a" `} {
		for _, length := range []int{maxMessage, 4 << 20} {
			text := strings.Repeat(piece, length/len(piece)) + planted
			if out, _ := r.Message(secrets, "", text); length > maxMessage && out != r.Value(text) {
				t.Errorf("%s: a message of %d bytes was not cut whole", piece, length)
			}
			r.Message(pods, "", text)
		}
	}
}
