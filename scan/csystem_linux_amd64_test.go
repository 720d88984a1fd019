package scan_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// A system is a root directory with copies of this machine's C library in it.
type system struct {
	t    testing.TB
	root string
}

// newSystem makes one in which names are looked up as nsswitch says. What has the
// name of a library in more is copied there too.
func newSystem(t testing.TB, nsswitch string, more ...string) *system {
	t.Helper()
	s := &system{t, t.TempDir()}
	s.write("/etc/nsswitch.conf", nsswitch)
	for _, name := range append([]string{"/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libresolv.so.2", "/lib/x86_64-linux-gnu/libpthread.so.0"}, more...) {
		s.copy(name)
	}
	return s
}

func (s *system) path(name string) string { return filepath.Join(s.root, name) }

func (s *system) write(name, content string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// copy copies a file of this machine.
func (s *system) copy(name string) {
	s.t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name, string(content))
}

// compile makes a shared library of C code in the system.
func (s *system) compile(name, source string, flags ...string) {
	s.t.Helper()
	compileTo(s.t, s.path(name), source, append([]string{"-Wl,-soname," + filepath.Base(name)}, flags...)...)
}

// compileTo makes a shared library of C code.
func compileTo(t testing.TB, path, source string, flags ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("gcc", append([]string{"-x", "c", "-O2", "-fPIC", "-shared", "-o", path, "-", "-x", "none"}, flags...)...)
	cmd.Stdin = strings.NewReader(source)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// scan scans the program that looks names up, for the system.
func (s *system) scan(opts scan.Options) *usage.Usage {
	s.t.Helper()
	opts.Sysroot = s.root
	u, err := scan.File(buildOnce(s.t, "names", ".", withC(s.t), "./testdata/names"), opts)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// loadedAs returns why a library is loaded.
func loadedAs(u *usage.Usage, name string) (usage.Loaded, bool) {
	for _, l := range u.Libraries {
		if filepath.Base(l.Path) == name && l.Loaded != "" {
			return l.Loaded, true
		}
	}
	return "", false
}
