// SPDX-License-Identifier: Apache-2.0

// Package fresh keeps what was read from files, and reads it again when they changed: tokens and certificates that are
// rotated under a running process. Nothing runs beside the callers; they look at the files' times now and then.
package fresh

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// Every is how often the files are looked at, at most: a rotation is seen that much later.
const Every = 5 * time.Second

// Value is what was read from files. Its methods may be called concurrently.
type Value[T any] struct {
	read  func() (T, error)
	paths []string

	mu     sync.Mutex // guards all below
	value  T
	stamp  string // of the files that value was read from
	looked time.Time
	err    error // why what lies there now could not be read
}

// Load reads the value once and fails where that fails. paths are the files whose change means that read gives another value.
func Load[T any](read func() (T, error), paths ...string) (*Value[T], error) {
	v := &Value[T]{read: read, paths: paths, looked: time.Now()}
	v.stamp = v.look() // before reading: what changes meanwhile is read again
	var err error
	v.value, err = read()
	return v, err
}

// Now gives the value as the files have it. Where they can not be read, or do not fit each other in the middle of a rotation, it is the last one
// that could be, and Err tells.
func (v *Value[T]) Now() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.refresh(Every)
	return v.value
}

// Err says why the files can not be read now; nil where they can.
func (v *Value[T]) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.refresh(Every)
	return v.err
}

// Reload looks at the files now, however lately they were looked at.
func (v *Value[T]) Reload() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.refresh(0)
	return v.err
}

// refresh reads again what changed; a value that could not be read is tried again every time. v.mu is held.
func (v *Value[T]) refresh(every time.Duration) {
	if time.Since(v.looked) < every {
		return
	}
	v.looked = time.Now()
	stamp := v.look()
	if stamp == v.stamp && v.err == nil {
		return
	}
	value, err := v.read()
	v.err = err
	if err == nil {
		v.value, v.stamp = value, stamp
	}
}

func (v *Value[T]) look() string {
	var stamp []byte
	for _, path := range v.paths {
		if info, err := os.Stat(path); err == nil { // one that is missing is told by reading it
			stamp = fmt.Appendf(stamp, "%d %d ", info.ModTime().UnixNano(), info.Size())
		}
	}
	return string(stamp)
}
