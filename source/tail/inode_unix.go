//go:build unix

package tail

import (
	"os"
	"syscall"
)

// inode names the file itself, whatever its path.
func inode(info os.FileInfo) (dev, ino uint64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return uint64(st.Dev), uint64(st.Ino) //nolint:unconvert // their types differ between systems
}
