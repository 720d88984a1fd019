package gen

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// names lists a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestFullDisk: where the second file cannot be written, the first stays as it
// was. A limit on the size of files stands for the disk.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	old := []byte("old")
	if err := os.WriteFile(filepath.Join(dir, "first"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := write(dir, []file{{"first", []byte("new")}, {"second", make([]byte, 1000)}})
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v, want that the file is too big", err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "first")); !bytes.Equal(got, old) {
		t.Errorf("the first file has become %q", got)
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

// TestDirectoryThatTakesNoFiles uses one that takes none from root either.
func TestDirectoryThatTakesNoFiles(t *testing.T) {
	if _, err := write("/proc", []file{{"first", nil}}); err == nil {
		t.Error("no error")
	}
}

// TestNameThatIsTaken: nothing is written when one of the files cannot be.
func TestNameThatIsTaken(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "second"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := write(dir, []file{{"first", []byte("new")}, {"second", nil}}); err == nil {
		t.Error("no error where a directory has the name")
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}
