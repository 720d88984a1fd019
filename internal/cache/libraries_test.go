package cache

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func newLibraries(t *testing.T) (*Cache, *libraries) {
	t.Helper()
	c := &Cache{filepath.Join(t.TempDir(), "scan"), "this build"}
	c.libraries().Store("key", []byte("value"))
	return c, c.libraries()
}

// What was read of a library is found again by the same build of curb, under its key.
func TestLibraries(t *testing.T) {
	c, l := newLibraries(t)
	if got := l.Load("key"); string(got) != "value" {
		t.Errorf("%q was kept", got)
	}
	if got := l.Load("other"); got != nil {
		t.Errorf("%q was kept under another key", got)
	}
	c.self = "that build"
	if got := c.libraries().Load("key"); got != nil {
		t.Errorf("%q was kept by another build", got)
	}
}

// What others may have written is not taken for what was read.
func TestLibrariesOfOthers(t *testing.T) {
	c, l := newLibraries(t)
	if err := os.Chmod(l.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	l = c.libraries()
	if got := l.Load("key"); got != nil {
		t.Errorf("%q was taken from where others can write", got)
	}
	l.Store("more", []byte("value"))
	files, err := os.ReadDir(l.dir)
	if err != nil || len(files) != 1 {
		t.Errorf("there are %d files (%v), want the one from before", len(files), err)
	}
}

// What was not used for longest makes room, and use counts.
func TestLibrariesMakeRoom(t *testing.T) {
	c, l := newLibraries(t)
	old := time.Now().Add(-24 * time.Hour)
	for _, key := range []string{"used", "unused"} {
		l.Store(key, []byte(key))
		if err := os.Chtimes(filepath.Join(l.dir, l.file(key)), old, old); err != nil {
			t.Fatal(err)
		}
	}
	l = c.libraries()
	l.Load("used")
	if err := prune(l.dir, librarySuffix, 2); err != nil {
		t.Fatal(err)
	}
	for key, kept := range map[string]bool{"key": true, "used": true, "unused": false} {
		if got := l.Load(key); (got != nil) != kept {
			t.Errorf("%q is kept under %q", got, key)
		}
	}
}
