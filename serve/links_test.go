package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

const linkRule = `rules:
- name: settings-of-secrets
  type: settles
  child: {kind: ConfigMap}
  parent: {kind: Secret}
  cel: '{"namespace": "x", "name": object.metadata.name}'
`

// TestLinkRulesReload: rules that change are used, ones with a mistake are told, and the old ones hold; links are derived while it runs.
func TestLinkRulesReload(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "rules.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rules: []\n")
	s := Settings{Data: filepath.Join(dir, "data"), Links: Links{Rules: file}, Config: collect.Config{Tails: []collect.Tail{auditTail("one", filepath.Join(dir, "a.log"))}}}
	l, serving := startLive(t, s)
	s.API.Listen = "127.0.0.1:0"
	body := record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "one", Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "x", Name: "a", UID: "u"},
		Revision: &record.Revision{RV: 5, Body: []byte(`{"kind":"ConfigMap","metadata":{"name":"a","namespace":"x","uid":"u"}}`)}}
	if _, err := l.store.Append(t.Context(), []*record.Record{&body}); err != nil {
		t.Fatal(err)
	}
	links := func() int {
		t.Helper()
		found, err := l.engine.Links(t.Context(), query.Links{Object: query.Object{UID: "u"}})
		if err != nil {
			t.Fatal(err)
		}
		return len(found.Links)
	}
	if n := links(); n != 0 {
		t.Errorf("%d links before the rule", n)
	}
	write(linkRule)
	if restart, err := l.Reload(s); err != nil || len(restart) > 0 {
		t.Fatal(restart, err)
	}
	until(t, "the link by the new rule", func() bool { return links() == 1 })
	write(linkRule + "- name: settings-of-secrets\n")
	if _, err := l.Reload(s); err == nil || !strings.Contains(err.Error(), "rules.yaml") {
		t.Errorf("rules with a mistake: %v", err)
	}
	if n := links(); n != 1 {
		t.Errorf("%d links after rules with a mistake", n)
	}
	broken := s
	broken.Links.Rules, broken.Clusters = "", []collect.Cluster{{Name: "two", Kubeconfig: filepath.Join(dir, "none")}}
	_, err := l.Reload(broken)
	l.mu.Lock()
	holds := l.linkRules.path
	l.mu.Unlock()
	if err == nil || holds != file {
		t.Errorf("settings of which one part can not be used are taken over in part: %v, the rules are those of %q", err, holds)
	}
	s.Links.Rules = ""
	if restart, err := l.Reload(s); err != nil || len(restart) > 0 {
		t.Fatal(restart, err)
	}
	until(t, "no link without the rules", func() bool { return links() == 0 })
	if err := serving.stop(); err != nil {
		t.Error(err)
	}
	wrong := Settings{Data: filepath.Join(dir, "other"), Links: Links{Rules: filepath.Join(dir, "none.yaml")}}
	if _, err := NewLive(wrong, LiveOptions{}); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("rules that are not there: %v", err)
	}
}
