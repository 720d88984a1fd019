package cache

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

const (
	librarySuffix = ".library"
	// MaxLibraries is of how many libraries is kept what was read of them. The GNU C
	// library comes with 250; what is kept of all of them takes 4 MB.
	MaxLibraries = 2048
)

// libraries keeps what was read of libraries, beside the results. It is a scan.Store.
type libraries struct {
	dir    string
	self   string
	usable bool // nobody else can write to what is there
	stored atomic.Bool
}

func (c *Cache) libraries() *libraries {
	dir := filepath.Join(filepath.Dir(c.dir), "libraries")
	return &libraries{dir: dir, self: c.self, usable: check(dir) == nil}
}

// file returns the file for a key. What another build of curb has read is of no use.
func (l *libraries) file(key string) string {
	return fmt.Sprintf("%x%s", sha256.Sum256([]byte(l.self+"\n"+key)), librarySuffix)
}

func (l *libraries) Load(key string) []byte {
	if !l.usable {
		return nil
	}
	path := filepath.Join(l.dir, l.file(key))
	value, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	const often = time.Hour
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > often {
		used(path)
	}
	return value
}

func (l *libraries) Store(key string, value []byte) {
	err := write(l.dir, l.file(key), func(f io.Writer) error {
		_, err := f.Write(value)
		return err
	})
	if err == nil {
		l.stored.Store(true)
	}
}

// prune makes room, if there is more than before.
func (l *libraries) prune() {
	if l.stored.Load() {
		prune(l.dir, librarySuffix, MaxLibraries)
	}
}
