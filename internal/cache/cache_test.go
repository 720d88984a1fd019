package cache

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// program returns a Go program for linux/amd64 that makes a call of its own.
func program(t testing.TB, call string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	source := "package main\n\nimport \"syscall\"\n\nfunc main() { syscall.RawSyscall(" + call + ", 0, 0, 0) }\n"
	for name, text := range map[string]string{"main.go": source, "go.mod": "module m\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", slices.Concat([]string{"build", "-o", "program"}, flags, []string{"."})...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return filepath.Join(dir, "program")
}

func text(t *testing.T, u *usage.Usage, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// entries returns the names of the files in a cache.
func entries(t *testing.T, c *Cache) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A result that was kept is the one that a scan gives, whatever the program is
// called by now, and the cache is really asked.
func TestScan(t *testing.T) {
	path := program(t, "110")
	direct, err := scan.File(path, scan.Options{})
	want := text(t, direct, err)
	c := &Cache{filepath.Join(t.TempDir(), "new", "dir"), "this build"}
	for i := range 2 {
		u, err := c.Scan(path, scan.Options{})
		if got := text(t, u, err); got != want {
			t.Errorf("scan %d: %s\nwant %s", i, got, want)
		}
		if n := len(entries(t, c)); n != 1 {
			t.Errorf("after scan %d there are %d entries, want 1", i, n)
		}
	}
	moved := path + "-moved"
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	u, err := c.Scan(moved, scan.Options{})
	if got := text(t, u, err); got != strings.Replace(want, path, moved, 1) {
		t.Errorf("after moving it: %s", got)
	}

	key, err := c.key(moved, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.store(key, &usage.Usage{GoVersion: "marked", Syscalls: []usage.Syscall{}, Unresolved: []usage.Unresolved{}}); err != nil {
		t.Fatal(err)
	}
	if u, err := c.Scan(moved, scan.Options{}); err != nil || u.GoVersion != "marked" || u.Binary != moved {
		t.Errorf("the entry was not used: %+v, %v", u, err)
	}
}

// Everything that a result depends on makes another entry: one byte of the program
// that the build ID says nothing of, the options, and curb itself.
func TestKey(t *testing.T) {
	path := program(t, "110")
	c := &Cache{t.TempDir(), "this build"}
	keys := map[string]string{}
	add := func(what string, c *Cache, path string, opts scan.Options) {
		t.Helper()
		key, err := c.key(path, opts)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := keys[key]; ok {
			t.Errorf("%s and %s have the same key", what, other)
		}
		keys[key] = what
	}
	add("the program", c, path, scan.Options{})
	add("all its code", c, path, scan.Options{AllCode: true})
	add("another curb", &Cache{c.dir, "that build"}, path, scan.Options{})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{len(data) / 2, len(data) / 3} {
		patched := bytes.Clone(data)
		patched[at] ^= 1
		other := fmt.Sprintf("%s-%d", path, at)
		if err := os.WriteFile(other, patched, 0o777); err != nil {
			t.Fatal(err)
		}
		if buildID(other) != buildID(path) {
			t.Fatalf("the byte at %d is in the build ID", at)
		}
		add(fmt.Sprintf("byte %d patched", at), c, other, scan.Options{})
	}
}

// The dynamic loader's calls are part of a result, which another loader's file
// makes invalid.
func TestLoader(t *testing.T) {
	path, root := program(t, "110", "-buildmode=pie"), t.TempDir()
	opts := scan.Options{Sysroot: root}
	c := &Cache{t.TempDir(), "this build"}
	scanned := func() *usage.Usage {
		t.Helper()
		u, err := c.Scan(path, opts)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	u := scanned()
	if len(u.Unresolved) == 0 || u.Loader == nil || !strings.HasPrefix(u.Loader.Path, root) {
		t.Fatalf("without the loader: %+v", u)
	}
	real, err := os.ReadFile(strings.TrimPrefix(u.Loader.Path, root))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(u.Loader.Path), 0o777); err != nil {
		t.Fatal(err)
	}
	sums := map[string]bool{}
	for _, content := range [][]byte{real, append(slices.Clip(real), 0)} {
		if err := os.WriteFile(u.Loader.Path, content, 0o777); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			u := scanned()
			if len(u.Unresolved) > 0 {
				t.Fatalf("with the loader there are unresolved places: %+v", u.Unresolved)
			}
			sums[u.Loader.SHA256] = true
		}
	}
	if len(sums) != 2 {
		t.Errorf("two loaders have %d results", len(sums))
	}
}

// Damaged entries are not believed, and replaced.
func TestDamage(t *testing.T) {
	path := program(t, "110")
	direct, err := scan.File(path, scan.Options{})
	want := text(t, direct, err)
	c := &Cache{t.TempDir(), "this build"}
	if _, err := c.Scan(path, scan.Options{}); err != nil {
		t.Fatal(err)
	}
	entry := entries(t, c)[0]
	good, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	key, err := c.key(path, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Repeat("0", 64)
	if err := c.store(other, direct); err != nil {
		t.Fatal(err)
	}
	misplaced, err := os.ReadFile(filepath.Join(c.dir, other+suffix))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 0x10
	for name, bad := range map[string][]byte{
		"empty": {}, "text": []byte("hello"), "cut off": good[:len(good)-1], "halved": good[:len(good)/2],
		"with another bit": flipped, "another program's": misplaced,
	} {
		if err := os.WriteFile(entry, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.load(key); err == nil {
			t.Errorf("an entry that is %s is read", name)
		}
		u, err := c.Scan(path, scan.Options{})
		if got := text(t, u, err); got != want {
			t.Errorf("with an entry that is %s: %s", name, got)
		}
		if mended, err := os.ReadFile(entry); err != nil || !bytes.Equal(mended, good) {
			t.Errorf("an entry that is %s was not replaced: %v", name, err)
		}
	}
}

// Any number of curbs can use the directory at once.
func TestAtOnce(t *testing.T) {
	paths := []string{program(t, "110"), program(t, "111")}
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			path := paths[i%2]
			u, err := (&Cache{dir, "this build"}).Scan(path, scan.Options{})
			if err != nil || u.Binary != path {
				t.Errorf("scan %s: %+v, %v", path, u, err)
				return
			}
			if _, ok := u.Find([]string{"getppid", "getpgrp"}[i%2]); !ok {
				t.Errorf("%s has the other program's result", path)
			}
		})
	}
	all.Wait()
	if left := entries(t, &Cache{dir: dir}); len(left) != 2 {
		t.Errorf("left in the cache: %v, want two entries", left)
	}
}

// Where nothing can be kept, the program is scanned.
func TestWithoutDirectory(t *testing.T) {
	path := program(t, "110")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	shared := t.TempDir()
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Cache{"none": nil, "in a file": {filepath.Join(file, "dir"), "x"}, "for all to write": {shared, "x"}} {
		if u, err := c.Scan(path, scan.Options{}); err != nil || u.Binary != path || len(u.Syscalls) == 0 {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	if runtime.GOOS != "windows" { // which has no such permissions
		if left := entries(t, &Cache{dir: shared}); len(left) > 0 {
			t.Errorf("kept where others can write: %v", left)
		}
	}
}

// What cannot be scanned is the scan's error, and no entry.
func TestErrors(t *testing.T) {
	c := &Cache{t.TempDir(), "this build"}
	bad := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(bad, []byte("hello"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bad, t.TempDir(), bad + "-missing"} {
		_, want := scan.File(path, scan.Options{})
		if _, err := c.Scan(path, scan.Options{}); err == nil || err.Error() != want.Error() {
			t.Errorf("%s: error %v, want %v", path, err, want)
		}
	}
	if left := entries(t, c); len(left) > 0 {
		t.Errorf("kept %v", left)
	}
}

// The cache is bounded: what was not used for longest goes, and so does what a
// curb that was killed has left behind.
func TestPrune(t *testing.T) {
	c := &Cache{t.TempDir(), "this build"}
	empty := &usage.Usage{Syscalls: []usage.Syscall{}, Unresolved: []usage.Unresolved{}}
	name := func(i int) string { return fmt.Sprintf("%064d", i) }
	at := func(path string, age time.Duration) {
		t.Helper()
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	for i := range MaxEntries {
		if err := c.store(name(i), empty); err != nil {
			t.Fatal(err)
		}
		at(filepath.Join(c.dir, name(i)+suffix), time.Duration(1000-i)*time.Hour)
	}
	for file, age := range map[string]time.Duration{"old.tmp": 2 * stale, "new.tmp": 0} {
		path := filepath.Join(c.dir, file)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		at(path, age)
	}
	if _, err := c.load(name(0)); err != nil { // the oldest is used again
		t.Fatal(err)
	}
	if err := c.store(name(MaxEntries), empty); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{
		name(0) + suffix: true, name(1) + suffix: false, name(2) + suffix: true, name(MaxEntries) + suffix: true,
		"old.tmp": false, "new.tmp": true,
	} {
		if _, err := os.Stat(filepath.Join(c.dir, file)); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", file, err == nil, want)
		}
	}
	if n := len(entries(t, c)); n != MaxEntries+1 {
		t.Errorf("%d files are left, want %d entries and the new temporary one", n, MaxEntries)
	}
}

// Two builds of curb are told apart; a build without an ID is known by its bytes.
func TestIdentity(t *testing.T) {
	self, err := identity()
	again, _ := identity()
	if err != nil || self == "" || self != again {
		t.Errorf("identity: %q, then %q, %v", self, again, err)
	}
	one, two := buildID(program(t, "110")), buildID(program(t, "111"))
	if one == "" || one == two || !strings.Contains(one, "/") {
		t.Errorf("two programs have the build IDs %q and %q", one, two)
	}
	if id := buildID(os.DevNull); id != "" {
		t.Errorf("nothing has the build ID %q", id)
	}
}

// goCommand is a program of some size.
func goCommand(b *testing.B) (path string, size int64) {
	b.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		b.Skip("the go command is not in PATH: ", err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return path, info.Size()
}

func BenchmarkKey(b *testing.B) {
	path, size := goCommand(b)
	b.SetBytes(size)
	c := &Cache{b.TempDir(), "this build"}
	for b.Loop() {
		if _, err := c.key(path, scan.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCached(b *testing.B) {
	path, size := goCommand(b)
	b.SetBytes(size)
	c := &Cache{b.TempDir(), "this build"}
	if _, err := c.Scan(path, scan.Options{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Scan(path, scan.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	path, size := goCommand(b)
	b.SetBytes(size)
	for b.Loop() {
		if _, err := scan.File(path, scan.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
