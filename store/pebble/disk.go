package pebble

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/store"
)

// disk is the file system under a store that is written. Pebble ends the process where its log or manifest meets a full disk, and tries a flush
// or compaction again at once, so here such a write waits until there is room, and new ones are refused meanwhile. A sync that fails is never
// tried again: what it was to write may be gone from memory.
type disk struct {
	vfs.FS
	dir     string
	reserve int64 // refuse to append below this many free bytes; negative: a share of the disk
	onFull  func()

	// acting is held shared by each operation, and alone to abandon the store.
	acting sync.RWMutex

	mu        sync.Mutex
	patient   bool          // guarded by mu: operations wait; not while the store is opened
	abandoned bool          // guarded by mu: nothing is written any more
	waiting   int           // guarded by mu: operations that wait for room
	stuck     chan struct{} // guarded by mu: closed while waiting > 0
}

// Where the reserve is not given it is this much, or a tenth of a small disk.
const defaultReserve = 256 << 20

// retryAfter is how long an operation that met a full disk waits before it is tried again.
const retryAfter = 200 * time.Millisecond

func newDisk(f vfs.FS, dir string, reserve int64) *disk {
	return &disk{FS: f, dir: dir, reserve: reserve, stuck: make(chan struct{})}
}

// Unwrap implements vfs.FS.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// isFull reports whether an operation met a full disk, or the end of a quota.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// room gives store.ErrFull if nothing should be appended now.
func (d *disk) room() error {
	select {
	case <-d.isStuck():
		return fmt.Errorf("%w: nothing is left", store.ErrFull)
	default:
	}
	if d.reserve < 0 {
		return nil
	}
	usage, err := d.GetDiskUsage(d.dir)
	if err != nil {
		return nil //nolint:nilerr // a file system that can not tell has no reserve; a full one is met when writing
	}
	reserve := uint64(d.reserve)
	if reserve == 0 {
		reserve = min(defaultReserve, usage.TotalBytes/10)
	}
	if usage.AvailBytes >= reserve {
		return nil
	}
	return fmt.Errorf("%w: %d MiB are free, %d MiB are kept in reserve for housekeeping", store.ErrFull, usage.AvailBytes>>20, reserve>>20)
}

// isStuck gives a channel that is closed while an operation waits for room.
func (d *disk) isStuck() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stuck
}

// bePatient lets operations wait from here on; onFull is called when the first does.
func (d *disk) bePatient(onFull func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.patient, d.onFull = true, onFull
}

// abandon lets nothing be written any more: what runs in the background stops at its next operation, for good, so that another process may open
// the directory.
func (d *disk) abandon() {
	d.acting.Lock()
	defer d.acting.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.abandoned = true
}

// do runs an operation, again and again while the disk is full. What is easily thrown away is tried once: Pebble then removes it, which makes room,
// and begins anew.
func (d *disk) do(name string, op func() error) error {
	err := d.once(op)
	if !isFull(err) || !d.wait() {
		return err
	}
	defer d.waited()
	for {
		time.Sleep(retryAfter)
		if disposable(name) {
			return err
		}
		if err = d.once(op); !isFull(err) {
			return err
		}
	}
}

func (d *disk) once(op func() error) error {
	d.acting.RLock()
	d.mu.Lock()
	abandoned := d.abandoned
	d.mu.Unlock()
	if abandoned {
		d.acting.RUnlock()
		select {} // the store is closed, and its owner about to end
	}
	defer d.acting.RUnlock()
	return op()
}

// wait marks the store as full; waited must follow. It gives false, and did nothing, while the store is opened.
func (d *disk) wait() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.patient {
		return false
	}
	if d.waiting++; d.waiting == 1 {
		close(d.stuck)
		go d.onFull() // whoever holds locks waits here, so the caller does not
	}
	return true
}

func (d *disk) waited() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting--; d.waiting == 0 {
		d.stuck = make(chan struct{})
	}
}

// disposable files are tables that a flush or compaction writes.
func disposable(name string) bool {
	return strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".blob")
}

// Create implements vfs.FS.
func (d *disk) Create(name string, c vfs.DiskWriteCategory) (f vfs.File, err error) {
	if err := d.beforeMarker(name); err != nil {
		return nil, err
	}
	err = d.do(name, func() error { f, err = d.FS.Create(name, c); return err })
	return d.file(name, f, err)
}

// ReuseForWrite implements vfs.FS.
func (d *disk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = d.do(to, func() error { f, err = d.FS.ReuseForWrite(from, to, c); return err })
	return d.file(to, f, err)
}

// OpenReadWrite implements vfs.FS.
func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (f vfs.File, err error) {
	err = d.do(name, func() error { f, err = d.FS.OpenReadWrite(name, c, opts...); return err })
	return d.file(name, f, err)
}

func (d *disk) file(name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &diskFile{File: f, name: name, disk: d}, nil
}

// Link implements vfs.FS.
func (d *disk) Link(from, to string) error {
	return d.do(to, func() error { return d.FS.Link(from, to) })
}

// Rename implements vfs.FS.
func (d *disk) Rename(from, to string) error {
	return d.do(to, func() error { return d.FS.Rename(from, to) })
}

// MkdirAll implements vfs.FS.
func (d *disk) MkdirAll(dir string, perm os.FileMode) error {
	return d.do(dir, func() error { return d.FS.MkdirAll(dir, perm) })
}

// beforeMarker syncs the directory of a marker, the file whose name tells the newest manifest. Pebble makes the manifest, makes its marker,
// removes the marker before it, and then syncs the names of all three at once; a power cut could keep the second without the first, or the third
// without the second, and Pebble opens neither.
func (d *disk) beforeMarker(name string) error {
	if !strings.HasPrefix(d.PathBase(name), "marker.") {
		return nil
	}
	return d.once(func() error { return syncDir(d.FS, d.PathDir(name)) })
}

// Remove implements vfs.FS.
func (d *disk) Remove(name string) error {
	if err := d.beforeMarker(name); err != nil {
		return err
	}
	return d.once(func() error { return d.FS.Remove(name) })
}

// RemoveAll implements vfs.FS.
func (d *disk) RemoveAll(name string) error {
	return d.once(func() error { return d.FS.RemoveAll(name) })
}

type diskFile struct {
	vfs.File
	name string
	disk *disk
}

// Write implements vfs.File. What a full disk took of it is not written again.
func (f *diskFile) Write(b []byte) (n int, err error) {
	err = f.disk.do(f.name, func() error {
		m, err := f.File.Write(b[n:])
		n += m
		return err
	})
	return n, err
}

// Preallocate implements vfs.File. It only makes writing quicker, so a full disk does not matter yet.
func (f *diskFile) Preallocate(offset, length int64) error {
	err := f.disk.once(func() error { return f.File.Preallocate(offset, length) })
	if isFull(err) {
		return nil
	}
	return err
}
