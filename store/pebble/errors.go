package pebble

import (
	"errors"
	"fmt"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/store"
)

// ErrClosed is what every call on a closed store gives.
var ErrClosed = errors.New("store is closed")

// ErrReadOnly is what writes to a store give that was opened to be read.
var ErrReadOnly = errors.New("store was opened read-only")

// damaged says that the value at key does not decode. Keys are not quoted whole: the family is enough to say what is lost.
func damaged(key []byte, err error) error {
	if errors.Is(err, store.ErrCorrupt) {
		return err
	}
	return fmt.Errorf("%s: %w: %w", familyName(key), store.ErrCorrupt, err)
}

// mapped turns Pebble's errors into those of package store.
func mapped(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrCorrupt), errors.Is(err, store.ErrNotFound), errors.Is(err, ErrClosed):
		return err
	case lsm.IsCorruptionError(err):
		return fmt.Errorf("%s: %w: %w", what, store.ErrCorrupt, err)
	case errors.Is(err, lsm.ErrClosed):
		return ErrClosed
	case errors.Is(err, lsm.ErrReadOnly):
		return ErrReadOnly
	}
	return fmt.Errorf("%s: %w", what, err)
}

func familyName(key []byte) string {
	if len(key) > 0 {
		for _, f := range families {
			if f.prefix == key[0] {
				return f.class
			}
		}
	}
	return "unknown key"
}
