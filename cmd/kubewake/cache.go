package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// cacheDir is where opened recordings are kept: kubewake/ in the user's cache directory.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache directory: %w; choose a directory with --data", err)
	}
	return filepath.Join(dir, "kubewake"), nil
}

// storeDir is the directory of the store made from inputs with that digest.
func storeDir(digest string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "stores", digest), nil
}

// lastFile names the data directory that was opened last, for questions that name none.
const lastFile = "last"

// remember notes dir as the one opened last. That it cannot be noted is worth no error.
func remember(dir string) {
	cache, err := cacheDir()
	if err != nil {
		return
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if os.MkdirAll(cache, 0o700) != nil {
		return
	}
	_ = os.WriteFile(filepath.Join(cache, lastFile), []byte(dir+"\n"), 0o600)
}

// lastOpened is the directory opened last, or "" where there is none any more.
func lastOpened() string {
	cache, err := cacheDir()
	if err != nil {
		return ""
	}
	line, err := os.ReadFile(filepath.Join(cache, lastFile))
	if err != nil {
		return ""
	}
	dir := strings.TrimSpace(string(line))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// dirSize adds up the files below dir; files that vanish meanwhile count nothing.
func dirSize(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}
