package pebble

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/store"
)

// Lock implements vfs.FS.
func (unlocked) Lock(string) (io.Closer, error) { return noLock{}, nil }

// acquire takes the directory's lock: alone to write, shared to read.
func acquire(dir string, o Options) (io.Closer, error) {
	name := o.FS.PathJoin(dir, lockFile)
	if o.FS != vfs.Default {
		if o.ReadOnly {
			return noLock{}, nil
		}
		l, err := o.FS.Lock(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", store.ErrLocked, dir, err)
		}
		return l, nil
	}
	if _, err := os.Stat(filepath.Join(dir, formatFile)); o.ReadOnly && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no store in %s", store.ErrFormat, dir)
	}
	f, err := lockFileAt(name, o.ReadOnly)
	if err == nil {
		return f, nil
	}
	if !errors.Is(err, errHeld) {
		return nil, fmt.Errorf("lock store: %w", err)
	}
	return nil, fmt.Errorf("%w: %s is held by %s; ask that process, stop it, or name another directory", store.ErrLocked, dir, holder(dir))
}

var errHeld = errors.New("held")

// holder describes who has the lock, as far as the directory tells.
func holder(dir string) string {
	who := "another process"
	if b, err := readFile(vfs.Default, filepath.Join(dir, lockFile)); err == nil {
		if pid, err := strconv.Atoi(string(b)); err == nil {
			who = "process " + strconv.Itoa(pid)
		}
	}
	if address, err := ReadAddress(dir); err == nil && address != "" {
		who += ", which serves it at " + address
	}
	return who
}

// WriteAddress notes beside the store where the process that holds it can be asked. Only the owner may read the file; Close removes it.
func WriteAddress(dir, address string) error {
	name := filepath.Join(dir, addressFile)
	if err := os.WriteFile(name+".new", []byte(address+"\n"), 0o600); err != nil {
		return fmt.Errorf("note address: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("note address: %w", err)
	}
	return nil
}

// ReadAddress gives what WriteAddress noted, empty where nothing is. A process that was killed leaves its note behind, so an address
// where nobody answers means only that.
func ReadAddress(dir string) (string, error) {
	b, err := readFile(vfs.Default, filepath.Join(dir, addressFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read address: %w", err)
	}
	return string(b), nil
}

func removeAddress(f vfs.FS, dir string) error {
	err := f.Remove(f.PathJoin(dir, addressFile))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("remove address: %w", err)
}
