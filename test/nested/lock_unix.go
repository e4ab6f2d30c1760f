// SPDX-License-Identifier: Apache-2.0

//go:build unix

package nested

import (
	"os"
	"syscall"
)

// lock waits until nobody else holds the file; a holder that dies lets go.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
