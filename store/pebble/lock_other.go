//go:build !unix

package pebble

import (
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// lockFileAt holds the file until it is closed or the process ends. Here readers exclude each other too.
func lockFileAt(name string, _ bool) (io.Closer, error) {
	l, err := vfs.Default.Lock(name)
	if err != nil {
		return nil, errHeld
	}
	return l, nil
}
