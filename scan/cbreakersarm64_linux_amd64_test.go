package scan_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// The breakers of C and C++, as compilers for arm64 make them.
func TestCBreakersForARM64(t *testing.T) {
	for _, c := range []struct {
		name    string
		cc      string // if it is not gcc
		flags   string
		build   []string // flags of the Go command
		library bool     // the code is in a shared library
		bare    bool     // no table says where functions are
	}{
		{name: "protected", flags: "-O2 -fPIE -mbranch-protection=standard", build: []string{"-buildmode=pie"}},
		{name: "absolute", flags: "-O3 -fno-pic -fno-asynchronous-unwind-tables -mno-outline-atomics"},
		{name: "clang", cc: "clang", flags: "--target=aarch64-linux-gnu -O3 -fPIE", build: []string{"-buildmode=pie"}},
		{name: "bare", flags: "-O2 -fPIE -fno-asynchronous-unwind-tables", bare: true},
		{name: "library", flags: "-Os -fPIC -fno-section-anchors", library: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := withCForARM64(t)
			link := strings.Join(compileBreaker(t, cmp.Or(c.cc, "aarch64-linux-gnu-gcc"), strings.Fields(c.flags), c.library), " ")
			path := buildOnce(t, "cbreakers-arm64-"+c.name, ".", env, append(c.build, "-ldflags=-linkmode=external '-extldflags="+link+"'", "./testdata/cbreakers")...)
			root := arm64Root
			if c.library {
				root = rootWith(t, link)
			}
			names := func(u *usage.Usage) *usage.Usage { return u }
			if c.bare {
				names = symbolsOf(t, path)
				path = strippedOf(t, "aarch64-linux-gnu-strip", path)
			}
			said := breaker(t, "qemu-aarch64-static", "-L", root, path)
			for phase, begins := range map[usage.Phase][]string{usage.Exec: {"before ", "with "}, usage.Main: {"with "}} {
				u, err := scan.File(path, scan.Options{Sysroot: root, Phase: phase})
				if err != nil {
					t.Fatal(err)
				}
				lostCalls(t, names(u), said, begins...)
			}
		})
	}
}

// rootWith returns the root of a system for arm64 in which libraries are at the paths
// where they are here, besides the C library and that of C++.
func rootWith(t *testing.T, link string) string {
	t.Helper()
	root := t.TempDir()
	copied := func(to string, files ...string) {
		t.Helper()
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", append(append([]string{"-L"}, files...), to)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	var system []string
	for _, name := range []string{"ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"} {
		system = append(system, filepath.Join(arm64Root, "lib", name))
	}
	copied(filepath.Join(root, "lib"), system...)
	for file := range strings.FieldsSeq(link) {
		if filepath.Ext(file) == ".so" {
			copied(filepath.Join(root, filepath.Dir(file)), file)
		}
	}
	return root
}
