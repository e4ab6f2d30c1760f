package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/watch"
	"github.com/kubewake/kubewake/test/testcluster"
)

// hand changes one ConfigMap as somebody, and remembers which state it made.
type hand struct {
	name   string
	host   string
	client *http.Client
	made   map[record.ResourceVersion]string // the value of data.who there
	err    error
}

func newHand(t *testing.T, c *testcluster.Cluster, name string) *hand {
	t.Helper()
	targets, err := watch.Targets(watch.Access{Kubeconfig: c.User(name, []string{"system:masters"}, time.Hour).Kubeconfig(), Cluster: name})
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(targets[0].REST)
	if err != nil {
		t.Fatal(err)
	}
	client.Timeout = 20 * time.Second
	return &hand{name: name, host: targets[0].REST.Host, client: client, made: map[record.ResourceVersion]string{}}
}

// patch changes the ConfigMap "both" n times, a little apart.
func (h *hand) patch(ctx context.Context, n int) {
	for i := range n {
		value := fmt.Sprintf("%s-%d", h.name, i)
		rv, err := h.patchOnce(ctx, value)
		if err != nil {
			h.err = err
			return
		}
		h.made[rv] = value
		time.Sleep(10 * time.Millisecond)
	}
}

func (h *hand) patchOnce(ctx context.Context, value string) (record.ResourceVersion, error) {
	body := fmt.Sprintf(`{"data":{"who":%q}}`, value)
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, h.host+"/api/v1/namespaces/default/configmaps/both?fieldManager="+h.name, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/merge-patch+json")
	answer, err := h.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	var object struct {
		Metadata struct{ ResourceVersion string }
	}
	if err := json.Unmarshal(text, &object); err != nil || answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("patch as %s: %s: %s", h.name, answer.Status, text)
	}
	rv, err := strconv.ParseUint(object.Metadata.ResourceVersion, 10, 64)
	return record.ResourceVersion(rv), err
}

// during has it patch while others keep the cluster busy.
func (h *hand) during(t *testing.T, n int, work *load) {
	t.Helper()
	h.patch(t.Context(), n)
	work.wait()
	if h.err != nil {
		t.Fatal(h.err)
	}
}

// TestRestoredEtcdKeepsBothPasts restores etcd from an older snapshot under load: resourceVersions run backwards, and the states of both pasts
// are kept. Alice changes an object in the one, Bob in the other, partly at the same resourceVersions: nobody is given the other's work.
func TestRestoredEtcdKeepsBothPasts(t *testing.T) {
	t.Parallel()
	for _, level := range []string{testcluster.Metadata, testcluster.RequestResponse} {
		t.Run(level, func(t *testing.T) { restoreEtcd(t, level) })
	}
}

func restoreEtcd(t *testing.T, level string) {
	s := newServer(t)
	c := s.record(t, testcluster.Config{AuditLevel: level})
	alice, bob := newHand(t, c, "alice"), newHand(t, c, "bob")
	c.Kubectl("create", "configmap", "both", "--from-literal=who=admin") // with data it has managedFields, as objects have
	uid := record.UID(c.Kubectl("get", "configmap", "both", "-o", "jsonpath={.metadata.uid}"))
	drive(t, c, 30, 5*time.Second).wait()
	snapshot := filepath.Join(t.TempDir(), "etcd.snapshot")
	c.Snapshot(snapshot)

	alice.during(t, 200, drive(t, c, 31, 6*time.Second))
	time.Sleep(2 * time.Second)
	past := truthOf(t, c)
	restoring := time.Now()
	c.Restore(snapshot, 0)
	restored := time.Now()
	c.Kubectl("create", "configmap", "restored")
	within(t, 2*time.Minute, "the watch goes on after the restore", func() bool {
		out, err := s.ask("history", "cm/restored", "-n", "default", "-o", "json")
		return err == nil && strings.Contains(out, `"watch"`)
	})
	t.Logf("recorded %v after the restore", time.Since(restored).Round(time.Second))
	s.settled()
	bob.during(t, 200, drive(t, c, 32, 6*time.Second))
	time.Sleep(2 * time.Second)
	t.Run("history", func(t *testing.T) { askBothPasts(t, s, alice, bob) })

	stored, missing := stopAndFind(t, s, c, past)
	missing.afterRestore(stored)
	missing.noStates(t)
	missing.around(t, restoring, restored, stored)
	for rv, value := range alice.made {
		want := 1
		if _, both := bob.made[rv]; both {
			want = 2
		}
		if n := stored.variants[state{uid, rv}]; n != want {
			t.Errorf("%d bodies of the ConfigMap at %d (%s, %s), want %d", n, rv, value, bob.made[rv], want)
		}
	}
	if !slices.ContainsFunc(stored.gaps, func(g *record.Record) bool {
		return g.Gap.Reason == record.GapWatchMissed && g.Ref.Resource == "configmaps" && g.Gap.ToRV < g.Gap.FromRV && strings.Contains(g.Gap.Detail, "backwards")
	}) {
		t.Error("no gap says that resourceVersions ran backwards")
	}
}

// afterRestore takes what lies between the snapshot and the first list after it for told: the gap that says that resourceVersions ran
// backwards ends at that list.
func (h *holes) afterRestore(stored *contents) {
	inGap := func(c testcluster.Change) bool {
		resource, known := stored.resourceOf(c)
		return known && slices.ContainsFunc(stored.gaps, func(g *record.Record) bool {
			return g.Ref.GroupResource() == resource && g.Gap.ToRV != 0 && g.Gap.ToRV < g.Gap.FromRV && record.ResourceVersion(c.Revision) <= g.Gap.ToRV
		})
	}
	for _, list := range []*[]testcluster.Change{&h.states, &h.events, &h.ends} {
		before := len(*list)
		*list = slices.DeleteFunc(*list, inGap)
		h.told += before - len(*list)
	}
}

// around allows for requests that died in an apiserver's memory, where a gap tells of it.
func (h holes) around(t *testing.T, from, to time.Time, stored *contents) {
	t.Helper()
	h.inDropped(t, stored)
	kill := stored.dropped(from)
	if kill == nil {
		t.Errorf("no gap covers %s, when the apiserver was killed", clock(from))
	}
	for _, r := range h.requests {
		at := r.Request.StageAt
		if stored.dropped(at) == kill && (at.Before(from.Add(-5*time.Second)) || at.After(to)) {
			t.Errorf("missing, long before %s or after %s: %s", clock(from), clock(to), describe(r))
		}
	}
}

// inDropped demands that every missing request lies in a gap: an apiserver speaks of one when its stage is reached.
func (h holes) inDropped(t *testing.T, stored *contents) {
	t.Helper()
	var untold []string
	for _, r := range h.requests {
		if stored.dropped(r.Request.StageAt) == nil {
			untold = append(untold, clock(r.Request.StageAt)+": "+describe(r))
		}
	}
	if len(untold) > 0 {
		t.Errorf("%d requests are missing, and in no gap:\n%s", len(untold), few(untold))
	}
}

// dropped is the gap that says that requests of that moment may be lost, or nil.
func (c *contents) dropped(at time.Time) *record.Record {
	for _, g := range c.gaps {
		if g.Gap.Reason == record.GapDropped && !at.Before(g.OccurredAt) && !at.After(g.Gap.Until) {
			return g
		}
	}
	return nil
}

// askBothPasts holds what the command line says about the object against what was done.
func askBothPasts(t *testing.T, s *server, alice, bob *hand) {
	out, err := s.ask("history", "cm/both", "-n", "default", "-o", "json", "--limit", "0")
	if err != nil {
		t.Fatal(err)
	}
	var history engine.History
	if err := json.Unmarshal([]byte(out), &history); err != nil {
		t.Fatal(err)
	}
	of := map[string]*hand{"alice": alice, "bob": bob}
	told, named, last := map[string]int{}, map[string]int{}, "alice"
	for _, e := range history.Entries {
		if e.Revision == nil {
			continue
		}
		value := whoOf(e.Revision)
		name, _, _ := strings.Cut(value, "-")
		if of[name] == nil {
			continue
		}
		told[name]++
		if name == "alice" && last == "bob" {
			t.Errorf("%s at %s stands behind what happened after the restore", value, e.Revision.ResourceVersion)
		}
		last = name
		rv, err := strconv.ParseUint(e.Revision.ResourceVersion, 10, 64)
		if err != nil || of[name].made[record.ResourceVersion(rv)] != value {
			t.Errorf("%s at %s was made as %q", value, e.Revision.ResourceVersion, of[name].made[record.ResourceVersion(rv)])
		}
		if m := e.Revision.Maker; m != nil && m.Actor != nil && m.Actor.User != "" {
			if m.Actor.User != name {
				t.Errorf("%s at %s is said to be made by %s (%s: %v)", value, e.Revision.ResourceVersion, m.Actor.User, m.Certainty, m.Evidence)
				continue
			}
			named[name]++
		}
	}
	same := 0
	for rv := range alice.made {
		if _, both := bob.made[rv]; both {
			same++
		}
	}
	t.Logf("told of %v states, with their maker %v; %d resourceVersions are in both pasts; %d entries, cut %q", told, named, same, len(history.Entries), history.Cut)
	for name, h := range of {
		if told[name] < len(h.made)*99/100 || named[name] < len(h.made)*95/100 {
			t.Errorf("%s made %d states: %d are told, %d with their maker", name, len(h.made), told[name], named[name])
		}
	}
	if same == 0 {
		t.Error("no resourceVersion is in both pasts: the test proves less than it should")
	}
	said, err := s.ask("coverage", "cm/both", "-n", "default")
	if err != nil || !strings.Contains(said, "run back") {
		t.Errorf("coverage does not say that resourceVersions ran back: %v\n%s", err, said)
	}
	if said, err = s.ask("coverage", "configmaps"); err != nil || !strings.Contains(said, "ran backwards") {
		t.Errorf("coverage of the kind does not tell what the watch saw: %v\n%s", err, said)
	}
}

// whoOf is the value that a state gave to data.who.
func whoOf(r *engine.Revision) string {
	for _, c := range r.Changes {
		var text string
		var data struct {
			Who string `json:"who"`
		}
		switch {
		case strings.HasSuffix(c.Path, "data.who") && json.Unmarshal(c.To, &text) == nil:
			return text
		case c.Path == "data" && json.Unmarshal(c.To, &data) == nil:
			return data.Who
		}
	}
	return ""
}
