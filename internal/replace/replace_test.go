package replace

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if err := File(link, []byte("after")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(link); err != nil || string(text) != "after" || info.Mode().Perm() != 0o600 {
		t.Errorf("the file holds %q, error %v, with the permissions %v", text, err, info.Mode())
	}
	if err := File(dir, nil); err == nil {
		t.Error("a directory was written")
	}
	if err := File(filepath.Join(dir, "no", "file"), nil); err == nil {
		t.Error("a file was written into no directory")
	}
	// Nothing else is left.
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("there are %v, error %v", left, err)
	}
}
