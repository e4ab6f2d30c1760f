package main

import (
	"bytes"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/store/pebble"
)

// TestServerAndDirectoryAnswerAlike asks every command of one store, through a server that holds it and then in its directory.
func TestServerAndDirectoryAnswerAlike(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KUBEWAKE_DATA", "")
	t.Setenv("KUBEWAKE_SERVER", "")
	recording, err := filepath.Abs("../../testdata/recordings/deployment")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "store")
	ask := func(where, at, command string) string {
		t.Helper()
		var out, errs bytes.Buffer
		status := run(t.Context(), append(strings.Fields(command), where, at, "--utc", "-o", "json"), streams{in: strings.NewReader(""), out: &out, err: &errs})
		if status != statusFine {
			t.Fatalf("%s %s %s: status %d: %s", command, where, at, status, errs.String())
		}
		return out.String()
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{"import", recording, "--data", dir}, streams{in: strings.NewReader(""), out: &out, err: &out}); status != statusFine {
		t.Fatalf("import: %s", out.String())
	}
	commands := []string{"objects", "objects pods --limit 3", "objects events -n shop", "objects -l app=web", "history deploy/web -n shop", "history deploy/web -n shop --reads --all-lives",
		"get deploy/web -n shop", "diff deploy/web -n shop", "blame deploy/web -n shop", "links deploy/web -n shop", "links svc/web -n shop --at -30s", "tree deploy/web -n shop", "tree deploy/web -n shop --at -30s --down 1", "trace deploy/web -n shop", "trace deploy/web -n shop --mode timeline --window 30s -o jaeger", "search object.spec.replicas>3", "search request.code>=400 --newest --limit 5",
		"coverage", "coverage pods", "coverage deploy/web -n shop", "stat", "stat --top 3 --since 1m"}
	ask("--data", dir, "tree deploy/web -n shop") // derives the links, which takes room
	before := map[string]string{}
	for _, c := range commands {
		before[c] = ask("--data", dir, c)
	}
	served := map[string]string{}
	func() {
		st, err := pebble.Open(dir, pebble.Options{})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(native.New(native.Config{Engine: local.New(st, local.Config{Version: versionText(), Data: dir})}))
		defer func() {
			server.Close()
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
		}()
		if err := pebble.WriteAddress(dir, server.URL); err != nil {
			t.Fatal(err)
		}
		for _, c := range commands {
			served[c] = ask("--server", server.URL, c)
		}
	}()
	for _, c := range commands {
		if diff := cmp.Diff(before[c], served[c]); diff != "" {
			t.Errorf("%s (-directory +server):\n%s", c, diff)
		}
		if diff := cmp.Diff(served[c], ask("--data", dir, c)); diff != "" {
			t.Errorf("%s (-server +directory afterwards):\n%s", c, diff)
		}
	}
}
