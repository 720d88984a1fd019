package cache

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

const (
	suffix = ".json.gz"
	// MaxEntries is how many results are kept. That of the go command, which can
	// make 110 different calls, takes 60 kB.
	MaxEntries = 128
	// maxSize bounds what is read of an entry once it is unpacked.
	maxSize = 256 << 20
)

// A Cache is a directory of results. A nil Cache remembers nothing.
type Cache struct {
	dir  string
	self string // the build of curb that the results are of
}

// User returns the user's cache, nil if there can be none.
func User() *Cache {
	base, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	self, err := identity()
	if err != nil {
		return nil
	}
	return &Cache{filepath.Join(base, "curb", "scan"), self}
}

// Scan is scan.File, by way of the cache.
func (c *Cache) Scan(path string, opts scan.Options) (*usage.Usage, error) {
	if c == nil {
		return scan.File(path, opts)
	}
	before, err := os.Stat(path)
	if err != nil || !before.Mode().IsRegular() {
		return scan.File(path, opts) // which says what is wrong
	}
	key, err := c.key(path, opts)
	if err != nil {
		return scan.File(path, opts)
	}
	if u, err := c.load(key); err == nil && sameLoader(u.Loader) && sameLibraries(u.Libraries) {
		u.Binary = path
		return u, nil
	}
	lib := c.libraries()
	opts.Libraries = lib
	u, err := scan.File(path, opts)
	if err != nil {
		return nil, err
	}
	lib.prune()
	// A file that changed meanwhile may not be the one that was hashed.
	after, err := os.Stat(path)
	if err == nil && os.SameFile(before, after) && before.Size() == after.Size() && before.ModTime().Equal(after.ModTime()) {
		c.store(key, u) // an error costs the next one time, and nothing else
	}
	return u, nil
}

// sameLoader reports whether a dynamic loader's file is what it was.
func sameLoader(l *usage.LoaderFile) bool {
	if l == nil {
		return true
	}
	sum, err := hashFile(l.Path)
	return err == nil && hex.EncodeToString(sum) == l.SHA256
}

// sameLibraries reports whether the files are what they were, or are still not there.
func sameLibraries(files []usage.LoaderFile) bool {
	return !slices.ContainsFunc(files, func(l usage.LoaderFile) bool {
		sum, err := hashFile(l.Path)
		return err == nil && hex.EncodeToString(sum) != l.SHA256 || err != nil && (l.SHA256 != "" || !errors.Is(err, fs.ErrNotExist))
	})
}

// key returns the name of the entry for a program: a hash of everything that its
// result depends on.
func (c *Cache) key(path string, opts scan.Options) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "curb scan\n%q\n%#v\n", c.self, opts)
	content, err := hashFile(path)
	if err != nil {
		return "", err
	}
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func hashFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

var errDamaged = errors.New("the entry is damaged")

func (c *Cache) load(key string) (*usage.Usage, error) {
	if err := check(c.dir); err != nil {
		return nil, err
	}
	path := filepath.Join(c.dir, key+suffix)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, maxSize)) // to the end, where the checksum is
	if err != nil {
		return nil, err
	}
	var e entry
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, err
	}
	if e.Key != key || e.Usage == nil || e.Usage.Syscalls == nil || e.Usage.Unresolved == nil {
		return nil, errDamaged
	}
	used(path)
	return e.Usage, nil
}

// An entry is what a file holds. The name of the program is not in it.
type entry struct {
	Key   string
	Usage *usage.Usage
}

func (c *Cache) store(key string, u *usage.Usage) error {
	unnamed := *u
	unnamed.Binary = ""
	err := write(c.dir, key+suffix, func(f io.Writer) error {
		z, _ := gzip.NewWriterLevel(f, gzip.BestSpeed) // fails on a bad level only
		return errors.Join(json.NewEncoder(z).Encode(entry{key, &unnamed}), z.Close())
	})
	if err != nil {
		return err
	}
	return prune(c.dir, suffix, MaxEntries)
}
