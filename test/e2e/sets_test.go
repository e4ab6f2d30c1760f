package e2e

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
	"github.com/kubewake/kubewake/test/testcluster"
)

// cluster is the name under which the tests record their control plane.
const cluster record.Cluster = "prod"

// state is one state of one object.
type state struct {
	uid record.UID
	rv  record.ResourceVersion
}

// contents is what a store holds, by identity.
type contents struct {
	requests map[record.ID]*record.Record
	stages   map[string]int   // audit ID and stage: how often
	states   map[state]string // what object it is
	variants map[state]int
	events   map[state]bool
	ends     map[record.UID]*record.Record
	gaps     []*record.Record
	progress []*record.Record
	// resources of the kinds that were recorded
	resources map[groupKind]record.GroupResource
	// begins is where the watch of a resource began: at its first list
	begins map[record.GroupResource]record.ResourceVersion
}

type groupKind struct{ group, kind string }

// read gives what a store that nobody writes holds.
func read(tb testing.TB, dir string) *contents {
	tb.Helper()
	st, err := pebble.Open(dir, pebble.Options{ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer st.Close()
	c := &contents{requests: map[record.ID]*record.Record{}, stages: map[string]int{}, states: map[state]string{}, variants: map[state]int{},
		events: map[state]bool{}, ends: map[record.UID]*record.Record{}, resources: map[groupKind]record.GroupResource{}, begins: map[record.GroupResource]record.ResourceVersion{}}
	scan := store.WindowScan{Cluster: cluster, Reads: true, Kinds: []record.Kind{record.KindRequest, record.KindRevision, record.KindEnd, record.KindKubeEvent, record.KindGap, record.KindProgress}}
	for r, err := range st.Window(tb.Context(), scan) {
		if err != nil {
			tb.Fatal(err)
		}
		c.take(r)
	}
	return c
}

func (c *contents) take(r *record.Record) {
	switch r.Kind {
	case record.KindRequest:
		c.requests[r.ID()] = r
		c.stages[r.Request.AuditID+" "+r.Request.Stage.String()]++
	case record.KindRevision:
		s := state{r.Ref.UID, r.Revision.RV}
		c.states[s] = nameOf(r.Ref)
		c.variants[s]++
		c.resources[groupKind{r.Ref.Group, r.Ref.Kind}] = r.Ref.GroupResource()
	case record.KindEnd:
		c.ends[r.Ref.UID] = r
	case record.KindKubeEvent:
		c.events[state{r.Ref.UID, r.KubeEvent.RV}] = true
	case record.KindGap:
		c.gaps = append(c.gaps, r)
	case record.KindProgress:
		c.progress = append(c.progress, r)
		if begin, known := c.begins[r.Ref.GroupResource()]; r.Progress.List && (!known || r.Progress.RV < begin) {
			c.begins[r.Ref.GroupResource()] = r.Progress.RV
		}
	}
}

func nameOf(r record.ObjectRef) string {
	return strings.Trim(r.GroupResource().String()+"/"+r.Namespace+"/"+r.Name, "/")
}

// audited reads what the control plane's own log files hold: the truth about requests. A line that was cut off by a kill is no event.
func audited(tb testing.TB, paths ...string) map[record.ID]*record.Record {
	tb.Helper()
	out := map[record.ID]*record.Record{}
	key, err := redact.NewKey(rand.Reader) // any: what is redacted is no part of an identity
	if err != nil {
		tb.Fatal(err)
	}
	redactor, err := redact.New(key, nil)
	if err != nil {
		tb.Fatal(err)
	}
	decoder := audit.New(audit.Options{Cluster: cluster, Redactor: redactor})
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			tb.Fatal(err)
		}
		lines := bufio.NewReaderSize(f, 1<<20)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				break
			}
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			records, err := decoder.Decode(nil, line)
			if err != nil {
				tb.Errorf("%s: a line of the control plane's own log does not decode: %v", path, err)
				continue
			}
			out[records[0].ID()] = records[0]
		}
		_ = f.Close()
	}
	return out
}

// missingRequests lists what of the truth the store lacks.
func (c *contents) missingRequests(truth map[record.ID]*record.Record) (missing []string) {
	for id, r := range truth {
		if c.requests[id] == nil {
			missing = append(missing, describe(r))
		}
	}
	slices.Sort(missing)
	return missing
}

func describe(r *record.Record) string {
	return fmt.Sprintf("%s %s %s %s %s", r.OccurredAt.Format("15:04:05.000"), r.Request.AuditID, r.Request.Stage, r.Request.Verb, r.Request.URI)
}

// twice lists requests that are stored more than once.
func (c *contents) twice() []string {
	var out []string
	for stage, n := range c.stages {
		if n > 1 {
			out = append(out, fmt.Sprintf("%s ×%d", stage, n))
		}
	}
	return out
}

// written gives every state that etcd's own history holds, of resources that are watched. Events are apart.
func written(history []testcluster.Change) (states, events map[state]string, ended map[record.UID]string) {
	states, events, ended = map[state]string{}, map[state]string{}, map[record.UID]string{}
	for _, c := range history {
		if c.UID == "" || !watchedKey(c.Key) {
			continue
		}
		what := c.Key
		s := state{record.UID(c.UID), record.ResourceVersion(c.Revision)}
		switch {
		case c.Kind == "Event" && c.Type == "delete": // it makes no End
		case c.Type == "delete":
			ended[s.uid] = what
		case c.Kind == "Event":
			events[s] = what
		default:
			states[s] = what
		}
	}
	return states, events, ended
}

// watchedKey leaves out what kubewake does not watch unless told to, and what no API serves.
func watchedKey(key string) bool {
	for _, noise := range []string{"/leases/", "/masterleases/", "/peerserverleases/", "/ranges/"} {
		if strings.Contains(key, noise) {
			return false
		}
	}
	return true
}

// missingStates lists states of the truth that the store lacks.
func missingStates(truth map[state]string, has func(state) bool) []string {
	var out []string
	for s, what := range truth {
		if !has(s) {
			out = append(out, fmt.Sprintf("%d %s %s", s.rv, what, s.uid))
		}
	}
	slices.Sort(out)
	return out
}

// few shows the first of a list.
func few(list []string) string {
	const most = 12
	if len(list) > most {
		return fmt.Sprintf("%s\n… and %d more", strings.Join(list[:most], "\n"), len(list)-most)
	}
	return strings.Join(list, "\n")
}
