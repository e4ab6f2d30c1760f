package spool

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

var (
	errDead  = errors.New("the power is out")
	errShaky = errors.New("the disk does not want to")
)

// memDisk is a disk in memory that keeps apart what was synced, and that can lose its power at any operation.
type memDisk struct {
	mu      sync.Mutex
	names   map[string]*memData
	durable map[string]*memData
	journal []func(map[string]*memData) // changes of names since they were synced
	ops     int
	killAt  int  // 0: never
	after   bool // the operation at killAt still takes effect
	dead    bool
	shaky   func() bool // an operation fails
}

type memData struct{ data, synced []byte }

func newMemDisk() *memDisk {
	return &memDisk{names: map[string]*memData{}, durable: map[string]*memData{}}
}

// step counts an operation that changes the disk; it gives an error if it fails, and whether it takes effect nonetheless.
func (d *memDisk) step() (effect bool, err error) {
	if d.dead {
		return false, errDead
	}
	d.ops++
	if d.ops == d.killAt {
		d.dead = true
		return d.after, errDead
	}
	if d.shaky != nil && d.shaky() {
		return rand.IntN(2) == 0, errShaky
	}
	return true, nil
}

func (d *memDisk) change(f func(map[string]*memData)) {
	f(d.names)
	d.journal = append(d.journal, f)
}

// crash gives the disk as it is found after the power came back: unsynced names and bytes are there in part, the bytes perhaps as rubbish.
func (d *memDisk) crash() *memDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	names := maps.Clone(d.durable)
	for _, f := range d.journal[:rand.IntN(len(d.journal)+1)] {
		f(names)
	}
	out := newMemDisk()
	for name, m := range names {
		tail := slices.Clone(m.data[len(m.synced):])
		tail = tail[:rand.IntN(len(tail)+1)]
		if len(tail) > 0 && rand.IntN(2) == 0 {
			clear(tail[rand.IntN(len(tail)):][:1])
			if n := rand.IntN(len(tail)); rand.IntN(2) == 0 {
				clear(tail[:n])
			}
		}
		b := append(slices.Clone(m.synced), tail...)
		out.names[name] = &memData{b, slices.Clone(b)}
	}
	out.durable = maps.Clone(out.names)
	return out
}

func (d *memDisk) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.names)), nil
}

func (d *memDisk) Create(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] != nil {
		return nil, fs.ErrExist
	}
	m := &memData{}
	effect, err := d.step()
	if effect {
		d.change(func(names map[string]*memData) { names[name] = m })
	}
	return &memFile{d, m}, err
}

func (d *memDisk) Open(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.names[name]; m != nil {
		return &memFile{d, m}, nil
	}
	return nil, fs.ErrNotExist
}

func (d *memDisk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.step()
	if effect {
		d.change(func(names map[string]*memData) {
			if m := names[from]; m != nil {
				names[to] = m
				delete(names, from)
			}
		})
	}
	return err
}

func (d *memDisk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.step()
	if effect {
		d.change(func(names map[string]*memData) { delete(names, name) })
	}
	return err
}

func (d *memDisk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.step()
	if effect {
		d.durable, d.journal = maps.Clone(d.names), nil
	}
	return err
}

type memFile struct {
	d *memDisk
	m *memData
}

func (f *memFile) ReadAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if off >= int64(len(f.m.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.m.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Write(b []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	effect, err := f.d.step()
	n := 0
	if effect {
		n = len(b)
		if err != nil {
			n = rand.IntN(n + 1)
		}
		f.m.data = append(f.m.data, b[:n]...)
	}
	return n, err
}

func (f *memFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	effect, err := f.d.step()
	if effect {
		f.m.synced = slices.Clone(f.m.data)
	}
	return err
}

func (f *memFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.m.data)), nil
}

func (f *memFile) Close() error { return nil }
