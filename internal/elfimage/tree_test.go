package elfimage

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Links are followed below the root, as far as the kernel follows them, and however they
// lead to each other that takes no time.
func TestResolve(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "dir/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("/dir", "absolute")
	link("../../dir", "dir/up")
	link("loop", "loop")
	link("dir", "link0")
	for i := range 60 {
		link(fmt.Sprintf("link%d/../link%d", i, i), fmt.Sprintf("link%d", i+1))
	}
	for name, want := range map[string]string{
		"/dir/sub": "dir/sub", "/absolute/sub": "dir/sub", "/dir/up/sub": "dir/sub", "/dir/sub/../..": "", "/../dir": "dir", "/link3/sub": "dir/sub",
	} {
		if got, err := Resolve(root, name); err != nil || got != filepath.Join(root, want) {
			t.Errorf("%s leads to %s (%v), want %s", name, got, err, want)
		}
	}
	for name, want := range map[string]string{"/loop": "too many", "/link60": "too many", "/dir/none": "no such file"} {
		if got, err := Resolve(root, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s leads to %s (%v), want an error that says %q", name, got, err, want)
		}
	}
}
