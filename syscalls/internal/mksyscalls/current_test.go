package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

const packageDir = "../.."

// The committed files are what the data files render to.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	files, err := render(packageDir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(packageDir, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the data files render to: run go generate ./syscalls", name)
		}
	}
	old, err := filepath.Glob(filepath.Join(packageDir, "z*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if _, ok := files[filepath.Base(path)]; !ok {
			t.Errorf("%s is no longer generated: run go generate ./syscalls", path)
		}
	}
}

// run writes the same files again, removes those that are no longer made, and
// leaves nothing else behind.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(filepath.Join(packageDir, "data"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{architecturesFile, correctionsFile, enosysFile, flagSetsFile} {
		content, err := os.ReadFile(filepath.Join(packageDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stale := filepath.Join(dir, "zgone.go")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, ""); err != nil {
		t.Fatal(err)
	}
	want, err := render(packageDir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want)+5 { // data and four text files
		t.Errorf("the directory holds %v", entries)
	}
	for name := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want[name]) {
			t.Errorf("%s differs: %v", name, err)
		}
	}

	// A failure leaves the generated files as they were.
	if err := os.WriteFile(filepath.Join(dir, enosysFile), []byte("reed # no such call\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, ""); err == nil {
		t.Error("a wrong line in enosys.txt is no error")
	}
	if got, err := os.ReadFile(filepath.Join(dir, "zenosys.go")); err != nil || !bytes.Equal(got, want["zenosys.go"]) {
		t.Errorf("after the failure zenosys.go differs: %v", err)
	}
}

// The extracted files hold all that is read from them.
func TestDataFilesRoundTrip(t *testing.T) {
	n, err := readNumbers(filepath.Join(packageDir, numbersFile))
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPrototypes(filepath.Join(packageDir, prototypesFile))
	if err != nil {
		t.Fatal(err)
	}
	e, err := readEntries(filepath.Join(packageDir, entriesFile))
	if err != nil {
		t.Fatal(err)
	}
	d, err := readDeclarationsFile(filepath.Join(packageDir, declarationsFile))
	if err != nil {
		t.Fatal(err)
	}
	arches, err := readArches(filepath.Join(packageDir, architecturesFile))
	if err != nil {
		t.Fatal(err)
	}
	c, err := readConstants(filepath.Join(packageDir, constantsFile), arches)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{
		constantsFile: c.format(arches),
		numbersFile:   n.format(), prototypesFile: p.format(), entriesFile: e.format(), declarationsFile: d.format(),
	} {
		want, err := os.ReadFile(filepath.Join(packageDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s changes when it is read and written", name)
		}
	}
}
