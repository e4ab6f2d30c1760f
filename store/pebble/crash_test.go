package pebble

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

// deliveries is what the crash tests append: batch after batch, facts delivered more than once among them.
func deliveries() [][]*record.Record {
	list := storetest.History(storetest.Config{Seed: 31, Objects: 12, Clusters: []record.Cluster{"c"}})
	return slices.Collect(slices.Chunk(list, 25))
}

func identities(list []*record.Record) map[record.ID]int {
	ids := map[record.ID]int{}
	for _, r := range list {
		ids[r.ID()]++
	}
	return ids
}

func everything(t *testing.T, s store.Store) []*record.Record {
	t.Helper()
	var out []*record.Record
	for r, err := range s.Window(t.Context(), store.WindowScan{Kinds: storetest.Kinds(), Reads: true}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// checkSurvivor: everything acknowledged is there, nothing but what was delivered, no fact twice; and when all is delivered again, the store
// is the one that never crashed.
func checkSurvivor(t *testing.T, s store.Store, batches [][]*record.Record, acknowledged int, whole []string) {
	t.Helper()
	all := everything(t, s)
	got := identities(all)
	for i, batch := range batches[:acknowledged] {
		for id := range identities(batch) {
			if got[id] == 0 {
				t.Fatalf("batch %d of %d acknowledged ones lost %s", i, acknowledged, id)
			}
		}
	}
	delivered := identities(slices.Concat(batches...))
	for _, r := range all {
		if delivered[r.ID()] == 0 {
			t.Fatalf("%s was never delivered", r.ID())
		}
		if r.Kind != record.KindRevision && got[r.ID()] > 1 {
			t.Fatalf("%s %s is there %d times", r.Kind, r.ID(), got[r.ID()])
		}
	}
	for _, batch := range batches {
		if _, err := s.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	again, err := storetest.Dump(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again, whole) {
		t.Fatalf("delivered again the store tells %d lines otherwise than the %d of one that never crashed", len(again), len(whole))
	}
}

func wholeDump(t *testing.T, batches [][]*record.Record) []string {
	t.Helper()
	s := openMem(t, Options{})
	defer closeStore(t, s)
	for _, b := range batches {
		if _, err := s.Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := storetest.Dump(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestPowerCut cuts the power at every operation that changes the disk: what was not synced is gone, or a random half of it.
func TestPowerCut(t *testing.T) {
	batches := deliveries()
	whole := wholeDump(t, batches)
	for name, o := range map[string]Options{"synced": {}, "bulk": {Bulk: true}} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			var acknowledged atomic.Int64
			type cut struct {
				fs   *vfs.MemFS
				done int
				op   string
			}
			var mu sync.Mutex
			var cuts []cut
			rnd := rand.New(rand.NewPCG(1, 2))
			o.FS = errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				done := int(acknowledged.Load()) // before the clone is taken: at least these must be in it
				cuts = append(cuts, cut{fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * (len(cuts) % 2), RNG: rnd}), done, fmt.Sprintf("%v %s", op.Kind, op.Path)})
				return nil
			}))
			s := openMem(t, o)
			for i, b := range batches {
				if i == len(batches)/4 { // a store that is opened again gets another manifest
					closeStore(t, s)
					acknowledged.Store(int64(i))
					s = openMem(t, o)
				}
				if _, err := s.Append(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				flushed := !o.Bulk
				if i%8 == 7 {
					if err := s.Flush(t.Context()); err != nil {
						t.Fatal(err)
					}
					flushed = true
				}
				if flushed {
					acknowledged.Store(int64(i + 1))
				}
				if i == len(batches)/2 {
					if err := s.Seal(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
					acknowledged.Store(int64(i + 1))
				}
			}
			closeStore(t, s)
			if len(cuts) < 50 {
				t.Fatalf("only %d places to cut", len(cuts))
			}
			step := 1
			if testing.Short() {
				step = 7
			}
			for i := 0; i < len(cuts); i += step {
				c := cuts[i]
				again, err := Open("data", Options{FS: c.fs, Bulk: o.Bulk})
				if err != nil {
					t.Fatalf("cut %d before %s: %v", i, c.op, err)
				}
				checkSurvivor(t, again, batches, c.done, whole)
				closeStore(t, again)
				if t.Failed() {
					t.Fatalf("cut %d before %s", i, c.op)
				}
			}
			t.Logf("%d cuts", len(cuts))
		})
	}
}

// TestPowerCutOfOpening cuts the power at every operation of making a store and of opening it again, over and over: of what was not synced
// another half is gone each time.
func TestPowerCutOfOpening(t *testing.T) {
	for seed := range uint64(30) {
		fs := vfs.NewCrashableMem()
		rnd := rand.New(rand.NewPCG(seed, 1))
		var mu sync.Mutex
		var cuts []*vfs.MemFS
		var ops []string
		o := Options{FS: errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
				mu.Lock()
				defer mu.Unlock()
				cuts = append(cuts, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rnd}))
				ops = append(ops, fmt.Sprintf("%v %s", op.Kind, op.Path))
			}
			return nil
		}))}
		for range 2 {
			closeStore(t, openMem(t, o))
		}
		for i, cut := range cuts {
			again, err := Open("data", Options{FS: cut})
			if err != nil {
				t.Fatalf("seed %d, cut %d before %s: %v", seed, i, ops[i], err)
			}
			closeStore(t, again)
		}
	}
}

// TestLogFails lets one operation on the write-ahead log fail. Append then says so and nothing is taken any more, or Pebble ends the
// process, so each failure happens in a process of its own; either way what was acknowledged is there.
func TestLogFails(t *testing.T) {
	if how := os.Getenv(childFails); how != "" {
		appendUntilError(os.Getenv(childDir), how)
		return
	}
	batches := deliveries()
	whole := wholeDump(t, batches)
	refused := 0
	for _, kind := range []errorfs.OpKind{errorfs.OpFileWrite, errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpCreate} {
		for n := 1; n < 40; n += 8 {
			dir := filepath.Join(t.TempDir(), "data")
			lines := child(t, "TestLogFails", 0, childDir+"="+dir, fmt.Sprintf("%s=%d %d", childFails, kind, n))
			for _, line := range lines {
				if strings.HasPrefix(line, "refused") {
					refused++
				}
			}
			s, err := Open(dir, Options{})
			if err != nil {
				t.Fatalf("%v %d: %v", kind, n, err)
			}
			checkSurvivor(t, s, batches, acknowledgedIn(t, lines), whole)
			closeStore(t, s)
		}
	}
	if refused == 0 {
		t.Error("no failure was ever reported")
	}
}

// appendUntilError is the child of TestLogFails.
func appendUntilError(dir, how string) {
	var kind, n int
	if _, err := fmt.Sscan(how, &kind, &n); err != nil {
		fmt.Println("error", err)
		return
	}
	var count atomic.Int64
	fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if int(op.Kind) == kind && strings.HasSuffix(op.Path, ".log") && count.Add(1) == int64(n) {
			return errorfs.ErrInjected
		}
		return nil
	}))
	s, err := Open(dir, Options{FS: fs})
	if err != nil {
		fmt.Println("refused", err)
		return
	}
	for i, b := range deliveries() {
		if _, err := s.Append(context.Background(), b); err != nil {
			fmt.Println("refused", err)
			if _, err := s.Append(context.Background(), b); err == nil {
				fmt.Println("error after a failed log a batch was taken")
			}
			break
		}
		fmt.Println("ack", i+1)
	}
	_ = s.Close() // it may have lost its log
}

const (
	childDir   = "KUBEWAKE_TEST_CHILD_DIR"
	childFails = "KUBEWAKE_TEST_CHILD_FAILS"
)

// TestKill kills a real process with signal 9 at random moments while it appends, and opens what it left.
func TestKill(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		appendForParent(dir)
		return
	}
	batches := deliveries()
	whole := wholeDump(t, batches)
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		dir := filepath.Join(t.TempDir(), "data")
		acknowledged := 0
		for life := range 3 { // the same directory is killed several times
			after := time.Duration(5+rand.IntN(120*(life+1))) * time.Millisecond
			acknowledged = max(acknowledged, acknowledgedIn(t, child(t, "TestKill", after, childDir+"="+dir)))
		}
		started := time.Now()
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if took := time.Since(started); took > 30*time.Second {
			t.Errorf("opening took %v", took)
		}
		checkSurvivor(t, s, batches, acknowledged, whole)
		closeStore(t, s)
	}
}

// child runs a test in a process of its own, kills it some time after it opened its store, if after is set, and gives its lines.
func child(t *testing.T, test string, after time.Duration, env ...string) (lines []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for in.Scan() {
		if in.Text() == "open" && after > 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		lines = append(lines, in.Text())
	}
	_ = cmd.Wait() // it may have been killed
	return lines
}

// acknowledgedIn reads how many batches a child had acknowledged.
func acknowledgedIn(t *testing.T, lines []string) (acknowledged int) {
	t.Helper()
	for _, line := range lines {
		word, number, _ := strings.Cut(line, " ")
		if n, err := strconv.Atoi(number); err == nil && word == "ack" {
			acknowledged = n
		}
		if word == "error" {
			t.Error(line)
		}
	}
	return acknowledged
}

// appendForParent appends all batches over and over and writes a line after each was acknowledged.
func appendForParent(dir string) {
	s, err := Open(dir, Options{})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println("open")
	batches := deliveries()
	for i, b := range batches {
		if _, err := s.Append(context.Background(), b); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("ack", i+1)
	}
	for {
		for _, b := range batches {
			if _, err := s.Append(context.Background(), b); err != nil {
				fmt.Println("error", err)
				return
			}
		}
		if err := s.Seal(context.Background(), nil); err != nil {
			fmt.Println("error", err)
			return
		}
	}
}
