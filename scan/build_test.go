package scan_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// builds holds the programs below testdata, each built once for all tests.
var builds struct {
	sync.Mutex
	dir  string
	done map[string]string
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scan-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	builds.dir, builds.done = dir, map[string]string{}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// A way is one in which programs are built.
type way struct {
	name     string
	arch     string
	flags    []string
	stripped bool
}

var ways = []way{
	{"plain", "amd64", nil, false},
	{"stripped", "amd64", []string{"-ldflags=-s -w"}, true},
	{"pie", "amd64", []string{"-buildmode=pie"}, false},
	{"arm64", "arm64", nil, false},
	{"arm64-stripped", "arm64", []string{"-ldflags=-s -w"}, true},
	{"arm64-pie", "arm64", []string{"-buildmode=pie", glibcForARM64}, false},
}

// glibcForARM64 has Go's linker name glibc's loader on machines that have musl's for
// arm64 only, too: it takes what is there.
const glibcForARM64 = "-ldflags=-I /lib/ld-linux-aarch64.so.1"

// builds reports whether a program can be built that way: some have assembly
// for one architecture.
func (w way) builds(name string) bool {
	all, _ := filepath.Glob("testdata/" + name + "/*.s")
	return len(all) == 0 || slices.ContainsFunc(all, func(s string) bool { return strings.HasSuffix(s, "_"+w.arch+".s") })
}

// program returns testdata's program of that name, built in one of the ways.
func program(t testing.TB, name, way string) string {
	t.Helper()
	for _, w := range ways {
		if w.name == way {
			return buildOnce(t, name+"-"+way, ".", []string{"GOARCH=" + w.arch}, append(w.flags, "./testdata/"+name)...)
		}
	}
	t.Fatalf("no way to build is called %s", way)
	return ""
}

// buildOnce runs go build in dir, if there is no result of that name yet.
func buildOnce(t testing.TB, name, dir string, env []string, args ...string) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	if path, ok := builds.done[name]; ok {
		return path
	}
	path := filepath.Join(builds.dir, name)
	cmd := exec.Command("go", append([]string{"build", "-o", path}, args...)...)
	cmd.Dir = dir
	// Empty flags would be those of the user's own settings, which old releases may
	// not know; -mod=readonly is the default of all that are tested.
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	builds.done[name] = path
	return path
}

// portable returns testdata's program portable, built with a Go release: in a
// module of its own, which every release accepts.
func portable(t testing.TB, toolchain, arch, way string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/portable")); err != nil {
		t.Fatal(err)
	}
	version := "1.18"
	if strings.HasPrefix(toolchain, "go1.17.") {
		version = "1.17"
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module portable\n\ngo "+version+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	args, env := []string{"."}, []string{"GOWORK=off", "GOARCH=" + arch}
	switch way {
	case "race":
		args, env = []string{"-race", "."}, append(env, withC(t)...)
	case "stripped":
		args = []string{"-ldflags=-s -w", "."}
	case "pie":
		args = []string{"-buildmode=pie", "."}
		if arch == "arm64" {
			args = []string{"-buildmode=pie", glibcForARM64, "."}
		}
	}
	if toolchain != "" {
		env = append(env, "GOTOOLCHAIN="+toolchain)
	}
	return buildOnce(t, "portable-"+toolchain+"-"+arch+"-"+way, dir, env, args...)
}

// options are for a tight scan on a machine that may be of another architecture.
func options(path string) scan.Options {
	if strings.Contains(path, "arm64") {
		return scan.Options{Sysroot: "/usr/aarch64-linux-gnu"} // of Debian's libc6-arm64-cross
	}
	return scan.Options{}
}

// scanned returns what the tight scan says of a binary.
func scanned(t testing.TB, path string) *usage.Usage {
	t.Helper()
	u, err := scan.File(path, options(path))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// An expectation is what must be known of one place of a program: all the
// calls, or, where it names functions, that what one of them calls is not known.
type expectation struct {
	calls   string
	arch    string // the only one where it holds, if any
	open    string
	because string
}

// check holds a usage against what is expected of it.
func check(t *testing.T, u *usage.Usage, all []expectation) {
	t.Helper()
	for _, want := range all {
		if want.arch != "" && want.arch != u.Arch {
			continue
		}
		missing := without(strings.Fields(want.calls), u.Names())
		if len(missing) == 0 && want.calls != "" {
			continue
		}
		found := slices.ContainsFunc(u.Unresolved, func(p usage.Unresolved) bool {
			return slices.Contains(strings.Fields(want.open), p.Function)
		})
		if !found {
			t.Errorf("%s: %v is lost, and %q is not among the unresolved", want.because, missing, want.open)
		}
	}
}

// without returns what is in a and not in b.
func without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// openFunctions returns the functions with unresolved places.
func openFunctions(u *usage.Usage) []string {
	var out []string
	for _, p := range u.Unresolved {
		out = append(out, p.Function)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
