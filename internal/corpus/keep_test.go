package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A row is run once while it and curb are the same, and again when either changes.
func TestRowsAreKept(t *testing.T) {
	shared := testBench(t)
	curb := filepath.Join(t.TempDir(), "curb")
	copyOf(t, shared.curb, curb)
	b := &bench{
		root: shared.root, dir: t.TempDir(), cache: shared.cache, curb: curb, goVersion: shared.goVersion,
		goroot: shared.goroot, gocache: shared.gocache, modcache: shared.modcache, keep: t.TempDir(), scans: shared.scans,
	}
	r := local("hello")
	r.quick = true
	check := func() (*result, []os.DirEntry) {
		t.Helper()
		res, err := b.checkOnce(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(b.keep)
		if err != nil {
			t.Fatal(err)
		}
		return res, files
	}
	first, files := check()
	if len(files) != 1 || len(first.failures()) > 0 {
		t.Fatalf("%v are kept; %q", files, first.failures())
	}
	file := filepath.Join(b.keep, files[0].Name())
	again, _ := check()
	if !again.kept {
		t.Error("it was run again")
	}
	if !slices.Equal(first.cells(), again.cells()) {
		t.Errorf("%q was kept as %q", first.cells(), again.cells())
	}
	if err := os.WriteFile(curb, append(read(t, curb), 0), 0o755); err != nil {
		t.Fatal(err)
	}
	if res, _ := check(); res.kept {
		t.Error("it was not run with another curb")
	}
	r.quick = false
	if res, _ := check(); res.runs <= first.runs {
		t.Errorf("in all modes it was run %d times, in one %d times", res.runs, first.runs)
	}
	if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.checkOnce(t.Context(), r); err == nil {
		t.Error("a damaged file is taken")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func copyOf(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, read(t, from), 0o755); err != nil {
		t.Fatal(err)
	}
}
