//go:build linux || darwin

package doctor

import "golang.org/x/sys/unix"

// LookAtDisk tells how full the file system of a directory is; nil where that can not be told.
func LookAtDisk(path string) *Disk {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil || s.Blocks == 0 {
		return nil
	}
	size := uint64(s.Bsize)
	return &Disk{Path: path, Free: s.Bavail * size, Total: s.Blocks * size}
}
