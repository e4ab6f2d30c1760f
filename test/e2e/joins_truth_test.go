package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/internal/bruteforce"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

// answer is what the store says of one state, or of an end.
type answer struct {
	what  string // the object
	maker join.Maker
}

// answersOf joins every object of a store that nobody writes, as a question does.
func answersOf(tb testing.TB, st store.Store) map[bruteforce.Key]answer {
	tb.Helper()
	ctx, clocks := context.Background(), index.NewClocks(st)
	out := map[bruteforce.Key]answer{}
	for entry, err := range st.Objects(ctx, store.ObjectScan{Cluster: cluster}) {
		if err != nil {
			tb.Fatal(err)
		}
		life, err := index.ReadLife(ctx, st, clocks, entry, index.Bounds{})
		if err != nil {
			tb.Fatal(err)
		}
		for i := range life.States {
			out[bruteforce.Key{UID: entry.Ref.UID, RV: life.States[i].RV}] = answer{nameOf(entry.Ref), life.Makers[i]}
		}
		if life.End != nil {
			out[bruteforce.Key{UID: entry.Ref.UID, RV: life.End.End.RV, End: true}] = answer{nameOf(entry.Ref), life.EndMaker}
		}
	}
	return out
}

// livesOf gives the states that were watched.
func livesOf(tb testing.TB, st store.Store) []*bruteforce.Life {
	tb.Helper()
	lives := map[record.UID]*bruteforce.Life{}
	scan := store.WindowScan{Cluster: cluster, Kinds: []record.Kind{record.KindRevision, record.KindEnd}}
	for r, err := range st.Window(tb.Context(), scan) {
		if err != nil {
			tb.Fatal(err)
		}
		l := lives[r.Ref.UID]
		if l == nil {
			l = &bruteforce.Life{UID: r.Ref.UID, Group: r.Ref.Group, Resource: r.Ref.Resource, Namespace: r.Ref.Namespace, Name: r.Ref.Name,
				Watched: map[record.ResourceVersion]json.RawMessage{}, Listed: map[record.ResourceVersion]bool{}}
			lives[r.Ref.UID] = l
		}
		switch from := r.Provenance.Sources; {
		case r.Kind == record.KindEnd:
			if r.End.Sources.Has(record.FromWatch) {
				l.End = r.End.RV
			}
		case from.Has(record.FromWatch) || from.Has(record.FromList):
			l.Watched[r.Revision.RV] = bytes.Clone(r.Revision.Body)
			l.Listed[r.Revision.RV] = !from.Has(record.FromWatch)
		}
	}
	var out []*bruteforce.Life
	for _, l := range lives {
		if len(l.Watched) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// loggedEvents reads the control plane's own audit logs.
func loggedEvents(tb testing.TB, paths ...string) []*bruteforce.Event {
	tb.Helper()
	var out []*bruteforce.Event
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			tb.Fatal(err)
		}
		for lines := bufio.NewReaderSize(f, 1<<20); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				break
			}
			e := &bruteforce.Event{}
			if err := json.Unmarshal(line, e); err != nil {
				tb.Fatalf("%s: %v", path, err)
			}
			out = append(out, e)
		}
		_ = f.Close()
	}
	return out
}

// figures of one comparison.
type figures struct {
	total    int // watched states and ends that an audited request made
	single   int // the right request alone
	actor    int // the right request's user alone
	agent    int // its user and user agent alone
	parallel int // of those without a single request: made by one of several parallel creates without a name
	wrong    int
	missed   int // no maker at all, or candidates without the right one
	several  int // the bodies themselves leave several requests: not counted
	none     int // no audited request made them

	apart time.Duration // by which the bodies contradict one clock
	skew  time.Duration // that the store reckons with
}

// share of the states for which one request can be told.
func (f figures) share() float64 { return percent(f.single, f.total-f.parallel) }

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }

func (f figures) String() string {
	return fmt.Sprintf("%d watched states and ends made by audited requests: %d wrong, %d missed; right user %.2f %%, user and agent %.2f %%; single right request %.2f %% (%.2f %% with the %d of parallel creates without a name); %d undecided by the truth, %d made by no audited request; clocks are %v apart, %v is reckoned with",
		f.total, f.wrong, f.missed, percent(f.actor, f.total), percent(f.agent, f.total), f.share(), percent(f.single, f.total), f.parallel, f.several, f.none, f.apart, f.skew)
}

// comparison holds answers against the truth.
type comparison struct {
	figures
	tb      testing.TB
	events  []*bruteforce.Event
	answers map[bruteforce.Key]answer
	truth   bruteforce.Truth
	// open counts what has candidates only, by what it is.
	open    map[string]int
	creates map[string][]*bruteforce.Event // without a name, by collection and user
}

func compareJoins(tb testing.TB, dir string, logs ...string) figures {
	tb.Helper()
	st, err := pebble.Open(dir, pebble.Options{ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer st.Close()
	events, lives := loggedEvents(tb, logs...), livesOf(tb, st)
	clock, err := index.NewClocks(st).Of(tb.Context(), cluster, record.MainStorage)
	if err != nil {
		tb.Fatal(err)
	}
	c := &comparison{figures: figures{apart: bruteforce.Apart(events), skew: clock.Skew()}, tb: tb, events: events, answers: answersOf(tb, st), truth: bruteforce.Of(events, lives), open: map[string]int{}, creates: map[string][]*bruteforce.Event{}}
	for _, e := range events {
		if e.Nameless() && e.ResponseStatus.Code == 201 {
			c.creates[collection(e)] = append(c.creates[collection(e)], e)
		}
	}
	for k, want := range c.truth.Makers {
		c.known(k, want)
	}
	for k, list := range c.truth.Several {
		c.several++
		if m := c.answers[k].maker; m.Request != nil && !slices.ContainsFunc(list, func(e *bruteforce.Event) bool { return e.AuditID == m.Request.Request.AuditID }) {
			c.fail(k, "is none of those that the bodies leave", m, list...)
		}
	}
	for _, k := range c.truth.None {
		c.none++
		if m := c.answers[k].maker; m.Request != nil {
			c.fail(k, "and no audited request made it", m)
		}
	}
	for _, what := range slices.SortedFunc(keys(c.open), func(a, b string) int { return c.open[b] - c.open[a] }) {
		tb.Logf("candidates only: %d × %s", c.open[what], what)
	}
	return c.figures
}

func keys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func collection(e *bruteforce.Event) string {
	return strings.Join([]string{e.ObjectRef.APIGroup, e.ObjectRef.Resource, e.ObjectRef.Namespace, e.Actor()}, "/")
}

// parallelCreate reports whether another create without a name, by the same user in the same collection, overlaps.
func (c *comparison) parallelCreate(e *bruteforce.Event) bool {
	return e.Nameless() && slices.ContainsFunc(c.creates[collection(e)], func(o *bruteforce.Event) bool {
		return o != e && !o.StageTimestamp.Before(e.RequestReceivedTimestamp) && !o.RequestReceivedTimestamp.After(e.StageTimestamp)
	})
}

func (c *comparison) known(k bruteforce.Key, want *bruteforce.Event) {
	c.total++
	m := c.answers[k].maker
	is := func(r *record.Record) bool { return r.Request.AuditID == want.AuditID }
	switch m.Certainty {
	case join.Exact, join.Inferred:
		if m.Request == nil {
			c.missed++
			c.tb.Errorf("%s: no answer; truth %s", c.name(k), told(want))
			return
		}
		if !is(m.Request) {
			c.fail(k, "is another's work", m, want)
			return
		}
		c.single, c.actor, c.agent = c.single+1, c.actor+1, c.agent+1
	case join.Candidates:
		if !slices.ContainsFunc(m.Candidates, is) {
			c.missed++
			c.tb.Errorf("%s: %d candidates lack the truth %s\n%s", c.name(k), len(m.Candidates), told(want), c.listed(m.Candidates))
			return
		}
		user := func(r *record.Record) bool { return r.Request.Actor.User != want.Actor() }
		agent := func(r *record.Record) bool { return user(r) || r.Request.Actor.UserAgent != want.UserAgent }
		if !slices.ContainsFunc(m.Candidates, user) {
			c.actor++
		}
		if !slices.ContainsFunc(m.Candidates, agent) {
			c.agent++
		}
		if c.parallelCreate(want) {
			c.parallel++
			return
		}
		c.open[fmt.Sprintf("%s %s %s by %s, %s", want.Verb, want.ObjectRef.Resource, want.ObjectRef.Subresource, want.Actor(), strings.Join(m.Evidence, " "))]++
	default:
		c.missed++
		c.tb.Errorf("%s: %v; truth %s", c.name(k), m.Evidence, told(want))
	}
}

func (c *comparison) fail(k bruteforce.Key, why string, m join.Maker, want ...*bruteforce.Event) {
	c.tb.Helper()
	c.wrong++
	var list []string
	for _, e := range want {
		list = append(list, told(e))
	}
	c.tb.Errorf("%s: %v maker %s by rule %s %v %s %s; writes to the object:\n%s", c.name(k), m.Certainty, c.listed([]*record.Record{m.Request}), m.Rule, m.Evidence, why,
		strings.Join(list, "; "), strings.Join(c.writes(k.UID), "\n"))
}

// writes are the requests of the log that show an object.
func (c *comparison) writes(uid record.UID) (list []string) {
	for _, e := range c.events {
		if e.Verb != "get" && e.Verb != "list" && e.Verb != "watch" && strings.Contains(string(e.ResponseObject), string(uid)) {
			list = append(list, fmt.Sprintf("%s answered %d %s", told(e), e.ResponseStatus.Code, e.Answer().Metadata.ResourceVersion))
		}
	}
	return list
}

func (c *comparison) name(k bruteforce.Key) string {
	return fmt.Sprintf("%s %s rv %d end=%v", c.answers[k].what, k.UID, k.RV, k.End)
}

func (c *comparison) listed(list []*record.Record) string {
	var out []string
	for _, r := range list[:min(len(list), 5)] {
		out = append(out, describe(r)+" by "+r.Request.Actor.User)
	}
	return strings.Join(out, "\n")
}

func told(e *bruteforce.Event) string {
	return fmt.Sprintf("%s %s %s %s by %s [%s, %s]", e.AuditID, e.Verb, e.RequestURI, e.ObjectRef.ResourceVersion, e.Actor(),
		e.RequestReceivedTimestamp.Format("15:04:05.000000"), e.StageTimestamp.Format("05.000000"))
}

func answersIn(tb testing.TB, dir string) map[bruteforce.Key]answer {
	tb.Helper()
	st, err := pebble.Open(dir, pebble.Options{ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer st.Close()
	return answersOf(tb, st)
}
