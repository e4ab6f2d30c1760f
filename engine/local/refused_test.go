package local

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// plainRefused counts what was refused and never made in the plainest way: over all records, one by one, and over the list of objects.
func plainRefused(records []*record.Record, w query.Window, made map[string]bool, wanted func(*record.Record) bool) map[string]string {
	count, first, last, users := map[string]int{}, map[string]time.Time{}, map[string]time.Time{}, map[string][]string{}
	for _, r := range records {
		if r.Kind != record.KindRequest || r.Request.Stage != record.StageResponseComplete || !timeRange(w).Contains(r.OccurredAt) {
			continue
		}
		q := r.Request
		name, key := plainName(r.Ref), plainName(r.Ref)
		if r.Ref.Name == "" {
			key += fmt.Sprint(q.Actor.User, " for ", ownerSent(r).Name)
		}
		if q.Succeeded() && !q.IsRead() && !q.Options().DryRun || q.Reason == "AlreadyExists" {
			made[name] = true
		}
		if q.Verb != "create" || q.Code < 400 || q.Reason == "AlreadyExists" || r.Ref.Subresource != "" || q.Options().DryRun ||
			r.Ref.Resource == "events" || strings.HasSuffix(r.Ref.Resource, "reviews") || !wanted(r) {
			continue
		}
		count[key]++
		if at, seen := first[key]; !seen || r.OccurredAt.Before(at) {
			first[key] = r.OccurredAt
		}
		last[key] = latest(last[key], r.OccurredAt)
		if !slices.Contains(users[key], q.Actor.User) {
			users[key] = append(users[key], q.Actor.User)
		}
	}
	out := map[string]string{}
	for key, n := range count {
		if slices.Sort(users[key]); !made[key] || strings.Contains(key, " for ") {
			out[key] = fmt.Sprint(n, engine.MomentOf(first[key]), engine.MomentOf(last[key]), users[key])
		}
	}
	return out
}

// aliveIn are the names of what was there in a window.
func aliveIn(t *testing.T, e *Engine, w query.Window) map[string]bool {
	t.Helper()
	list, err := e.Objects(context.Background(), query.Objects{Kind: "all", Alive: w, Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, o := range list.Objects {
		made[strings.Join([]string{o.Group, o.Resource, o.Namespace, o.Name}, "|")] = true
	}
	return made
}

func refusedWords(r *engine.Refusals) map[string]string {
	out := map[string]string{}
	if r == nil {
		return out
	}
	for _, n := range r.Names {
		key := strings.Join([]string{n.Group, n.Resource, n.Namespace, n.Name}, "|")
		if n.Name == "" {
			owner := ""
			if n.Owner != nil {
				owner = n.Owner.Name
			}
			key += fmt.Sprint(n.Users[0], " for ", owner)
		}
		out[key] = fmt.Sprint(n.Count, n.First, n.Last, n.Users)
	}
	return out
}

// TestRefusedIsWhatWasNeverMade holds what is told beside rows against a plain count, in several windows and sets.
func TestRefusedIsWhatWasNeverMade(t *testing.T) {
	for _, name := range []string{"deployment-allstages", "deployment-metadata", "scenarios"} {
		records := recording(t, name)
		e := engineOver(t, openStore(t), records, 1000)
		records = slices.DeleteFunc(records, func(r *record.Record) bool { return r.Kind != record.KindRequest || r.Request.IsRead() })
		told := 0
		for _, w := range someWindows(t, e)[:5] {
			alive := aliveIn(t, e, w)
			for n, set := range []struct {
				query.Set
				wanted func(*record.Record) bool
			}{
				{query.Set{}, func(*record.Record) bool { return true }},
				{query.Set{Namespace: "quota-0-19"}, func(r *record.Record) bool { return r.Ref.Namespace == "quota-0-19" }},
				{query.Set{Kind: "deploy,pods"}, func(r *record.Record) bool {
					return r.Ref.Resource == "deployments" || r.Ref.Resource == "pods" && r.Ref.Group == ""
				}},
				{query.Set{Name: "*e*"}, func(r *record.Record) bool { return strings.Contains(r.Ref.Name, "e") }},
				{query.Set{Selector: "app=many"}, func(r *record.Record) bool { return labelsOf(r.Request.Sent)["app"] == "many" }},
				{query.Set{Filter: `request.code == 422`}, func(r *record.Record) bool { return r.Request.Code == 422 }},
			} {
				rows, err := e.Rows(context.Background(), query.Rows{Set: set.Set, Window: w})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(plainRefused(records, w, alive, set.wanted), refusedWords(rows.Refused)); diff != "" {
					t.Errorf("%s, set %d in %v (-plain +told):\n%s", name, n, w, diff)
				}
				told += len(refusedWords(rows.Refused))
				again, err := e.Rows(context.Background(), query.Rows{Set: set.Set, Window: w, Limit: 5})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(rows.Refused, again.Refused); diff != "" {
					t.Errorf("asked again, with a limit of rows:\n%s", diff)
				}
			}
		}
		t.Logf("%s: %d names told", name, told)
		if name == "scenarios" && told < 40 {
			t.Errorf("%d names told", told)
		}
	}
}

// TestRefusedScenarios tells the refusals of every kind that the recording has: by a policy, a quota, validation, RBAC, of generated names and of a resource that is none.
func TestRefusedScenarios(t *testing.T) {
	e := testEngine(t, "scenarios")
	ask := func(set query.Set) []string {
		t.Helper()
		rows, err := e.Rows(context.Background(), query.Rows{Set: set})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		if rows.Refused == nil {
			return nil
		}
		for _, n := range rows.Refused.Names {
			owner := ""
			if n.Owner != nil {
				owner = " for " + n.Owner.Resource + "/" + n.Owner.Name
			}
			out = append(out, fmt.Sprintf("%s/%s%s: %d %s, %d times, %s", n.Resource, n.Name, owner, n.Code, clip(n.Message, 60), n.Count, strings.Join(n.Users, ",")))
		}
		return out
	}
	many := ask(query.Set{Namespace: "quota-0-19"})
	for name, c := range map[string]struct{ got, want []string }{
		"policy": {ask(query.Set{Namespace: "admission-0-0", Kind: "deploy"}), []string{
			`deployments/greedy: 422 deployments.apps "greedy" is forbidden: ValidatingAdmissionP…, 1 times, alice`}},
		"quota": {ask(query.Set{Namespace: "denials-0-8", Kind: "configmaps"}), []string{
			`configmaps/m3: 403 configmaps "m3" is forbidden: exceeded quota: small, request…, 1 times, alice`,
			`configmaps/m2: 403 configmaps "m2" is forbidden: exceeded quota: small, request…, 1 times, alice`,
			`configmaps/m1: 403 configmaps "m1" is forbidden: exceeded quota: small, request…, 1 times, alice`}},
		"rbac": {ask(query.Set{Namespace: "rights-0-20"}), []string{
			`roles/: 403 roles.rbac.authorization.k8s.io is forbidden: User "mallory"…, 1 times, mallory`,
			`configmaps/: 403 configmaps is forbidden: User "mallory" cannot create resour…, 1 times, mallory`}},
		"no such resource": {ask(query.Set{Namespace: "custom-0-6"}), []string{`widgets/: 404 , 1 times, system:serviceaccount:robots:gitops`}},
		"already there":    {ask(query.Set{Namespace: "conflicts-0-4"}), nil},
		"below what asked": {ask(query.Set{Object: query.Object{Kind: "deploy", Name: "many", Namespace: "quota-0-19"}, Down: query.All}), many[:1]},
		"never made":       {ask(query.Set{Object: query.Object{Kind: "deploy", Name: "greedy", Namespace: "admission-0-0"}, Down: query.All}), ask(query.Set{Namespace: "admission-0-0", Kind: "deploy"})},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if want := `pods/ for replicasets/many-5d659b86dd: 403 pods "many-5d659b86dd-`; len(many) < 2 || !strings.HasPrefix(many[0], want) || !strings.Contains(many[0], "exceeded quota: ") || !strings.Contains(many[0], ", 17 times, ") {
		t.Errorf("%q, want %s…", many, want)
	}
}

// asks is a create at a second, answered with a code.
func asks(second int, name, user string, code int, reason string, change ...func(*record.Record)) *record.Record {
	at := time.Date(2026, 1, 2, 3, 0, second, 0, time.UTC)
	r := &record.Record{Kind: record.KindRequest, OccurredAt: at, Provenance: record.Provenance{Sources: record.FromAudit},
		Ref: record.ObjectRef{Cluster: "c", Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "n", Name: name},
		Request: &record.Request{AuditID: fmt.Sprint(second, name, user), Stage: record.StageResponseComplete, Level: record.LevelMetadata, Verb: "create", URI: "/api/v1/namespaces/n/configmaps",
			Actor: record.Actor{User: user}, Code: code, Reason: reason, Message: reason + " " + name, StageAt: at}}
	for _, c := range change {
		c(r)
	}
	return r
}

// TestRefusedAndMadeLater: what was made within the window, or was there, is no such name, by the catalogue or by what answered; what was made after it is one.
func TestRefusedAndMadeLater(t *testing.T) {
	dry := func(r *record.Record) { r.Request.URI += "?dryRun=All" }
	apply := func(r *record.Record) {
		r.Request.Verb, r.Request.URI = "patch", r.Request.URI+"?fieldManager=flux&force=true"
	}
	made := func(r *record.Record) {
		r.Ref.UID, r.Request.AnswerUID, r.Request.AnswerRV, r.Request.Answer = "uid-"+record.UID(r.Ref.Name), "uid-"+record.UID(r.Ref.Name), 7, record.BodyObject
	}
	records := []*record.Record{
		asks(1, "never", "alice", 403, "Forbidden"), asks(5, "never", "bob", 422, "Invalid"), asks(6, "never", "bob", 422, "Invalid", dry), asks(40, "never", "carol", 403, "Forbidden"),
		asks(1, "later", "alice", 403, "Forbidden"), asks(30, "later", "alice", 201, "", made),
		asks(1, "retried", "alice", 403, "Forbidden"), asks(3, "retried", "alice", 201, ""),
		asks(1, "there", "alice", 409, "AlreadyExists"), asks(2, "there", "alice", 403, "Forbidden"),
		asks(1, "busy", "alice", 409, "Conflict"),
		asks(1, "applied", "flux", 403, "Forbidden", apply), asks(2, "applied", "flux", 403, "Forbidden", apply), asks(3, "applied", "flux", 403, "Forbidden", apply, dry),
		asks(1, "applied-to", "flux", 409, "Conflict", apply), asks(1, "patched", "alice", 403, "Forbidden", func(r *record.Record) { r.Request.Verb = "patch" }),
		asks(1, "applied-later", "flux", 403, "Forbidden", apply), asks(30, "applied-later", "flux", 201, "", apply, made),
		asks(1, "dry", "alice", 403, "Forbidden", dry),
		asks(1, "bound", "alice", 403, "Forbidden", func(r *record.Record) { r.Ref.Subresource = "binding" }),
		asks(1, "", "alice", 403, "Forbidden"), asks(2, "", "alice", 403, "Forbidden"), asks(3, "", "bob", 403, "Forbidden"),
	}
	e := engineOver(t, openStore(t), records, 3)
	from := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	ask := func(w query.Window) (out []string) {
		rows, err := e.Rows(context.Background(), query.Rows{Window: w})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range rows.Refused.Names {
			out = append(out, fmt.Sprint(n.Name, " ", n.Code, " ", n.Message, " ", n.Users, " ", n.Count, " ", n.First.Time().Second(), "-", n.Last.Time().Second()))
		}
		if rows.Refused.Total != len(out) || rows.Refused.Cut != "" {
			t.Errorf("total %d, cut %q", rows.Refused.Total, rows.Refused.Cut)
		}
		return out
	}
	nameless := []string{" 403 Forbidden  [bob] 1 3-3", " 403 Forbidden  [alice] 2 1-2", "applied 403 Forbidden applied [flux] 2 1-2"}
	alone := append(slices.Clip(nameless), "busy 409 Conflict busy [alice] 1 1-1")
	if diff := cmp.Diff(append([]string{"never 403 Forbidden never [alice bob carol] 3 1-40"}, alone...), ask(query.Window{})); diff != "" {
		t.Errorf("in all (-want +got):\n%s", diff)
	}
	want := append([]string{"never 422 Invalid never [alice bob] 2 1-5"}, nameless...)
	want = append(want, "applied-later 403 Forbidden applied-later [flux] 1 1-1", "busy 409 Conflict busy [alice] 1 1-1", "later 403 Forbidden later [alice] 1 1-1")
	if diff := cmp.Diff(want, ask(query.Window{From: from, To: from.Add(20 * time.Second)})); diff != "" {
		t.Errorf("in 20 s (-want +got):\n%s", diff)
	}
}

// TestRefusedIsCut: what a limit leaves out is older, and that is said; so is how many are not shown.
func TestRefusedIsCut(t *testing.T) {
	var records []*record.Record
	for i := range 3 * maxRefused {
		records = append(records, asks(60*i, fmt.Sprintf("m%04d", i), "alice", 403, "Forbidden")) // ten hours
	}
	e := engineOver(t, openStore(t), records, 100)
	ask := func() *engine.Refusals {
		rows, err := e.Rows(context.Background(), query.Rows{})
		if err != nil || rows.Refused == nil {
			t.Fatal(rows, err)
		}
		return rows.Refused
	}
	e.refusedLooked = 100
	some := ask()
	if want := "refused names were looked for from 2026-01-02T12:00:00Z on, the limits of that reach no further back: narrow the window or the set"; some.Cut != want || some.Total != 60 {
		t.Errorf("%d names, cut %q", some.Total, some.Cut)
	}
	e.refusedLooked = 10
	if none := ask(); none.Total != 0 || !strings.HasPrefix(none.Cut, "refused names were not looked for") {
		t.Errorf("%d names, cut %q", none.Total, none.Cut)
	}
	e.refusedLooked = maxRefusedLooked
	all := ask()
	if all.Total != len(records) || len(all.Names) != maxRefused || all.Names[0].Name != "m0599" || all.Cut != "showing 200 of 600 refused names" {
		t.Errorf("%d of %d, first %s, cut %q", len(all.Names), all.Total, all.Names[0].Name, all.Cut)
	}
}

// slowRequests takes its time for the requests to a name.
type slowRequests struct {
	store.Store
	each, record time.Duration
	names        atomic.Int32
}

func (s *slowRequests) Requests(ctx context.Context, scan store.RequestScan) iter.Seq2[*record.Record, error] {
	return func(yield func(*record.Record, error) bool) {
		s.names.Add(1)
		time.Sleep(s.each)
		for r, err := range s.Store.Requests(ctx, scan) {
			if time.Sleep(s.record); !yield(r, err) {
				return
			}
		}
	}
}

// TestRefusedInTime: names are looked up while there is time, the newest first, and what is left is said; that they were found by a filter changes nothing.
func TestRefusedInTime(t *testing.T) {
	const names = 150
	var records []*record.Record
	for i := range names {
		records = append(records, asks(i, fmt.Sprintf("m%04d", i), "alice", 403, "Forbidden"))
	}
	st := openStore(t)
	engineOver(t, st, records, 100)
	find := func(st store.Store, set query.Set) *refusals {
		s, err := New(st, Config{}).set(t.Context(), set, query.Window{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		f := newRefusals(s)
		if !f.matched {
			err = f.scan(t.Context())
		}
		if err != nil || len(f.found) != names {
			t.Fatalf("%d names found, %v", len(f.found), err)
		}
		return f
	}
	for name, set := range map[string]query.Set{"by a scan": {}, "by a filter": {Filter: "request.code == 403"}} {
		slow := &slowRequests{Store: st, each: 20 * time.Millisecond}
		some, err := find(slow, set).tell(t.Context(), deadline{time.Now().Add(500 * time.Millisecond)})
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("only the %d names that were refused last were looked up: narrow the window or the set", some.Total); some.Cut != want || some.Total >= names || len(some.Names) != some.Total {
			t.Errorf("%s: %d of %d names, cut %q", name, len(some.Names), some.Total, some.Cut)
		}
		for i, n := range some.Names {
			if n.Name != fmt.Sprintf("m%04d", names-1-i) {
				t.Errorf("%s: name %d is %s", name, i, n.Name)
			}
		}
		if looked := int(slow.names.Load()); looked > some.Total+1 {
			t.Errorf("%s: %d names were looked up, %d told", name, looked, some.Total)
		}
		rows, err := New(st, Config{}).Rows(t.Context(), query.Rows{Set: set})
		if err != nil || rows.Refused == nil || rows.Refused.Total != names || rows.Refused.Cut != "" {
			t.Errorf("%s: with all its time %+v, %v", name, rows.Refused, err)
		}
	}
}

// TestRefusedManyTimesInTime: one name of which more was recorded than there is time for does not hold the answer up.
func TestRefusedManyTimesInTime(t *testing.T) {
	var records []*record.Record
	for i := range 500 {
		records = append(records, asks(i, "again", "alice", 403, "Forbidden"))
	}
	st := openStore(t)
	engineOver(t, st, records, 100)
	s, err := New(&slowRequests{Store: st, record: 20 * time.Millisecond}, Config{}).set(t.Context(), query.Set{}, query.Window{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	f := newRefusals(s)
	if err := f.scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	none, err := f.tell(t.Context(), deadline{time.Now().Add(100 * time.Millisecond)})
	if err != nil || none == nil || none.Total != 0 || !strings.HasPrefix(none.Cut, "only the 0 names") {
		t.Errorf("%+v, %v", none, err)
	}
}
