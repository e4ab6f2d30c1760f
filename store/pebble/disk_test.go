package pebble

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

// sized is a disk of a size: what does not fit on it is written in part, with ENOSPC.
type sized struct {
	vfs.FS
	limit atomic.Int64
	mu    sync.Mutex
	used  map[string]int64 // by file
}

func newSized(limit int64) *sized {
	s := &sized{FS: vfs.NewMem(), used: map[string]int64{}}
	s.limit.Store(limit)
	return s
}

func (s *sized) Unwrap() vfs.FS { return s.FS }

// take gives how many of n bytes fit.
func (s *sized) take(name string, n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = int(min(int64(n), max(s.limit.Load()-s.sum(), 0)))
	s.used[name] += int64(n)
	return n
}

func (s *sized) sum() (sum int64) {
	for _, n := range s.used {
		sum += n
	}
	return sum
}

func (s *sized) usedNow() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum()
}

func (s *sized) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if s.usedNow() >= s.limit.Load() {
		return nil, syscall.ENOSPC
	}
	f, err := s.FS.Create(name, c)
	return &sizedFile{File: f, name: name, disk: s}, err
}

func (s *sized) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.ReuseForWrite(from, to, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[to] = s.used[from]
	delete(s.used, from)
	return &sizedFile{File: f, name: to, disk: s}, err
}

func (s *sized) Rename(from, to string) error {
	err := s.FS.Rename(from, to)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[to] = s.used[from]
	delete(s.used, from)
	return err
}

func (s *sized) Remove(name string) error {
	err := s.FS.Remove(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.used, name)
	return err
}

func (s *sized) GetDiskUsage(string) (vfs.DiskUsage, error) {
	used, limit := uint64(s.usedNow()), uint64(s.limit.Load())
	return vfs.DiskUsage{AvailBytes: limit - min(used, limit), TotalBytes: limit, UsedBytes: used}, nil
}

type sizedFile struct {
	vfs.File
	name string
	disk *sized
}

func (f *sizedFile) Write(b []byte) (int, error) {
	fits := f.disk.take(f.name, len(b))
	n, err := f.File.Write(b[:fits])
	if err == nil && fits < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

// fill appends fresh facts until the store says that the disk is full, and gives those that it acknowledged.
func fill(t *testing.T, s *Store, seed uint64) (acknowledged []*record.Record) {
	t.Helper()
	for ; ; seed++ {
		list := storetest.History(storetest.Config{Seed: seed, Objects: 30, Clusters: []record.Cluster{"c"}})
		for batch := range slices.Chunk(list, 100) {
			began := time.Now()
			_, err := s.Append(t.Context(), batch)
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("an answer took %v", took)
			}
			if err == nil {
				acknowledged = append(acknowledged, batch...)
				continue
			}
			if !errors.Is(err, store.ErrFull) {
				t.Fatalf("a full disk is told as: %v", err)
			}
			return acknowledged
		}
	}
}

func checkHas(t *testing.T, s store.Store, acknowledged []*record.Record) {
	t.Helper()
	got := identities(everything(t, s))
	for id := range identities(acknowledged) {
		if got[id] == 0 {
			t.Fatalf("%s was acknowledged and is gone", id)
		}
	}
}

func appendUntilTaken(t *testing.T, s *Store, batch []*record.Record) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, err := s.Append(t.Context(), batch)
		if err == nil {
			return
		}
		if !errors.Is(err, store.ErrFull) || time.Now().After(deadline) {
			t.Fatalf("with room again: %v", err)
		}
	}
}

// TestReserve: the store stops taking facts while there is room for housekeeping, and goes on once there is more.
func TestReserve(t *testing.T) {
	fs := newSized(6 << 20)
	s := openMem(t, Options{FS: fs, ReserveBytes: 2 << 20})
	acknowledged := fill(t, s, 1)
	if used := fs.usedNow(); used > 5<<20 {
		t.Errorf("%d bytes used, 2 MiB of 6 were to be left", used)
	}
	checkHas(t, s, acknowledged)
	if err := s.SetMeta(t.Context(), "k", []byte("v")); err != nil {
		t.Errorf("the reserve is for small things: %v", err)
	}
	if err := s.Seal(t.Context(), nil); err != nil {
		t.Errorf("and for housekeeping: %v", err)
	}
	fs.limit.Store(64 << 20)
	appendUntilTaken(t, s, deliveries()[0])
	checkHas(t, s, append(acknowledged, deliveries()[0]...))
	closeStore(t, s)
}

// TestNoRoomAtAll: somebody else filled the disk. Writes are refused, also those under way; reads go on; it recovers by itself.
func TestNoRoomAtAll(t *testing.T) {
	fs := newSized(3 << 20)
	s := openMem(t, Options{FS: fs, ReserveBytes: -1})
	acknowledged := fill(t, s, 1)
	checkHas(t, s, acknowledged)
	if err := s.SetMeta(t.Context(), "k", []byte("v")); !errors.Is(err, store.ErrFull) {
		t.Errorf("SetMeta on a full disk: %v", err)
	}
	if _, err := s.Buckets(t.Context()); err != nil {
		t.Errorf("a question on a full disk: %v", err)
	}
	fs.limit.Store(64 << 20)
	appendUntilTaken(t, s, deliveries()[0])
	acknowledged = append(acknowledged, deliveries()[0]...)
	checkHas(t, s, acknowledged)
	closeStore(t, s)
	s = openMem(t, Options{FS: fs})
	checkHas(t, s, acknowledged)
	closeStore(t, s)
}

// TestTablesMeetAFullDisk: a flush without room is tried again until there is some.
func TestTablesMeetAFullDisk(t *testing.T) {
	fs := newSized(64 << 20)
	s := openMem(t, Options{FS: fs, ReserveBytes: -1})
	var acknowledged []*record.Record
	for _, batch := range deliveries() {
		if _, err := s.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, batch...)
	}
	fs.limit.Store(fs.usedNow() + 100)
	sealed := make(chan error, 1)
	go func() { sealed <- s.Seal(t.Context(), nil) }()
	<-s.disk.isStuck()
	checkHas(t, s, acknowledged)
	time.Sleep(3 * retryAfter)
	fs.limit.Store(64 << 20)
	select {
	case err := <-sealed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("there is room, and nothing goes on")
	}
	checkHas(t, s, acknowledged)
	closeStore(t, s)
}

// TestCloseOnAFullDisk: it does not wait for room; whoever opens the directory next finds all that was acknowledged, and the store that was left
// writes nothing into it any more.
func TestCloseOnAFullDisk(t *testing.T) {
	fs := newSized(3 << 20)
	s := openMem(t, Options{FS: fs, ReserveBytes: -1})
	acknowledged := fill(t, s, 1)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close waits for room")
	}
	if _, err := s.Append(t.Context(), deliveries()[0]); !errors.Is(err, ErrClosed) {
		t.Errorf("append to a closed store: %v", err)
	}
	fs.limit.Store(64 << 20)
	used := fs.usedNow()
	time.Sleep(2 * retryAfter)
	if now := fs.usedNow(); now != used {
		t.Errorf("the store that was closed wrote %d bytes", now-used)
	}
	s = openMem(t, Options{FS: unlocked{fs}}) // Pebble's own lock goes with the process
	checkHas(t, s, acknowledged)
	closeStore(t, s)
}

// TestFullAgainAndAgain: several writers while the disk fills and empties; nothing acknowledged is lost, and it ends well.
func TestFullAgainAndAgain(t *testing.T) {
	fs := newSized(1 << 30)
	s := openMem(t, Options{FS: fs, ReserveBytes: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var mu sync.Mutex
	var acknowledged []*record.Record
	var full int
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			list := storetest.History(storetest.Config{Seed: uint64(w + 50), Objects: 60, Clusters: []record.Cluster{"c"}})
			for i := 0; ctx.Err() == nil; i++ {
				batch := list[i*7%len(list):][:1]
				_, err := s.Append(ctx, batch)
				mu.Lock()
				switch {
				case err == nil:
					acknowledged = append(acknowledged, batch...)
				case errors.Is(err, store.ErrFull):
					full++
				case ctx.Err() == nil:
					t.Errorf("append: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	for ctx.Err() == nil {
		fs.limit.Store(fs.usedNow() + rand.Int64N(2000))
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		fs.limit.Store(1 << 30)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
	}
	fs.limit.Store(1 << 30)
	writers.Wait()
	appendUntilTaken(t, s, deliveries()[0])
	checkHas(t, s, acknowledged)
	closeStore(t, s)
	s = openMem(t, Options{FS: fs})
	checkHas(t, s, acknowledged)
	closeStore(t, s)
	if full == 0 || len(acknowledged) == 0 {
		t.Errorf("%d acknowledged, %d refused: the test tries nothing", len(acknowledged), full)
	}
}
