package elfimage_test

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/elfimage"
)

const loader = "/lib64/ld-linux-x86-64.so.2"

// A built is a file that the C compiler makes: the path, what it needs, and how.
type built struct {
	path  string
	needs []string // paths of other files
	flags []string
}

// build makes the files below a directory: the last is a program.
func build(t *testing.T, dir string, files []built) string {
	t.Helper()
	path := ""
	for i, f := range files {
		path = filepath.Join(dir, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		source := "int main(void) { return 0; }"
		args := []string{"-x", "c", "-", "-o", path, "-Wl,--no-as-needed,--allow-shlib-undefined"}
		if i < len(files)-1 {
			source = "int f" + strings.Repeat("x", i) + ";"
			args = append(args, "-shared", "-fPIC", "-Wl,-soname,"+filepath.Base(path))
		}
		args = append(args, "-x", "none")
		for _, name := range f.needs {
			args = append(args, filepath.Join(dir, name))
		}
		cmd := exec.Command("gcc", append(args, f.flags...)...)
		cmd.Stdin = strings.NewReader(source)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	return path
}

// rpath is what asks the linker for directories: DT_RPATH, or DT_RUNPATH.
func rpath(dirs string) []string   { return []string{"-Wl,--disable-new-dtags,-rpath," + dirs} }
func runpath(dirs string) []string { return []string{"-Wl,--enable-new-dtags,-rpath," + dirs} }

// Libraries are found where the loader of this machine finds them.
func TestPlaces(t *testing.T) {
	if _, err := os.Stat(loader); err != nil {
		t.Fatal("the GNU C library is needed: make deps installs it")
	}
	for name, files := range map[string][]built{
		"rpath is inherited": {
			{"a/libb.so", nil, nil}, {"a/liba.so", []string{"a/libb.so"}, nil}, {"p", []string{"a/liba.so"}, rpath("$ORIGIN/a")},
		},
		"runpath is not": {
			{"a/libb.so", nil, nil}, {"a/liba.so", []string{"a/libb.so"}, nil}, {"p", []string{"a/liba.so"}, runpath("$ORIGIN/a")},
		},
		"runpath of its own": {
			{"b/libb.so", nil, nil}, {"a/liba.so", []string{"b/libb.so"}, runpath("${ORIGIN}/../b")}, {"p", []string{"a/liba.so"}, runpath("$ORIGIN/a")},
		},
		"runpath hides rpath": {
			{"a/libb.so", nil, nil}, {"b/libb.so", nil, nil}, {"a/liba.so", []string{"a/libb.so"}, runpath("$ORIGIN/../b")}, {"p", []string{"a/liba.so"}, rpath("$ORIGIN/a")},
		},
		"first of several": {
			{"c/liba.so", nil, nil}, {"b/liba.so", nil, nil}, {"p", []string{"b/liba.so"}, runpath("$ORIGIN/a:$ORIGIN/b:$ORIGIN/c")},
		},
		"loaded already": {
			{"c/libb.so", nil, nil}, {"b/libb.so", nil, nil}, {"a/liba.so", []string{"c/libb.so"}, runpath("$ORIGIN/../c")},
			{"p", []string{"b/libb.so", "a/liba.so"}, runpath("$ORIGIN/b:$ORIGIN/a")},
		},
		"lib and platform": {
			{"x86_64/libb.so", nil, nil}, {"haswell/libb.so", nil, nil}, {"lib/x86_64-linux-gnu/liba.so", nil, nil}, {"lib64/liba.so", nil, nil},
			{"p", []string{"lib64/liba.so", "x86_64/libb.so"}, runpath("$ORIGIN/$LIB:$ORIGIN/${PLATFORM}")},
		},
		"some processors": {
			{"c/libc1.so", nil, nil}, {"a/glibc-hwcaps/x86-64-v2/liba.so", nil, nil}, {"a/glibc-hwcaps/x86-64-v3/liba.so", []string{"c/libc1.so"}, runpath("$ORIGIN/../../../c")},
			{"a/glibc-hwcaps/x86-64-v4/liba.so", nil, nil}, {"a/liba.so", nil, nil}, {"p", []string{"a/liba.so"}, runpath("$ORIGIN/a")},
		},
		"some processors, as it was": {
			{"a/haswell/liba.so", nil, nil}, {"a/tls/liba.so", nil, nil}, {"a/tls/x86_64/liba.so", nil, nil}, {"a/liba.so", nil, nil}, {"p", []string{"a/liba.so"}, runpath("$ORIGIN/a")},
		},
		"some processors only": {
			{"b/liba.so", nil, nil}, {"a/glibc-hwcaps/x86-64-v4/liba.so", nil, nil}, {"p", []string{"b/liba.so"}, runpath("$ORIGIN/a:$ORIGIN/b")},
		},
		"usual places": {{"p", nil, []string{"-lm", "-lresolv", "-lpthread"}}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			compareLists(t, build(t, dir, files))
		})
	}
}

// The directory of a library is the one that it was found in, whatever links led
// there; what is above it is what the kernel says.
func TestLinkedPlaces(t *testing.T) {
	if _, err := os.Stat(loader); err != nil {
		t.Fatal("the GNU C library is needed: make deps installs it")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path := build(t, dir, []built{
		{"b/libb.so", nil, nil}, {"deep/b/libb.so", nil, nil}, {"deep/a/liba.so", []string{"b/libb.so"}, runpath("$ORIGIN/../b")},
		{"p", []string{"deep/a/liba.so"}, runpath("$ORIGIN/link")},
	})
	if err := os.Symlink("deep/a", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	compareLists(t, path)
}

// compareLists holds the libraries that are found for a program against those that
// the loader lists.
func compareLists(t *testing.T, path string) {
	t.Helper()
	out, listErr := exec.Command(loader, "--list", path).CombinedOutput()
	var want []string
	for line := range strings.Lines(string(out)) {
		if _, at, ok := strings.Cut(line, " => /"); ok {
			full, err := filepath.EvalSymlinks("/" + strings.Fields(at)[0])
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, full)
		}
	}
	exe, err := elfimage.Open(path, path)
	if err != nil {
		t.Fatal(err)
	}
	l := elfimage.NewLoader("", exe)
	if err := l.LoadAll(); listErr != nil || err != nil {
		if listErr == nil || !errors.Is(err, elfimage.ErrNotFound) {
			t.Errorf("the error is %v, the loader's %v: %s", err, listErr, out)
		}
		return
	}
	used := map[*elfimage.Image]bool{} // of those for all processors: one that the loader has taken stands for it
	for _, im := range l.Images[1:] {
		full, err := elfimage.Resolve("", im.Path)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.Index(want, full); i >= 0 {
			want = slices.Delete(want, i, i+1)
			used[im] = true
			if im.Instead != nil {
				used[im.Instead] = true
			}
		}
	}
	for _, im := range l.Images[1:] {
		by := l.By(im)
		if im.Instead == nil && !used[im] && filepath.Base(im.Path) != filepath.Base(loader) && by.Instead == nil {
			t.Errorf("%s is not loaded: %s", im.Path, out)
		}
	}
	if len(want) > 0 {
		t.Errorf("%q are not found", want)
	}
}

// A loader that has no other name than its path is found by that.
func TestNamelessLoader(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("gcc", "-x", "c", "-", "-shared", "-fPIC", "-o", filepath.Join(dir, "loader"))
	cmd.Stdin = strings.NewReader("int none;")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	l := elfimage.NewLoader(dir, &elfimage.Image{Machine: elf.EM_X86_64, Interp: "/loader"})
	if im, err := l.Load("/loader", l.Images[0]); err != nil || im.Path != "/loader" {
		t.Errorf("it is %v, %v", im, err)
	}
}
