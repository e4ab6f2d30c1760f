package e2e

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
)

// TestStoppedAPIServerLosesNothing stops the apiserver in order, and starts it again: it sends its last batch before it ends, and only the ends of
// watches come after it. Its watch cache is empty when it comes back, so what was written and not told before is in gaps.
func TestStoppedAPIServerLosesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	// An apiserver that stops lets open watches stand as long as a request may take.
	c := s.record(t, testcluster.Config{AuditLevel: testcluster.Metadata, APIServerArgs: []string{"--request-timeout=10s"}})
	work := drive(t, c, 11, 20*time.Second)
	time.Sleep(7 * time.Second)
	c.Stop(testcluster.APIServer(0))
	time.Sleep(2 * time.Second)
	c.StartComponent(testcluster.APIServer(0))
	work.wait()
	stored, missing := stopAndFind(t, s, c)
	missing.noStates(t)
	missing.inDropped(t, stored)
	for _, r := range missing.requests { // which the apiserver ends after it has sent its last batch
		if r.Request.Verb != "watch" {
			t.Errorf("missing: %s", describe(r))
		}
	}
}

// TestKilledAPIServer kills the apiserver under load. What it held in memory of its audit log dies with it: a gap tells of the time
// in which that was, and nothing else is missing.
func TestKilledAPIServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := s.record(t, testcluster.Config{AuditLevel: testcluster.Metadata})
	work := drive(t, c, 12, 20*time.Second)
	time.Sleep(7 * time.Second)
	killed := time.Now()
	c.Kill(testcluster.APIServer(0))
	time.Sleep(2 * time.Second)
	c.StartComponent(testcluster.APIServer(0))
	started := time.Now()
	work.wait()
	stored, missing := stopAndFind(t, s, c)
	missing.noStates(t)

	missing.around(t, killed, started, stored)
}

// TestRestartedEtcdLosesNothing kills etcd under load and starts it again.
func TestRestartedEtcdLosesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := s.record(t, testcluster.Config{AuditLevel: testcluster.Metadata})
	work := drive(t, c, 13, 20*time.Second)
	time.Sleep(7 * time.Second)
	c.Kill(testcluster.Etcd)
	time.Sleep(3 * time.Second)
	c.StartComponent(testcluster.Etcd)
	work.wait()
	_, missing := stopAndFind(t, s, c)
	missing.none(t)
}
