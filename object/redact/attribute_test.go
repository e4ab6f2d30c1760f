package redact

import (
	"strings"
	"testing"

	"github.com/kubewake/kubewake/record"
)

func TestAttributes(t *testing.T) {
	r, err := New(testKey(t, 7), nil)
	if err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2hunter2"
	for _, c := range []struct{ name, value, keep string }{
		{"db.password", secret, ""}, {"http.request.header.authorization", "Basic " + secret, ""}, {"x-api-key", secret, ""}, {"my_secret", secret, ""},
		{"http.request.header.cookie", "session=" + secret, ""}, {"oauth/access-token", secret, ""},
		{"http.target", "/api/v1/pods?limit=5&token=" + secret, "/api/v1/pods?limit=5&token="},
		{"url.full", "https://bob:" + secret + "@db.example.com/path?x=1", "@db.example.com/path?x=1"},
		{"url.full", "postgres://" + secret + "@db/", "@db/"},
		{"url.query", "a=b&password=" + secret, "a=b&password="},
		{"exception.message", "login failed: password=" + secret + ", retry", ", retry"},
		{"log", `{"user":"bob","password":"` + secret + `"}`, `{"user":"bob","password":`},
		{"log", "Authorization: Bearer " + secret + "12345", "Authorization: "},
		{"log", "Authorization: Basic " + secret, "Authorization: "},
		{"log", "GET https://x.example/?api_key=" + secret + " took 5s", " took 5s"},
		{"log", "API_KEY=" + secret + " MODE=fast", " MODE=fast"},
		{"log", "-----BEGIN RSA PRIVATE KEY-----" + secret, ""},
	} {
		got, changed := r.Attribute(record.GroupResource{}, c.name, c.value)
		if strings.Contains(got, secret) || !changed || !strings.Contains(got, "redacted") {
			t.Errorf("%s: %s became %s", c.name, c.value, got)
		}
		if !strings.Contains(got, c.keep) {
			t.Errorf("%s: %s lost more than the secret: %s", c.name, c.value, got)
		}
		again, changed := r.Attribute(record.GroupResource{}, c.name, got)
		if again != got || changed {
			t.Errorf("%s: redacted twice, %s became %s", c.name, got, again)
		}
	}
	for _, c := range [][2]string{
		{"k8s.pod.name", "web-1"}, {"http.target", "/api/v1/namespaces/shop/pods/web-1?resourceVersion=5"}, {"key", "shop/web"}, {"audit-id", "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a"},
		{"message", "token review took 5ms"}, {"url.full", "https://x.example/a@b"}, {"message", "what? a=b"}, {"auth", "rbac"},
	} {
		if got, changed := r.Attribute(record.GroupResource{}, c[0], c[1]); changed {
			t.Errorf("%s: %s became %s", c[0], c[1], got)
		}
	}
	if got, changed := Off().Attribute(record.GroupResource{}, "password", secret); changed || got != secret {
		t.Errorf("switched off, it gave %s", got)
	}
}

func FuzzAttribute(f *testing.F) {
	f.Add("http.target", "/x?token=abc%zz;password=1&")
	f.Add("log", "password: 'x' https://a:b@c/d?e=f#g")
	r, err := New(testKey(f, 7), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		got, changed := r.Attribute(record.GroupResource{}, name, value)
		if changed == (got == value) {
			t.Errorf("%q became %q, changed %v", value, got, changed)
		}
	})
}
