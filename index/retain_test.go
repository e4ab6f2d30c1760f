package index

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

// cluster makes the records of a small cluster: every write is one request and one revision.
type cluster struct {
	rv  record.ResourceVersion
	now time.Time
	out []*record.Record
}

var begin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func (c *cluster) write(verb, user, name, uid, data string) record.ResourceVersion {
	named := c.rv
	c.rv++
	c.now = c.now.Add(time.Second)
	ref := record.ObjectRef{Cluster: "test", Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "shop", Name: name, UID: record.UID(uid)}
	q := &record.Request{AuditID: fmt.Sprint("a", c.rv), Stage: record.StageResponseComplete, Level: record.LevelRequestResponse, Verb: verb,
		URI: "/api/v1/namespaces/shop/configmaps/" + name, Actor: record.Actor{User: user, UserAgent: "kubectl"}, Code: 200, StageAt: c.now.Add(10 * time.Millisecond),
		Answer: record.BodyObject, AnswerUID: ref.UID, AnswerRV: c.rv}
	if verb == "create" {
		q.Code = 201
	} else {
		q.NamedRV = named
	}
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"shop","uid":%q,"resourceVersion":"%d","creationTimestamp":%q},"data":%s}`,
		name, uid, c.rv, begin.Format(time.RFC3339), data)
	c.out = append(c.out,
		&record.Record{Kind: record.KindRequest, OccurredAt: c.now, Ref: ref, Request: q, Provenance: record.Provenance{Sources: record.FromAudit}},
		&record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: c.rv, Body: []byte(body)}, Provenance: record.Provenance{Sources: record.FromAudit}})
	return c.rv
}

func open(t *testing.T) *pebble.Store {
	t.Helper()
	st, err := pebble.Open("store", pebble.Options{FS: vfs.NewMem(), BucketBits: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func appendAll(t *testing.T, st store.Store, records []*record.Record) {
	t.Helper()
	if _, err := st.Append(context.Background(), records); err != nil {
		t.Fatal(err)
	}
}

// busy writes one object again and again for some hours.
func (c *cluster) busy(name string, hours int) {
	uid := name + "-uid"
	c.write("create", "controller", name, uid, `{"n":"0"}`)
	for i := range hours * 6 {
		c.now = c.now.Add(10 * time.Minute)
		c.write("update", "controller", name, uid, fmt.Sprintf(`{"n":"%d"}`, i+1))
	}
}

// A ConfigMap written once outlives any number of retentions, with its state and who set each field.
func TestWrittenOnceOutlivesRetentions(t *testing.T) {
	ctx := context.Background()
	st := open(t)
	c := &cluster{now: begin}
	key := store.ObjectKey{Cluster: "test", UID: "settings-uid"}
	first := c.write("create", "alice", "settings", "settings-uid", `{"colour":"blue","size":"9"}`)
	second := c.write("update", "bob", "settings", "settings-uid", `{"colour":"green","size":"9"}`)
	for round := range 3 {
		c.busy(fmt.Sprint("busy", round), 10)
		appendAll(t, st, c.out)
		c.out = nil
		did, err := Retain(ctx, st, Policy{MaxAge: 3 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if did.Buckets == 0 || did.Bytes < 0 {
			t.Fatalf("retention %d dropped nothing: %+v", round+1, did)
		}
		checkSettings(t, st, key, round, first, second)
	}
	if _, err := st.Object(ctx, store.ObjectKey{Cluster: "test", UID: "busy0-uid"}); err != nil {
		t.Errorf("an object that has not ended is gone: %v", err)
	}
	floor, err := Floor(ctx, st, "test")
	if err != nil || floor.IsZero() || floor.After(c.now.Add(-3*time.Hour)) {
		t.Errorf("floor %v (%v) of a cluster whose newest fact is of %v", floor, err, c.now)
	}
}

func checkSettings(t *testing.T, st store.Store, key store.ObjectKey, round int, first, second record.ResourceVersion) {
	t.Helper()
	ctx := context.Background()
	entry, err := st.Object(ctx, key)
	if err != nil {
		t.Fatalf("retention %d: %v", round+1, err)
	}
	life, err := ReadLife(ctx, st, NewClocks(st), entry, Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	last := len(life.States) - 1
	if last != 0 || life.States[last].RV != second || life.States[last].Value.Get("data", "colour").Str() != "green" {
		t.Fatalf("retention %d: %d states, the last is %s", round+1, last+1, life.States[max(0, last)].Value)
	}
	fields, err := life.Blame(last, BlameOptions{Under: object.Fields("data")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		rv   record.ResourceVersion
		user string
	}{"data.colour": {second, "bob"}, "data.size": {first, "alice"}}
	for _, f := range fields {
		w := want[f.Path.String()]
		if f.Index != object.Before || f.Origin == nil || f.Origin.RV != w.rv {
			t.Errorf("retention %d: %s is blamed on %+v of %+v, want revision %d", round+1, f.Path, f.Origin, f, w.rv)
			continue
		}
		m, ok := DecodeMaker(f.Origin.Maker)
		if !ok || m.Request == nil || m.Request.Request.Actor.User != w.user || m.When.NotAfter.IsZero() {
			t.Errorf("retention %d: %s was kept with %+v, want %s", round+1, f.Path, m, w.user)
		}
	}
	if len(fields) != len(want) {
		t.Errorf("retention %d: %d fields", round+1, len(fields))
	}
}

// A revision outlives the request that made it where their buckets go at different times; who made it is kept.
func TestMakerOutlivesItsRequest(t *testing.T) {
	ctx := context.Background()
	st := open(t)
	c := &cluster{now: begin}
	c.write("create", "alice", "settings", "settings-uid", `{"colour":"blue"}`)
	c.now = c.now.Add(10 * time.Hour)
	c.write("create", "bob", "other", "other-uid", `{}`)
	appendAll(t, st, c.out)
	if did, err := Retain(ctx, st, Policy{MaxAge: time.Hour}); err != nil || did.Buckets != 1 {
		t.Fatalf("%+v, %v", did, err)
	}
	entry, err := st.Object(ctx, store.ObjectKey{Cluster: "test", UID: "settings-uid"})
	if err != nil {
		t.Fatal(err)
	}
	life, err := ReadLife(ctx, st, NewClocks(st), entry, Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	if len(life.Requests) != 0 {
		t.Fatalf("the request is still there: %d", len(life.Requests))
	}
	if m := life.Makers[0]; m.Request == nil || m.Request.Request.Actor.User != "alice" {
		t.Errorf("maker %+v", m)
	}
}

// Bytes bound what stays as well; the newest bucket of each family always does.
func TestRetainByBytes(t *testing.T) {
	ctx := context.Background()
	st := open(t)
	c := &cluster{now: begin}
	c.busy("busy", 20)
	appendAll(t, st, c.out)
	if did, err := Retain(ctx, st, Policy{}); err != nil || did.Buckets != 0 {
		t.Fatalf("no policy dropped %+v, %v", did, err)
	}
	if err := st.Seal(ctx, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	before, err := st.Buckets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Retain(ctx, st, Policy{MaxBytes: 1}); err != nil {
		t.Fatal(err)
	}
	after, err := st.Buckets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != 2 || len(before) <= 2 {
		t.Errorf("%d buckets, then %d", len(before), len(after))
	}
}
