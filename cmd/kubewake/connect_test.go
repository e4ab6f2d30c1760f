package main

import (
	"bytes"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/serve"
	"github.com/kubewake/kubewake/store/pebble"
)

// TestTokenAndAuthority: a server that asks who one is, behind a certificate of its own, is asked with two flags, or two variables.
func TestTokenAndAuthority(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, name := range []string{"KUBEWAKE_DATA", "KUBEWAKE_SERVER", "KUBEWAKE_CA", "KUBEWAKE_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	st, err := pebble.Open(filepath.Join(dir, "store"), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known, err := tokens.Open(file("tokens", "a-token-that-is-long-enough *\n"))
	if err != nil {
		t.Fatal(err)
	}
	role, err := serve.New(serve.Config{Engine: local.New(st, local.Config{}), Callers: &tokens.Callers{Tokens: known}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(role.Handler(true))
	defer server.Close()
	ca := file("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	token, wrong := file("token", "a-token-that-is-long-enough\n"), file("wrong", "another-token-long-enough\n")
	ask := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		status := run(t.Context(), append([]string{"stat", "--server", server.URL}, args...), streams{in: strings.NewReader(""), out: &out, err: &errs})
		return status, errs.String()
	}
	for _, test := range []struct {
		args []string
		want string // of the error; empty: none
	}{
		{[]string{"--ca", ca, "--token-file", token}, ""},
		{[]string{"--ca", ca, "--token-file", wrong}, "not known here"},
		{[]string{"--ca", ca}, "Say who you are"},
		{[]string{"--token-file", token}, "certificate"},
		{[]string{"--ca", ca, "--token-file", filepath.Join(dir, "none")}, "read token"},
	} {
		status, text := ask(test.args...)
		if (status == statusFine) != (test.want == "") || !strings.Contains(text, test.want) {
			t.Errorf("%v: status %d: %s", test.args, status, text)
		}
	}
	t.Setenv("KUBEWAKE_CA", ca)
	t.Setenv("KUBEWAKE_TOKEN_FILE", token)
	if status, text := ask(); status != statusFine {
		t.Errorf("by the environment: status %d: %s", status, text)
	}
}
