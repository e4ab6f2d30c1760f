package enginetest

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Rows answers with RowsOfWeb().
func (f *Fake) Rows(_ context.Context, q query.Rows) (*engine.Rows, error) {
	return answer(f, q, RowsOfWeb())
}

// Lanes answers with LanesOfWeb().
func (f *Fake) Lanes(_ context.Context, q query.Lanes) (*engine.Lanes, error) {
	return answer(f, q, LanesOfWeb())
}

// Entry answers with EntryOfWeb().
func (f *Fake) Entry(_ context.Context, q query.Entry) (*engine.OneEntry, error) {
	return answer(f, q, EntryOfWeb())
}

// Activity answers with ActivityOfShop().
func (f *Fake) Activity(_ context.Context, q query.Activity) (*engine.Activity, error) {
	return answer(f, q, ActivityOfShop())
}

// Failing answers with FailingInShop().
func (f *Fake) Failing(_ context.Context, q query.Failing) (*engine.Failing, error) {
	return answer(f, q, FailingInShop())
}

// Follow emits Ticks(), and then ends as if the server did: with Err, or without.
func (f *Fake) Follow(ctx context.Context, q query.Follow, emit func(*engine.Tick) error) error {
	f.asked(q)
	for i, tick := range Ticks() {
		if f.Err != nil && i >= f.FailAfter {
			return f.Err
		}
		if err := emit(tick); err != nil {
			return err
		}
	}
	if f.Err != nil {
		return f.Err
	}
	return ctx.Err()
}

func moment(ms int) engine.Moment { return engine.MomentOf(*At(ms)) }

// RowsOfWeb are a Deployment, a ReplicaSet of it that is gone, and a ConfigMap that was only named; beside them what was refused, by name and without one.
func RowsOfWeb() *engine.Rows {
	return &engine.Rows{
		From: moment(0), To: moment(60_000), Total: 4, Cut: "the limit of 3 rows was reached", Pending: "links hold up to write 7 of 9", Coverage: Coverage(),
		Refused: refusedOfWeb(),
		Rows: []engine.Row{
			{Ref: Web(), Parent: -1, Created: moment(0), First: moment(1), Last: moment(60_000)},
			{Ref: part("apps", "ReplicaSet", "replicasets", "web-1", "u-rs"), Parent: 0, Via: "owns", Created: moment(1000), Ended: moment(50_000), Over: true,
				First: moment(1000), Last: moment(50_000)},
			{Ref: part("", "ConfigMap", "configmaps", "settings", ""), Parent: 1, Via: "mounts", Stub: true},
		},
	}
}

func refusedOfWeb() *engine.Refusals {
	owner := part("apps", "ReplicaSet", "replicasets", "web-1", "u-rs")
	return &engine.Refusals{Total: 3, Cut: "showing 2 of 3 refused names", Names: []engine.Refused{
		{Ref: part("apps", "Deployment", "deployments", "greedy", ""), Code: 422, Reason: "Invalid", Message: "denied by a policy", Users: []string{"alice", "bob"}, More: 1, Count: 12,
			First: moment(2000), Last: moment(9000)},
		{Ref: part("", "Pod", "pods", "", ""), Owner: &owner, Code: 403, Reason: "Forbidden", Message: "exceeded quota", Users: []string{"system:serviceaccount:kube-system:replicaset-controller"},
			Count: 17, First: moment(3000), Last: moment(8000)},
	}}
}

// LanesOfWeb are one lane with everything in it, and one that could not be drawn.
func LanesOfWeb() *engine.Lanes {
	wanted := int64(5)
	bars := []engine.Bar{
		{From: moment(100), To: moment(1006), Early: moment(0), State: "good", Text: "3 of 3 ready", ID: "811", RV: "811"},
		{From: moment(1006), To: moment(4000), State: "bad", Text: "2 of 5 ready", ID: "2", RV: "830", N: 3},
		{From: moment(4000), State: "unknown", ID: "5", RV: "835", Soft: "partial"},
	}
	return &engine.Lanes{From: moment(0), To: moment(60_000), Bin: 60_000, Lanes: []engine.Lane{
		{
			UID: Web().UID, Bars: bars,
			Marks: []engine.Mark{
				{ID: "2", At: moment(1006), Kind: "revision", Verb: "patch", Sub: "scale", Code: 200, Who: "alice", Text: "spec.replicas 3 → 5"},
				{ID: "3", At: moment(2000), Until: moment(2002), Kind: "request", Verb: "update", Code: 409, Failed: true, Who: "alice", Text: "the object has been modified", NoOp: true},
				{ID: "4", At: moment(3000), Kind: "event", Severity: "Warning", Text: "quota exceeded"},
			},
			Bins:    []engine.LaneBin{{Bin: 67, Changes: 9, Reads: 4, Failed: 2, Normal: 3, Warning: 1, Spans: 5, Gaps: 1}},
			Unknown: []engine.Stretch{{From: moment(7000), To: moment(9000), Reason: "not-watched", Sentence: Gap().Sentence}},
			Derived: []engine.Derived{
				{Group: "conditions", Name: "Available", Bars: bars[:1]},
				{Group: "replicas", Name: "ready", Steps: []engine.Step{{At: moment(100), Value: 3, Wanted: &wanted}, {At: moment(4000), Value: 2}}, Max: 5},
			},
			Records: 25, Failed: 3, Cut: "the limit of 3 marks was reached",
		},
		{UID: "u-gone", Error: "no object with this UID is recorded", Bars: []engine.Bar{}, Marks: []engine.Mark{}},
	}}
}

// EntryOfWeb is an entry of History() between two revisions.
func EntryOfWeb() *engine.OneEntry {
	return &engine.OneEntry{Object: Web(), Entry: History().Entries[4],
		Before: &engine.EntryRef{ID: "2", ResourceVersion: "830", When: when(1006)}, After: &engine.EntryRef{ID: "7", ResourceVersion: "900", When: when(60_000)}}
}

// ActivityOfShop has a line in every list.
func ActivityOfShop() *engine.Activity {
	web, lanes := Web(), LanesOfWeb()
	return &engine.Activity{
		From: moment(0), To: moment(60_000), Bin: 60_000, Bins: lanes.Lanes[0].Bins, Records: 25, Cut: "the scan stopped after 25 records", Coverage: Coverage(),
		Objects: []engine.ObjectActivity{{Ref: web, Changes: 9, Failed: 2, Warning: 1, Last: moment(60_000)}},
		People:  []engine.PersonChange{{Object: web, Mark: lanes.Lanes[0].Marks[0]}},
		Actors:  []engine.ActorActivity{{User: "alice", Person: true, Changes: 9, Failed: 2, Last: moment(2000)}},
		Errors: []engine.ErrorSource{{User: "alice", Cluster: "prod", Group: "apps", Resource: "deployments", Verb: "update", Code: 409, Reason: "Conflict", Count: 2,
			Last: moment(2000), Example: "3", Object: &web, Message: "the object has been modified"}},
	}
}

// FailingInShop is a Deployment that is stuck, and one that was and is gone.
func FailingInShop() *engine.Failing {
	old, change := Web(), LanesOfWeb().Lanes[0].Marks[0]
	old.Name, old.UID = "old", "00000000-0000-0000-0000-000000000001"
	return &engine.Failing{From: moment(0), To: moment(60_000), Cut: "the limit of 2 objects was reached", Coverage: Coverage(), Objects: []engine.FailingObject{
		{Ref: Web(), Text: "2 of 5 ready: ImagePullBackOff (web:v3)", Since: moment(1006), Change: &change, Events: 4},
		{Ref: old, Text: "0 of 1 ready", Since: moment(500), Certain: moment(800), Until: moment(900), Over: true},
	}}
}

// Ticks are what a follower is told: where it begins, and one delivery more.
func Ticks() []*engine.Tick {
	return []*engine.Tick{
		{Number: 7, Newest: map[string]engine.Moment{"prod": moment(60_000)}},
		{Number: 9, Newest: map[string]engine.Moment{"prod": moment(61_000)}, Added: 2},
	}
}
