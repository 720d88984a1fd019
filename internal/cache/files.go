package cache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	pattern = "*.tmp" // of files that are being written
	// stale is after what time such a file has been left behind.
	stale = time.Hour
)

// write puts a complete file into a directory, which it makes if need be.
func write(dir, name string, content func(io.Writer) error) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := check(dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := errors.Join(content(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}

// check refuses a directory that another user can write to: what is in it decides
// what a program is allowed.
func check(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !isPrivate(info) {
		return fmt.Errorf("%s: others can write to it", dir)
	}
	return nil
}

// used notes that a file is of use, so that others go earlier.
func used(path string) {
	now := time.Now()
	os.Chtimes(path, now, now) // if that cannot be said, it goes earlier
}

// prune removes the files that were not used for longest, where there are too
// many, and what was left behind half written.
func prune(dir, suffix string, most int) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var entries []fs.FileInfo
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			continue // another curb has removed it
		}
		switch {
		case strings.HasSuffix(file.Name(), suffix):
			entries = append(entries, info)
		case strings.HasSuffix(file.Name(), ".tmp") && time.Since(info.ModTime()) > stale:
			os.Remove(filepath.Join(dir, file.Name()))
		}
	}
	slices.SortFunc(entries, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, old := range entries[min(most, len(entries)):] {
		os.Remove(filepath.Join(dir, old.Name()))
	}
	return nil
}
