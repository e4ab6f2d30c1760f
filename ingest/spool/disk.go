package spool

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// disk is one directory. Tests put one in its place that loses its power.
type disk interface {
	List() ([]string, error)
	// Create makes a file that was not there.
	Create(name string) (file, error)
	// Open opens one to be read.
	Open(name string) (file, error)
	Rename(from, to string) error
	Remove(name string) error
	// Sync makes what names the files durable.
	Sync() error
	// Sub is the directory of that name in this one; it need not be there.
	Sub(name string) disk
	// Make makes the directory itself, durably. It may be there.
	Make() error
	// Erase removes the directory itself, which must be empty.
	Erase() error
}

type file interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Sync() error
	Size() (int64, error)
}

type osDisk struct{ dir string }

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (d *osDisk) Sub(name string) disk { return &osDisk{filepath.Join(d.dir, name)} }

func (d *osDisk) Make() error {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	parent := osDisk{filepath.Dir(filepath.Clean(d.dir))}
	return parent.Sync()
}

func (d *osDisk) Erase() error { return os.Remove(d.dir) }

func (d *osDisk) List() ([]string, error) {
	entries, err := os.ReadDir(d.dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (d *osDisk) Create(name string) (file, error) {
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *osDisk) Open(name string) (file, error) {
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *osDisk) Rename(from, to string) error {
	return os.Rename(filepath.Join(d.dir, from), filepath.Join(d.dir, to))
}

func (d *osDisk) Remove(name string) error { return os.Remove(filepath.Join(d.dir, name)) }

func (d *osDisk) Sync() error {
	f, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
