package index

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// TestRestoreUsesTwice: after a restore an object gets a resourceVersion again that it had before, with another body. Each state stands
// in its epoch with its own maker; where the bodies do not tell when they were written, both requests are candidates.
func TestRestoreUsesTwice(t *testing.T) {
	for name, managed := range map[string]bool{"times in bodies": true, "none": false} {
		t.Run(name, func(t *testing.T) {
			ctx, st := context.Background(), open(t)
			c := &cluster{now: begin, rv: 100}
			write := func(verb, user, name, data string) {
				c.write(verb, user, name, "uid-"+name, data)
				if managed {
					r := c.out[len(c.out)-1].Revision
					entry := fmt.Sprintf(`"managedFields":[{"manager":"kubectl","operation":"Update","apiVersion":"v1","time":%q}],"creationTimestamp"`, c.now.Format(time.RFC3339))
					r.Body = []byte(strings.Replace(string(r.Body), `"creationTimestamp"`, entry, 1))
				}
			}
			write("create", "alice", "web", `{"a":"1"}`) // 101
			for i := range 9 {
				write("create", "alice", fmt.Sprint("old", i), `{}`)
			}
			c.rv = 110
			write("update", "alice", "web", `{"a":"2"}`) // 111
			write("create", "alice", "lost", `{}`)
			c.rv, c.now = 110, c.now.Add(time.Hour)
			write("update", "bob", "web", `{"a":"3"}`) // 111 again
			write("update", "bob", "web", `{"a":"4"}`) // 112
			for i, r := range c.out {                  // requests of both epochs have audit IDs of their own
				if r.Request != nil {
					r.Request.AuditID = fmt.Sprint("id", i)
				}
			}
			appendAll(t, st, c.out)
			entry, err := st.Object(ctx, store.ObjectKey{Cluster: "test", UID: "uid-web"})
			if err != nil {
				t.Fatal(err)
			}
			life, err := ReadLife(ctx, st, NewClocks(st), entry, Bounds{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range life.States {
				who := "?"
				if q := life.Makers[i].Request; q != nil {
					who = q.Request.Actor.User
				}
				for _, q := range life.Makers[i].Candidates {
					who += " " + q.Request.Actor.User
				}
				got = append(got, fmt.Sprintf("%d %d %s %s", life.Epochs[i], life.States[i].RV, who, life.States[i].Value.Get("data", "a").Str()))
			}
			text := strings.Join(got, ", ")
			want := "0 101 alice 1, 0 111 alice 2, 1 111 bob 3, 1 112 bob 4"
			if managed {
				if text != want {
					t.Errorf("got  %s\nwant %s", text, want)
				}
				return
			}
			for i := range life.States {
				if life.States[i].RV == 111 && (life.Makers[i].Certainty != join.Candidates || len(life.Makers[i].Candidates) != 2) {
					t.Errorf("of two bodies without times one has the maker %+v: %s", life.Makers[i], text)
				}
			}
		})
	}
}

// TestWatchTellsOfRestore: pins that lie within what clocks may differ do not show that etcd was restored; the watch saw it. The clocks are made
// before its word comes, and hear of it.
func TestWatchTellsOfRestore(t *testing.T) {
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprint("live ", live), func(t *testing.T) {
			ctx, st := context.Background(), open(t)
			c := &cluster{now: begin, rv: 100}
			for i := range 9 {
				c.write("create", "alice", fmt.Sprint("old", i), fmt.Sprint("uid-old", i), `{}`)
			}
			heard := c.now
			c.rv, c.now = 103, c.now.Add(5*time.Second)
			listed := c.now
			for i := range 9 {
				c.write("create", "bob", fmt.Sprint("new", i), fmt.Sprint("uid-new", i), `{}`)
			}
			for i, r := range c.out {
				if r.Request != nil {
					r.Request.AuditID = fmt.Sprint("id", i)
				}
			}
			appendAll(t, st, c.out)
			clocks := NewClocks(st)
			clocks.live.Store(live)
			run := running{c: clocks, rested: map[*track]time.Time{}}
			epochs := func() int {
				t.Helper()
				if live {
					run.looked = time.Time{}
					if err := run.turn(ctx); err != nil {
						t.Fatal(err)
					}
				}
				clock, err := clocks.Of(ctx, "test", record.MainStorage)
				if err != nil {
					t.Fatal(err)
				}
				return clock.Epochs()
			}
			if n := epochs(); n != 1 {
				t.Fatalf("%d epochs, though nobody tells of a second one", n)
			}
			gap := &record.Record{Kind: record.KindGap, OccurredAt: heard, Ref: record.ObjectRef{Cluster: "test", Resource: "pods"},
				Gap: &record.Gap{Reason: record.GapWatchMissed, FromRV: 109, ToRV: 103, Until: listed}}
			appendAll(t, st, []*record.Record{gap})
			if !live { // another process
				clocks = NewClocks(st)
			}
			if n := epochs(); n != 2 {
				t.Errorf("%d epochs, want 2", n)
			}
		})
	}
}

// TestWatchTellsFirst: the watch tells of a restore before the first request that came after it does, as an apiserver sends its audit events
// seconds later. They are not told among those of before, although their times lie within what clocks may differ.
func TestWatchTellsFirst(t *testing.T) {
	ctx, st := context.Background(), open(t)
	c := &cluster{now: begin, rv: 100}
	for i := range 9 {
		c.write("create", "alice", fmt.Sprint("old", i), fmt.Sprint("uid-old", i), `{}`)
	}
	appendAll(t, st, c.out)
	clocks := NewClocks(st)
	clocks.live.Store(true)
	run := running{c: clocks, rested: map[*track]time.Time{}}
	turn := func() {
		t.Helper()
		run.looked = time.Time{}
		if err := run.turn(ctx); err != nil {
			t.Fatal(err)
		}
	}
	epochs := func() int {
		t.Helper()
		clock, err := clocks.Of(ctx, "test", record.MainStorage)
		if err != nil {
			t.Fatal(err)
		}
		return clock.Epochs()
	}
	turn()
	heard := c.now
	c.rv, c.now, c.out = 103, c.now.Add(5*time.Second), nil
	appendAll(t, st, []*record.Record{{Kind: record.KindGap, OccurredAt: heard, Ref: record.ObjectRef{Cluster: "test", Resource: "pods"},
		Gap: &record.Gap{Reason: record.GapWatchMissed, FromRV: 109, ToRV: 103, Until: c.now}}})
	turn()
	if n := epochs(); n != 1 {
		t.Fatalf("%d epochs, though nothing is known of a second one", n)
	}
	for i := range 9 {
		c.write("create", "bob", fmt.Sprint("new", i), fmt.Sprint("uid-new", i), `{}`)
	}
	for i, r := range c.out {
		if r.Request != nil {
			r.Request.AuditID = fmt.Sprint("new", i)
		}
	}
	appendAll(t, st, c.out)
	if n := epochs(); n != 2 {
		t.Errorf("%d epochs, want 2", n)
	}
}
