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

// memDisk is a directory of a disk in memory that keeps apart what was synced, and that can lose its power at any operation.
type memDisk struct {
	*power
	names   map[string]*memData
	durable map[string]*memData
	subs    map[string]*memDisk                              // its directories, by name
	kept    map[string]*memDisk                              // of which these are durable
	journal []func(map[string]*memData, map[string]*memDisk) // changes of names since they were synced
}

// power is what the directories of a disk share.
type power struct {
	mu     sync.Mutex
	ops    int
	killAt int  // 0: never
	after  bool // the operation at killAt still takes effect
	dead   bool
	shaky  func() bool // an operation fails
}

type memData struct{ data, synced []byte }

func newMemDisk() *memDisk { return newMemDir(&power{}) }

func newMemDir(p *power) *memDisk {
	return &memDisk{power: p, names: map[string]*memData{}, durable: map[string]*memData{}, subs: map[string]*memDisk{}, kept: map[string]*memDisk{}}
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

func (d *memDisk) change(f func(map[string]*memData, map[string]*memDisk)) {
	f(d.names, d.subs)
	d.journal = append(d.journal, f)
}

// crash gives the disk as it is found after the power came back: unsynced names and bytes are there in part, the bytes perhaps as rubbish.
func (d *memDisk) crash() *memDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	return d.found(newMemDisk())
}

// found fills out with what is found of d.
func (d *memDisk) found(out *memDisk) *memDisk {
	names, subs := maps.Clone(d.durable), maps.Clone(d.kept)
	for _, f := range d.journal[:rand.IntN(len(d.journal)+1)] {
		f(names, subs)
	}
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
	for name, sub := range subs {
		out.subs[name] = sub.found(newMemDir(out.power))
	}
	out.durable, out.kept = maps.Clone(out.names), maps.Clone(out.subs)
	return out
}

// memSub is a directory that may be there or not.
type memSub struct {
	in   *memDisk
	name string
}

func (d *memDisk) Sub(name string) disk { return memSub{d, name} }

func (d *memDisk) Make() error  { return nil }
func (d *memDisk) Erase() error { return errors.New("it is the disk") }

// at gives the directory, which must be there.
func (s memSub) at() (*memDisk, error) {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	if d := s.in.subs[s.name]; d != nil {
		return d, nil
	}
	return nil, fs.ErrNotExist
}

func (s memSub) Make() error {
	s.in.mu.Lock()
	effect, err := s.in.step()
	if effect && s.in.subs[s.name] == nil {
		sub := newMemDir(s.in.power)
		s.in.change(func(_ map[string]*memData, subs map[string]*memDisk) { subs[s.name] = sub })
	}
	s.in.mu.Unlock()
	if err != nil {
		return err
	}
	return s.in.Sync()
}

func (s memSub) Erase() error {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	d := s.in.subs[s.name]
	if d == nil {
		return fs.ErrNotExist
	}
	if len(d.names) > 0 {
		return errors.New("it is not empty")
	}
	effect, err := s.in.step()
	if effect {
		s.in.change(func(_ map[string]*memData, subs map[string]*memDisk) { delete(subs, s.name) })
	}
	return err
}

func (s memSub) Sub(string) disk { panic("no deeper") }

func (s memSub) List() ([]string, error) {
	d, err := s.at()
	if err != nil {
		return nil, err
	}
	return d.List()
}

func (s memSub) Create(name string) (file, error) {
	d, err := s.at()
	if err != nil {
		return nil, err
	}
	return d.Create(name)
}

func (s memSub) Open(name string) (file, error) {
	d, err := s.at()
	if err != nil {
		return nil, err
	}
	return d.Open(name)
}

func (s memSub) Rename(from, to string) error {
	d, err := s.at()
	if err != nil {
		return err
	}
	return d.Rename(from, to)
}

func (s memSub) Remove(name string) error {
	d, err := s.at()
	if err != nil {
		return err
	}
	return d.Remove(name)
}

func (s memSub) Sync() error {
	d, err := s.at()
	if err != nil {
		return err
	}
	return d.Sync()
}

func (d *memDisk) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.AppendSeq(slices.Collect(maps.Keys(d.names)), maps.Keys(d.subs)), nil
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
		d.change(func(names map[string]*memData, _ map[string]*memDisk) { names[name] = m })
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
		d.change(func(names map[string]*memData, _ map[string]*memDisk) {
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
		d.change(func(names map[string]*memData, _ map[string]*memDisk) { delete(names, name) })
	}
	return err
}

func (d *memDisk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.step()
	if effect {
		d.durable, d.kept, d.journal = maps.Clone(d.names), maps.Clone(d.subs), nil
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
