package e2e

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
)

// TestKilledServerLosesNothing kills the server again and again under load. The apiserver sends again what was not acknowledged, the
// watches go on where they were: in the end every request and every state is there, once.
func TestKilledServerLosesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := testcluster.Start(t, testcluster.Config{KeepHistory: true, Webhook: s.hook("https://" + s.receive)})
	s.args = append(s.args, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster))
	s.start()

	driven := make(chan error, 1)
	go func() {
		_, err := c.Drive(t.Context(), testcluster.DriveConfig{Seed: 1, Duration: 25 * time.Second})
		driven <- err
	}()
	for range 4 {
		time.Sleep(5 * time.Second)
		s.kill()
		s.start()
	}
	if err := <-driven; err != nil {
		t.Error(err)
	}
	stopAndCompare(t, s, c)
}

// stopAndCompare lets the apiserver send what it still holds, stops the server, and holds the store against the control plane's own
// log and etcd's own history as they were before: nothing is missing, nothing is there twice.
func stopAndCompare(t *testing.T, s *server, c *testcluster.Cluster) *contents {
	t.Helper()
	truth := audited(t, c.AuditLog())
	states, events, ended := written(c.History(1))
	time.Sleep(15 * time.Second) // a batch that was refused is sent again after some seconds
	s.terminate(30 * time.Second)

	stored := read(t, s.dir)
	if missing := stored.missingRequests(truth); len(missing) > 0 {
		t.Errorf("%d of %d requests are missing:\n%s", len(missing), len(truth), few(missing))
	}
	if twice := stored.twice(); len(twice) > 0 {
		t.Errorf("%d requests are there twice:\n%s", len(twice), few(twice))
	}
	if lost := missingStates(states, func(s state) bool { _, ok := stored.states[s]; return ok }); len(lost) > 0 {
		t.Errorf("%d of %d states are missing:\n%s", len(lost), len(states), few(lost))
	}
	if lost := missingStates(events, func(s state) bool { return stored.events[s] }); len(lost) > 0 {
		t.Errorf("%d of %d states of Events are missing:\n%s", len(lost), len(events), few(lost))
	}
	for uid, what := range ended {
		if stored.ends[uid] == nil {
			t.Errorf("the end of %s (%s) is missing", what, uid)
		}
	}
	t.Logf("%d requests, %d states, %d states of Events, %d ends, %d gaps", len(truth), len(states), len(events), len(ended), len(stored.gaps))
	return stored
}
