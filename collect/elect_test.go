package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// leases are Leases of a cluster in memory, with the apiserver's optimistic lock.
type leases struct {
	mu      sync.Mutex
	records map[string]resourcelock.LeaderElectionRecord
	version map[string]int
	down    atomic.Bool
}

type lease struct {
	l              *leases
	name, identity string
	seen           int
}

var errDown = errors.New("no apiserver")

func (k *lease) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	if k.l.down.Load() {
		return nil, nil, errDown
	}
	r, ok := k.l.records[k.name]
	if !ok {
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, k.name)
	}
	k.seen = k.l.version[k.name]
	return &r, []byte{byte(k.seen)}, nil
}

func (k *lease) Create(_ context.Context, r resourcelock.LeaderElectionRecord) error {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	if _, ok := k.l.records[k.name]; ok || k.l.down.Load() {
		return errDown
	}
	k.l.records[k.name], k.l.version[k.name], k.seen = r, 1, 1
	return nil
}

func (k *lease) Update(_ context.Context, r resourcelock.LeaderElectionRecord) error {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	if k.l.down.Load() || k.seen != k.l.version[k.name] {
		return errDown
	}
	k.l.version[k.name]++
	k.seen = k.l.version[k.name]
	k.l.records[k.name] = r
	return nil
}

func (k *lease) RecordEvent(string) {}
func (k *lease) Identity() string   { return k.identity }
func (k *lease) Describe() string   { return k.name }

// agent is one process that stands for election.
type agent struct {
	stop    context.CancelFunc
	done    chan error
	leading atomic.Bool
}

func start(l *leases, identity string, n int) *agent {
	ctx, stop := context.WithCancel(context.Background())
	a := &agent{stop: stop, done: make(chan error, 1)}
	e := &election{name: "objects", leases: n, times: leaseTimes{lease: 400 * time.Millisecond, renew: 300 * time.Millisecond, retry: 20 * time.Millisecond},
		lock: func(name string) resourcelock.Interface { return &lease{l: l, name: name, identity: identity} },
		log:  slog.New(slog.DiscardHandler), observed: func(leading bool) { a.leading.Store(leading) }}
	go func() {
		a.done <- e.run(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	return a
}

func leadersOf(agents []*agent) (n int) {
	for _, a := range agents {
		if a.leading.Load() {
			n++
		}
	}
	return n
}

// eventually waits for what takes a few lease times.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func TestAsManyLeadAsThereAreLeases(t *testing.T) {
	l := &leases{records: map[string]resourcelock.LeaderElectionRecord{}, version: map[string]int{}}
	var agents []*agent
	for _, name := range []string{"a", "b", "c", "d"} {
		agents = append(agents, start(l, name, 2))
	}
	eventually(t, "two lead", func() bool { return leadersOf(agents) == 2 })

	for i, a := range agents { // one leader stops in order, and gives its lease back
		if a.leading.Load() {
			a.stop()
			if err := <-a.done; !errors.Is(err, context.Canceled) {
				t.Errorf("stopped with %v", err)
			}
			agents = append(agents[:i:i], agents[i+1:]...)
			break
		}
	}
	eventually(t, "another leads", func() bool { return leadersOf(agents) == 2 })

	l.down.Store(true) // nobody can renew: nobody leads
	eventually(t, "leases are lost", func() bool { return leadersOf(agents) == 0 })
	l.down.Store(false)
	eventually(t, "two lead again", func() bool { return leadersOf(agents) == 2 })
	for _, a := range agents {
		a.stop()
		if err := <-a.done; !errors.Is(err, context.Canceled) {
			t.Error("an agent that was stopped ended with", err)
		}
	}
}

func TestLeadersErrorEndsTheElection(t *testing.T) {
	l := &leases{records: map[string]resourcelock.LeaderElectionRecord{}, version: map[string]int{}}
	broken := errors.New("broken")
	e := &election{name: "objects", leases: 2, times: leaseTimes{lease: 400 * time.Millisecond, renew: 300 * time.Millisecond, retry: 20 * time.Millisecond},
		lock: func(name string) resourcelock.Interface { return &lease{l: l, name: name, identity: "a"} },
		log:  slog.New(slog.DiscardHandler), observed: func(bool) {}}
	if err := e.run(t.Context(), func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// The library speaks through the process's log, and what was called off is no error.
func TestElectorLog(t *testing.T) {
	var out strings.Builder
	log := electorLog(slog.New(slog.NewTextHandler(&out, nil)).With("cluster", "prod"))
	log.Info("attempting")
	log.Error(fmt.Errorf("post: %w", context.Canceled), "called off")
	for range 3 { // as with every attempt
		log.WithValues("lock", "a").Error(errors.New("forbidden"), "not allowed")
	}
	got := out.String()
	if n := strings.Count(got, "forbidden"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if strings.Contains(got, "attempting") || strings.Contains(got, "called off") {
		t.Errorf("said too much: %s", got)
	}
	for _, want := range []string{"level=ERROR", "cluster=prod", "lock=a", "forbidden", `"not allowed"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing: %s", want, got)
		}
	}
}
