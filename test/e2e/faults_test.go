package e2e

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/test/testcluster"
)

// hook is how apiservers send to the server: soon, and again soon when it fails, five times within 24 s, as 80 s is by default: a busy
// machine takes half of that to start a server.
func (s *server) hook(url string) *testcluster.Webhook {
	s.tb.Helper()
	return &testcluster.Webhook{URL: url + "/audit/" + string(cluster), CAFile: s.pki.cert, Token: s.pki.secret(s.tb),
		BatchMaxWait: 300 * time.Millisecond, Backoff: 3 * time.Second}
}

// record starts a cluster whose audit log goes to s, and s beside it, watching.
func (s *server) record(t *testing.T, config testcluster.Config) *testcluster.Cluster {
	t.Helper()
	if config.Webhook == nil {
		config.Webhook = s.hook("https://" + s.receive)
	}
	config.KeepHistory = config.EtcdCompaction == 0
	c := testcluster.Start(t, config)
	s.args = append(s.args, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster))
	s.start()
	s.settled()
	return c
}

// settled waits until every resource is watched.
func (s *server) settled() {
	s.tb.Helper()
	within(s.tb, 2*time.Minute, "everything is watched", func() bool {
		m := s.metrics()
		return m[`kubewake_watch_resources{cluster="prod",state="watching"}`] > 30 && m[`kubewake_watch_resources{cluster="prod",state="failing"}`] == 0 &&
			m[`kubewake_watch_resources{cluster="prod",state="listing"}`] == 0 && m[`kubewake_watch_resources{cluster="prod",state="waiting"}`] == 0
	})
}

// page gives the status and text of a page.
func (s *server) page(path string) (int, string) {
	client := http.Client{Timeout: 10 * time.Second}
	r, err := client.Get(s.url() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err.Error()
	}
	return r.StatusCode, string(text)
}

// metrics of the server, by name with labels; none when nobody answers.
func (s *server) metrics() map[string]float64 {
	out := map[string]float64{}
	_, text := s.page("/metrics")
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(name, "#") {
			out[name] = v
		}
	}
	return out
}

// load is what a driver does meanwhile.
type load struct {
	tb   testing.TB
	done chan error
}

// drive begins to keep a cluster busy.
func drive(t *testing.T, c *testcluster.Cluster, seed uint64, d time.Duration, scenarios ...string) *load {
	l := &load{tb: t, done: make(chan error, 1)}
	go func() {
		_, err := c.Drive(t.Context(), testcluster.DriveConfig{Seed: seed, Duration: d, Scenarios: scenarios, Concurrency: 12})
		l.done <- err
	}()
	return l
}

// wait lets it come to its end.
func (l *load) wait() {
	l.tb.Helper()
	if err := <-l.done; err != nil {
		l.tb.Error(err)
	}
}

// truth is what the control plane itself knows of a time.
type truth struct {
	requests map[record.ID]*record.Record
	history  []testcluster.Change
}

func truthOf(tb testing.TB, c *testcluster.Cluster) truth {
	tb.Helper()
	var logs []string
	for _, a := range c.State().APIServers {
		logs = append(logs, a.AuditLog)
	}
	return truth{requests: audited(tb, logs...), history: c.History(1)}
}

// holes are what the control plane knows, the store does not hold, and no gap tells of.
type holes struct {
	requests []*record.Record
	states   []testcluster.Change
	events   []testcluster.Change
	ends     []testcluster.Change
	told     int // states, states of Events and ends that are missing inside a gap
}

func (h holes) String() string {
	return fmt.Sprintf("%d requests, %d states, %d states of Events and %d ends are missing without a gap; %d in gaps", len(h.requests), len(h.states), len(h.events), len(h.ends), h.told)
}

// stopAndFind lets the apiserver and the watches come to an end, stops the server, and holds its store against the truth of that moment.
func stopAndFind(t *testing.T, s *server, c *testcluster.Cluster, before ...truth) (*contents, holes) {
	t.Helper()
	last := truthOf(t, c)
	s.settled()
	time.Sleep(20 * time.Second) // a batch that was refused, and a watch that broke, is tried again after some seconds
	s.terminate(30 * time.Second)
	stored := read(t, s.dir)
	if twice := stored.twice(); len(twice) > 0 {
		t.Errorf("%d requests are there twice:\n%s", len(twice), few(twice))
	}
	var h holes
	all := map[record.ID]*record.Record{}
	for _, tr := range append(before, last) {
		maps.Copy(all, tr.requests)
		h.find(stored, tr.history)
	}
	for id, r := range all {
		if stored.requests[id] == nil {
			h.requests = append(h.requests, r)
		}
	}
	slices.SortFunc(h.requests, func(a, b *record.Record) int { return a.OccurredAt.Compare(b.OccurredAt) })
	t.Logf("of %d requests and %d changes: %v", len(all), len(last.history), h)
	stored.logGaps(t)
	return stored, h
}

// logGaps shows one gap of each sort, and how many there are.
func (c *contents) logGaps(t *testing.T) {
	sorts := map[string]int{}
	for _, g := range c.gaps {
		sort := string(g.Gap.Reason) + " " + g.Gap.Detail
		if sorts[sort]++; sorts[sort] == 1 {
			t.Logf("gap %s %s %d–%d %s–%s %s", g.Gap.Reason, nameOf(g.Ref), g.Gap.FromRV, g.Gap.ToRV, clock(g.OccurredAt), clock(g.Gap.Until), g.Gap.Detail)
		}
	}
	for sort, n := range sorts {
		t.Logf("%d gaps: %s", n, sort)
	}
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "?"
	}
	return at.UTC().Format("15:04:05.000")
}

// find compares one history of etcd.
func (h *holes) find(stored *contents, history []testcluster.Change) {
	for _, c := range history {
		if c.UID == "" || !watchedKey(c.Key) {
			continue
		}
		s := state{record.UID(c.UID), record.ResourceVersion(c.Revision)}
		var has bool
		into := &h.states
		switch {
		case c.Kind == "Event" && c.Type == "delete": // it makes no End
			continue
		case c.Type == "delete":
			has, into = stored.ends[s.uid] != nil, &h.ends
		case c.Kind == "Event":
			has, into = stored.events[s], &h.events
		default:
			_, has = stored.states[s]
		}
		switch {
		case has:
		case stored.before(c):
		case stored.missed(c) != nil:
			h.told++
		default:
			*into = append(*into, c)
		}
	}
}

// resourceOf is the resource of a change as the store knows it. Of a kind whose objects all lived while nobody watched, that is what was listed
// under its plural; and of a custom resource that came and went with its definition meanwhile, nobody can tell more than that definitions were not watched.
func (c *contents) resourceOf(change testcluster.Change) (resource record.GroupResource, known bool) {
	if change.Kind == "Event" {
		return record.GroupResource{Resource: "events"}, true
	}
	group, _ := record.SplitAPIVersion(change.APIVersion)
	if resource, known = c.resources[groupKind{group, change.Kind}]; known {
		return resource, true
	}
	guess := record.GroupResource{Group: group, Resource: record.GuessResource(change.Kind)}
	if _, listed := c.begins[guess]; listed {
		return guess, true
	}
	definitions := record.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}
	_, listed := c.begins[definitions]
	return definitions, listed && strings.Contains(group, ".example.")
}

// missed is the gap of the watch that a change lies in, or nil.
func (c *contents) missed(change testcluster.Change) *record.Record {
	resource, known := c.resourceOf(change)
	for _, g := range c.gaps {
		if known && g.Gap.Reason == record.GapWatchMissed && g.Ref.GroupResource() == resource &&
			g.Gap.FromRV < record.ResourceVersion(change.Revision) && record.ResourceVersion(change.Revision) <= g.Gap.ToRV {
			return g
		}
	}
	return nil
}

// before reports whether a change happened before its resource was first listed: only the audit log can tell of it.
func (c *contents) before(change testcluster.Change) bool {
	resource, known := c.resourceOf(change)
	return known && record.ResourceVersion(change.Revision) <= c.begins[resource]
}

func changes(list []testcluster.Change) string {
	var lines []string
	for _, c := range list {
		lines = append(lines, fmt.Sprintf("%d %s %s %s", c.Revision, c.Type, c.Key, c.UID))
	}
	return few(lines)
}

// none fails the test where anything is missing that no gap tells of.
func (h holes) none(t *testing.T) {
	t.Helper()
	h.noStates(t)
	if len(h.requests) > 0 {
		t.Errorf("%d requests are missing:\n%s", len(h.requests), few(requests(h.requests)))
	}
}

func requests(list []*record.Record) []string {
	var lines []string
	for _, r := range list {
		lines = append(lines, describe(r))
	}
	return lines
}

func (h holes) noStates(t *testing.T) {
	t.Helper()
	for what, list := range map[string][]testcluster.Change{"states": h.states, "states of Events": h.events, "ends": h.ends} {
		if len(list) > 0 {
			t.Errorf("%d %s are missing, and in no gap:\n%s", len(list), what, changes(list))
		}
	}
}
