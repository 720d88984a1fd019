package gobin

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// long takes every release instead of some.
var long = flag.Bool("long", false, "read what every release of Go builds, for both architectures")

// toolchains are Go releases whose binaries are read, "" the one at hand: one
// for each form of the line table and layout of the module data.
var toolchains = []string{"go1.17.13", "go1.19.13", "go1.20.14", "", "go1.27.4"}

// releases are the last of each minor release, and candidates.
var releases = []string{
	"go1.17.13", "go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12",
	"go1.24.13", "go1.25.14", "go1.26.11", "", "go1.27rc1", "go1.27.4",
}

// A variant is one way to build a program.
type variant struct {
	toolchain string
	flags     string // for go build, parted by spaces
	env       string // more variables of the environment, parted by spaces
}

const (
	stripped = "-ldflags=-s|-w"
	pie      = "-buildmode=pie"
	arm64    = "GOARCH=arm64"
	trimmed  = "-trimpath"
)

// variants returns the ways in which the probe is built for the tests that look
// at all of them.
func variants() []variant {
	var out []variant
	add := func(toolchains []string, env string, flags ...string) {
		for _, toolchain := range toolchains {
			for _, f := range flags {
				out = append(out, variant{toolchain, f, env})
			}
		}
	}
	if *long {
		for _, env := range []string{"", arm64} {
			add(releases, env, "", stripped+" "+trimmed, pie, stripped+" "+pie)
		}
		return out
	}
	add(toolchains, "", "", stripped+" "+trimmed, pie)
	add([]string{"go1.17.13", "", "go1.27.4"}, arm64, "", stripped+" "+pie)
	return out
}

// forEach runs a test on the probe, built in each way that keep accepts.
func forEach(t *testing.T, keep func(v variant) bool, test func(t *testing.T, v variant)) {
	for _, v := range variants() {
		if keep(v) {
			t.Run(strings.ReplaceAll(v.String(), " ", ","), func(t *testing.T) { test(t, v) })
		}
	}
}

func all(variant) bool              { return true }
func withSymbols(v variant) bool    { return !strings.Contains(v.flags, stripped) }
func (v variant) has(s string) bool { return strings.Contains(v.flags+" "+v.env, s) }

func (v variant) String() string {
	name := v.toolchain
	if name == "" {
		name = "local"
	}
	return strings.TrimSpace(name + " " + v.flags + " " + v.env)
}

// builds holds what was built, for all tests of the package.
var builds struct {
	sync.Mutex
	dir  string
	done map[variant]string
}

func TestMain(m *testing.M) {
	// The workers of a fuzz target, which are processes that may be killed, build
	// in the directory of the process that started them, which removes it.
	const variable = "GOBIN_TEST_DIR"
	builds.done, builds.dir = map[variant]string{}, os.Getenv(variable)
	if builds.dir != "" {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "gobin-test-")
	if err == nil {
		err = os.Setenv(variable, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	builds.dir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// build returns the probe, built in that way.
func build(t testing.TB, v variant) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	if path, ok := builds.done[v]; ok {
		return path
	}
	dir, err := os.MkdirTemp(builds.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	builds.done[v] = compile(t, v, dir, nil)
	return builds.done[v]
}

// compile builds the probe, with more files, in a directory.
func compile(t testing.TB, v variant, dir string, more map[string][]byte) string {
	t.Helper()
	files := map[string][]byte{
		"main.go": content(t, "testdata/probe/main.go"),
		"go.mod":  []byte("module probe\n\ngo 1.17\n"), // a module of its own, which every release accepts
	}
	maps.Copy(files, more)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "probe")
	args := []string{"build", "-o", path}
	for flag := range strings.FieldsSeq(v.flags) {
		args = append(args, strings.ReplaceAll(flag, "|", " "))
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = dir
	// Go 1.19 cannot read its own index of a toolchain that came as a module.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off", "GOEXPERIMENT=", "GODEBUG=goindex=0")
	if v.toolchain != "" {
		cmd.Env = append(cmd.Env, "GOTOOLCHAIN="+v.toolchain)
	}
	cmd.Env = append(cmd.Env, strings.Fields(v.env)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the probe with %s (its toolchain comes as a module, which needs a module proxy): %v\n%s", v, err, out)
	}
	return path
}

// open returns the probe, built in that way and opened.
func open(t testing.TB, v variant) *File {
	t.Helper()
	f, err := Open(build(t, v))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// function returns the function of that name.
func function(t testing.TB, f *File, name string) *Func {
	t.Helper()
	for i := range f.Funcs {
		if f.Name(&f.Funcs[i]) == name {
			return &f.Funcs[i]
		}
	}
	t.Fatalf("%s has no function %s", f.Path, name)
	return nil
}
