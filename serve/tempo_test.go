package serve_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/kubewake/kubewake/serve"
)

// TestTempo: Tempo's paths lie below /tempo, and the API's tokens hold for them; /api/traces/{id} stays Jaeger's.
func TestTempo(t *testing.T) {
	const token = "a-token-for-everything"
	url, stop := start(t, serve.Config{Listen: "127.0.0.1:0", Callers: serve.CallersOf(t, token+" *\n")})
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, tc := range []struct {
		path, token string
		status      int
		kind        string
	}{
		{"/tempo/api/echo", token, http.StatusOK, "text/plain; charset=utf-8"},
		{"/tempo/api/echo", "", http.StatusUnauthorized, "application/problem+json"},
		{"/tempo/api/search", "", http.StatusUnauthorized, "application/problem+json"},
		{"/tempo/api/search", token, http.StatusOK, "application/json"},
		{"/tempo/api/v2/traces/abc", token, http.StatusOK, "application/protobuf"},
		{"/tempo/api/traces/abc", token, http.StatusOK, "application/protobuf"},
		{"/api/traces/abc", token, http.StatusOK, "application/json"},
		{"/tempo/api/nothing", token, http.StatusNotFound, "text/plain; charset=utf-8"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "application/protobuf")
		if tc.token != "" {
			r.Header.Set("Authorization", "Bearer "+tc.token)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != tc.status || answer.Header.Get("Content-Type") != tc.kind {
			t.Errorf("%s with %q: %s %s %v: %.200s", tc.path, tc.token, answer.Status, answer.Header.Get("Content-Type"), err, body)
		}
	}
}
