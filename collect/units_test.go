package collect

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// nothing is a sink that is not asked.
type nothing struct{}

func (nothing) Deliver(context.Context, ingest.Batch) error { return nil }
func (nothing) Progress(context.Context, record.Cluster) ([]*record.Record, error) {
	return nil, nil
}
func (nothing) Alive(context.Context, record.Cluster, record.GroupResource, string) iter.Seq2[ingest.Alive, error] {
	return func(func(ingest.Alive, error) bool) {}
}
func (nothing) Mark(context.Context, record.Cluster, string) ([]byte, error) { return nil, nil }

const kubeconfig = `apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: me, user: {%s}}]
`

// TestUnitsOfAKubeconfig: what is renewed in it takes a new watch where the old one would go on with what has expired, and only there.
func TestUnitsOfAKubeconfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	k, err := New(Config{}, Process{Sink: nothing{}, Redactor: redact.Off()})
	if err != nil {
		t.Fatal(err)
	}
	keys := func(user string) string {
		t.Helper()
		if err := os.WriteFile(path, fmt.Appendf(nil, kubeconfig, user), 0o600); err != nil {
			t.Fatal(err)
		}
		units, err := k.plan(Config{Clusters: []Cluster{{Kubeconfig: path}}}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, u := range units {
			all += u.key + "\n"
		}
		return all
	}
	if keys("token: one") != keys("token: two") {
		t.Error("a token is followed by the watch itself")
	}
	if keys("username: me, password: one") == keys("username: me, password: two") {
		t.Error("a new password is not used")
	}
	if first := keys("username: me, password: one"); first != keys("username: me, password: one") {
		t.Error("what did not change begins anew")
	}
}
