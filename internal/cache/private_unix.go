//go:build unix

package cache

import (
	"io/fs"
	"os"
	"syscall"
)

// isPrivate reports whether a directory is this user's, and nobody else can write
// to it.
func isPrivate(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(s.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}
