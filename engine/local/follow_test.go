package local

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// requestAt is a request to a ConfigMap at some second.
func requestAt(cluster record.Cluster, id string, at time.Time) *record.Record {
	return &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: record.ObjectRef{Cluster: cluster, Version: "v1", Resource: "configmaps", Namespace: "default", Name: "a"},
		Request: &record.Request{AuditID: id, Stage: record.StageResponseComplete, Level: record.LevelMetadata, Verb: "update", URI: "/api/v1/namespaces/default/configmaps/a",
			Code: 200, StageAt: at, Actor: record.Actor{User: "alice"}}}
}

// TestFollow appends while somebody follows: a tick at the begin, one for each append that is far enough from the one before, and none in between.
func TestFollow(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	st := openStore(t)
	first := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	e := engineOver(t, st, []*record.Record{requestAt("c", "1", first)}, 1)
	ticks, ended := make(chan engine.Tick, 10), make(chan error, 1)
	go func() {
		ended <- e.Follow(ctx, query.Follow{Cluster: "c", Pause: time.Millisecond}, func(t *engine.Tick) error {
			ticks <- *t
			return nil
		})
	}()
	next := func() engine.Tick {
		t.Helper()
		select {
		case tick := <-ticks:
			return tick
		case <-time.After(10 * time.Second):
			t.Fatal("no tick")
		}
		panic("not reached")
	}
	begin := next()
	if begin.Added != 0 || begin.Newest["c"] != engine.MomentOf(first) || begin.Number == 0 {
		t.Fatalf("first tick %+v", begin)
	}
	newer := first.Add(time.Minute)
	if _, err := st.Append(ctx, []*record.Record{requestAt("c", "2", newer), requestAt("other", "3", newer)}); err != nil {
		t.Fatal(err)
	}
	tick := next()
	if tick.Number != begin.Number+1 || tick.Added != 1 || tick.Newest["c"] != engine.MomentOf(newer) || len(tick.Newest) != 1 {
		t.Errorf("tick %+v after %+v", tick, begin)
	}
	time.Sleep(50 * time.Millisecond)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(ticks) > 0 {
		t.Errorf("a tick without news: %+v", <-ticks)
	}
}

// TestFollowPauses: appends within a pause are one tick, which counts them.
func TestFollowPauses(t *testing.T) {
	st := openStore(t)
	e := New(st, Config{})
	stop := errors.New("stop")
	var got []engine.Tick
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	err := e.Follow(context.Background(), query.Follow{Pause: 20 * time.Millisecond}, func(tick *engine.Tick) error {
		if got = append(got, *tick); len(got) == 2 {
			return stop
		}
		for i, id := range []string{"1", "2", "3"} {
			if _, err := st.Append(context.Background(), []*record.Record{requestAt("c", id, at.Add(time.Duration(i)*time.Second))}); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	// The first tick's number was read before the appends.
	if got[0].Number != 0 || got[1].Added != 3 || got[1].Newest["c"] != engine.MomentOf(at.Add(2*time.Second)) {
		t.Errorf("ticks %+v", got)
	}
}

// TestFollowWithoutFeed: what nobody can tell of is told once.
func TestFollowWithoutFeed(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	var st store.Store = newMemStore()
	if _, ok := st.(store.Feed); ok {
		t.Fatal("the plain store has a feed")
	}
	n := 0
	if err := New(st, Config{}).Follow(ctx, query.Follow{Pause: time.Millisecond}, func(*engine.Tick) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("%d ticks, %v", n, err)
	}
}
