package pebble

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	lsm "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/store"
)

// Names of the files in a store's directory.
const (
	formatFile  = "FORMAT"  // "kubewake store 1", bucket bits; written first, once
	lockFile    = "LOCK"    // held while open; tells the process that writes
	addressFile = "SERVING" // where the process that writes can be asked; see WriteAddress
	dataDir     = "db"      // Pebble's
)

// formatNumber changes when keys or values do.
const formatNumber = 1

// Store is a directory that is open. Its methods may be called concurrently.
type Store struct {
	dir    string
	opts   Options
	db     *lsm.DB
	lock   io.Closer
	disk   *disk
	floors atomic.Pointer[floorSet]
	plans  sync.Pool

	written written

	// writing is held from the reading of the caches until the batch is in the log's queue.
	writing sync.Mutex
	caches  caches // guarded by writing
	failed  error  // guarded by writing: a write to the log failed, no other is taken

	// opening guards open; it is taken behind writing, and never held while writing to disk: questions ask for it.
	opening sync.Mutex
	open    map[bucketMark]struct{} // buckets written since they were sealed
	feed    feed                    // guarded by writing

	// appends numbers what the feed tells of; written under writing.
	appends atomic.Uint64

	// using guards the count of calls under way, for which Close waits.
	using  sync.Mutex
	idle   *sync.Cond
	calls  int
	closed bool
}

var _ store.Store = (*Store)(nil)

// Open opens the store in dir, or makes one there. It fails with store.ErrLocked where another process holds it, with store.ErrFormat where
// something else or another format lies there, and with store.ErrCorrupt where it is damaged. A writer that was killed leaves nothing to repair:
// the log is replayed.
func Open(dir string, o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		if err := makeDir(o.FS, dir); err != nil {
			return nil, fmt.Errorf("make store: %w", err)
		}
	}
	lock, err := acquire(dir, o)
	if err != nil {
		return nil, err
	}
	s, err := openLocked(dir, o)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.lock = lock
	return s, nil
}

func openLocked(dir string, o Options) (*Store, error) {
	bits, err := checkFormat(dir, o)
	if err != nil {
		return nil, err
	}
	o.BucketBits = bits
	d := newDisk(o.FS, dir, o.ReserveBytes)
	if !o.ReadOnly {
		o.FS = d
	}
	s := &Store{dir: dir, opts: o, disk: d, caches: newCaches(), written: newWritten(), open: map[bucketMark]struct{}{}}
	s.idle = sync.NewCond(&s.using)
	p := o.pebble()
	err = s.guard(func() (err error) {
		s.db, err = lsm.Open(o.FS.PathJoin(dir, dataDir), p)
		return err
	})
	if err != nil {
		if newerPebble(err) {
			return nil, fmt.Errorf("%w: %s was written by a newer kubewake; open it with that one, or import into another directory: %w", store.ErrFormat, dir, err)
		}
		return nil, mapped("open "+dir, err)
	}
	if !o.Bulk && !o.ReadOnly { // an import can be run again, and rather ends
		d.bePatient(s.wake)
	}
	if err := errors.Join(s.loadFloors(), s.loadFeed()); err != nil {
		return nil, errors.Join(mapped("open "+dir, err), s.db.Close())
	}
	return s, nil
}

func newerPebble(err error) bool {
	return strings.Contains(err.Error(), "format major version") || strings.Contains(err.Error(), "merger name")
}

// checkFormat reads the directory's format, or writes ours into an empty one. It gives the bucket bits.
func checkFormat(dir string, o Options) (uint, error) {
	name := o.FS.PathJoin(dir, formatFile)
	b, err := readFile(o.FS, name)
	if errors.Is(err, fs.ErrNotExist) {
		if o.ReadOnly {
			return 0, fmt.Errorf("%w: no store in %s", store.ErrFormat, dir)
		}
		return newFormat(dir, o)
	}
	if err != nil {
		return 0, fmt.Errorf("read format: %w", err)
	}
	words := strings.Fields(string(b))
	if len(words) != 4 || words[0] != "kubewake" || words[1] != "store" {
		return 0, fmt.Errorf("%w: %s is not what kubewake writes; if the directory is a store, restore the file from a copy", store.ErrFormat, name)
	}
	if words[2] != strconv.Itoa(formatNumber) {
		return 0, fmt.Errorf("%w: %s has format %s, this program reads %d; open it with the release that wrote it, or import again into an empty directory",
			store.ErrFormat, dir, words[2], formatNumber)
	}
	bits, err := strconv.ParseUint(words[3], 10, 6)
	if err != nil || bits == 0 || bits > 40 {
		return 0, fmt.Errorf("%w: %s tells no bucket size", store.ErrFormat, name)
	}
	return uint(bits), nil
}

// newFormat marks an empty directory as a store. The mark is on disk before any data: a crash between leaves an empty store.
func newFormat(dir string, o Options) (uint, error) {
	files, err := o.FS.List(dir)
	if err != nil {
		return 0, fmt.Errorf("list %s: %w", dir, err)
	}
	for _, f := range files {
		if f != lockFile && f != formatFile+".new" {
			return 0, fmt.Errorf("%w: %s holds other files (%s) and no store; name an empty directory", store.ErrFormat, dir, f)
		}
	}
	bits := o.BucketBits
	if bits == 0 {
		bits = defaultBucketBits
	}
	name := o.FS.PathJoin(dir, formatFile)
	if err := writeFile(o.FS, name+".new", fmt.Appendf(nil, "kubewake store %d %d\n", formatNumber, bits)); err != nil {
		return 0, fmt.Errorf("write format: %w", err)
	}
	if err := o.FS.Rename(name+".new", name); err != nil {
		return 0, fmt.Errorf("write format: %w", err)
	}
	return bits, syncDir(o.FS, dir)
}

// makeDir makes a directory and those above it, and syncs what names them: else a power cut could take the store with all that it acknowledged.
func makeDir(f vfs.FS, dir string) error {
	var parents []string // of what is missing, the nearest first
	for at := dir; ; {
		if _, err := f.Stat(at); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		parent := f.PathDir(at)
		parents = append(parents, parent)
		if parent == at || parent == "." || parent == "" {
			break
		}
		at = parent
	}
	if err := f.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, parent := range parents {
		if err := syncDir(f, parent); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(f vfs.FS, dir string) error {
	d, err := f.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close implements store.Store. It waits for calls under way, but not for a full disk; a loop over an iterator must not call it.
func (s *Store) Close() error {
	s.using.Lock()
	if s.closed {
		s.using.Unlock()
		return nil
	}
	s.closed = true
	for s.calls > 0 && !s.isStuck() {
		s.idle.Wait()
	}
	s.using.Unlock()
	err := s.closeDB()
	if !s.opts.ReadOnly {
		err = errors.Join(err, removeAddress(s.disk.FS, s.dir))
	}
	return errors.Join(err, s.lock.Close())
}

func (s *Store) isStuck() bool {
	select {
	case <-s.disk.isStuck():
		return true
	default:
		return false
	}
}

// wake lets Close notice that the disk is full.
func (s *Store) wake() {
	s.using.Lock()
	defer s.using.Unlock()
	s.idle.Broadcast()
}

// closeDB closes Pebble in order, or abandons it where it can not be: its log is broken, or it waits for room on the disk. What was acknowledged
// is in the log either way, and the next to open the directory replays it.
func (s *Store) closeDB() error {
	if s.isStuck() || !s.writable() {
		s.disk.abandon()
		return nil
	}
	done := make(chan error, 1)
	go func() {
		done <- mapped("close", s.guard(func() error {
			if !s.opts.ReadOnly {
				if err := s.db.Flush(); err != nil {
					return err
				}
			}
			return s.db.Close()
		}))
	}()
	select {
	case err := <-done:
		return err
	case <-s.disk.isStuck():
		s.disk.abandon()
		return nil
	}
}

func (s *Store) writable() bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.failed == nil
}

// enter counts a call; leave must follow unless it fails.
func (s *Store) enter() error {
	s.using.Lock()
	defer s.using.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.calls++
	return nil
}

func (s *Store) leave() {
	s.using.Lock()
	defer s.using.Unlock()
	if s.calls--; s.calls == 0 {
		s.idle.Broadcast()
	}
}

func readFile(f vfs.FS, name string) ([]byte, error) {
	in, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(in, 1<<16))
	return bytes.TrimSpace(b), errors.Join(err, in.Close())
}

func writeFile(f vfs.FS, name string, b []byte) error {
	out, err := f.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
