package scan_test

import (
	"debug/elf"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// The breakers of C and C++ make calls in ways, and with values that come about in
// ways, that the analysis would lose if some rule of it were wrong. Compilers differ
// in what they make of them.
var cbreakers = []struct {
	name    string
	cc      string
	flags   string
	build   []string // flags of the Go command
	library bool     // the code is in a shared library
	bare    bool     // no table says where functions are
}{
	{name: "optimised", cc: "gcc", flags: "-O2"},
	{name: "unoptimised", cc: "gcc", flags: "-O0"},
	{name: "no-plt", cc: "gcc", flags: "-O2 -fno-plt -fcf-protection", build: []string{"-buildmode=pie"}},
	{name: "absolute", cc: "gcc", flags: "-O1 -fno-pic -fno-asynchronous-unwind-tables"},
	{name: "clang", cc: "clang", flags: "-O3 -fno-pic"},
	{name: "bare", cc: "gcc", flags: "-O2 -fPIE -fno-asynchronous-unwind-tables", bare: true},
	{name: "library", cc: "gcc", flags: "-Os -fPIC -mindirect-branch=thunk -mfunction-return=thunk", library: true},
}

// Each call that a breaker says it has made is in the list, with its arguments, or its
// function is where something is unresolved. It makes them under its own policy as well.
func TestCBreakers(t *testing.T) {
	curb := buildOnce(t, "curb", "..", nil, "./cmd/curb")
	for _, c := range cbreakers {
		t.Run(c.name, func(t *testing.T) {
			link := strings.Join(compileBreaker(t, c.cc, strings.Fields(c.flags), c.library), " ")
			path := buildOnce(t, "cbreakers-"+c.name, ".", withC(t), append(c.build, "-ldflags=-linkmode=external '-extldflags="+link+"'", "./testdata/cbreakers")...)
			names := func(u *usage.Usage) *usage.Usage { return u }
			if c.bare {
				names = symbolsOf(t, path)
				path = strippedOf(t, "strip", path)
			}
			free := breaker(t, path)
			u := names(scanned(t, path))
			open := lostCalls(t, u, free, "before ", "with ")
			lostCalls(t, names(inPhase(t, path, usage.Main)), free, "with ")
			// What could not be told has to be allowed by name.
			argv := []string{curb, "run", "--quiet", "--no-cache", "--deny", "trap", "--arguments", "all"}
			if len(u.Unresolved) > 0 {
				argv = append(argv, "--allow", strings.Join(append(open, "getppid"), ","))
			}
			if got := breaker(t, append(argv, path)...); got != free {
				t.Errorf("under its policy it makes\n%s\nand without\n%s", got, free)
			}
		})
	}
}

// compileBreaker compiles the code of the breakers, and returns what to link with.
func compileBreaker(t *testing.T, cc string, flags []string, library bool) []string {
	t.Helper()
	cxx := map[string]string{"gcc": "g++", "clang": "clang++", "aarch64-linux-gnu-gcc": "aarch64-linux-gnu-g++"}[cc]
	dir := t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v (make deps installs what is needed)\n%s", name, args, err, out)
		}
	}
	if library {
		flags = append(flags, "-Dbreakers=in_library")
	}
	var objects []string
	for file, with := range map[string]string{"reach.c": cc, "values.c": cc, "back.c": cc, "far.c": cc, "cxx.cc": cxx} {
		object := filepath.Join(dir, file+".o")
		run(with, append(flags, "-w", "-c", "-o", object, "testdata/cbreakers/code/"+file)...)
		objects = append(objects, object)
	}
	if !library {
		return append(objects, "-lstdc++")
	}
	shared, stub := filepath.Join(dir, "libbreakers.so"), filepath.Join(dir, "stub.o")
	run(cxx, append(objects, "-shared", "-o", shared, "-Wl,-soname,"+shared)...)
	run(cc, "-c", "-o", stub, "testdata/cbreakers/code/stub.c")
	return []string{stub, shared}
}

// strippedOf returns a copy of a program without symbols.
func strippedOf(t *testing.T, strip, path string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), filepath.Base(path))
	if text, err := exec.Command(strip, "--strip-all", "-o", out, path).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v (make deps installs what is needed)\n%s", strip, err, text)
	}
	return out
}

// symbolsOf returns what gives functions in a usage the names that they have in a
// program.
func symbolsOf(t *testing.T, path string) func(*usage.Usage) *usage.Usage {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	return func(u *usage.Usage) *usage.Usage {
		for i, o := range u.Unresolved {
			at, err := strconv.ParseUint(o.Function, 0, 64)
			for _, s := range symbols {
				if err == nil && s.Value <= at && at < s.Value+s.Size {
					u.Unresolved[i].Function = s.Name
				}
			}
		}
		return u
	}
}

// lostCalls checks that what a breaker says it has made is in the usage, and returns the
// calls of which that could not be told.
func lostCalls(t *testing.T, u *usage.Usage, said string, begins ...string) (open []string) {
	t.Helper()
	policy, err := permit.Policy(u, permit.Options{Default: filter.Trap, Conditions: permit.All})
	if err != nil {
		t.Fatal(err)
	}
	table, err := syscalls.For(u.Arch)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(said) {
		if !slices.ContainsFunc(begins, func(s string) bool { return strings.HasPrefix(line, s) }) {
			continue
		}
		var when, unit string
		var nr int32
		var a [6]int64
		if _, err := fmt.Sscan(line, &when, &unit, &nr, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		d := filter.Data{Nr: uint32(nr), Arch: table.AuditArch}
		for i := range a {
			d.Args[i] = uint64(a[i])
		}
		call, _ := table.ByNumber(d.Nr)
		checked++
		if policy.Verdict(table, d) == filter.Allow {
			continue
		}
		open = append(open, call.Name)
		if !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool { return strings.Contains(o.Function, unit) }) {
			found, _ := u.Find(call.Name)
			t.Errorf("phase %s: %s makes %s%x, of which is known %s", u.Phase, unit, call.Name, d.Args, told(found.Args))
		}
	}
	if checked < 100 {
		t.Errorf("the breaker says too little:\n%s", said)
	}
	return open
}

// Code of the large model finds its functions in a way that is not followed.
func TestFarAddressesInC(t *testing.T) {
	flags := []string{"-O2", "-fPIC", "-mcmodel=large"}
	link := strings.Join(compileBreaker(t, "gcc", flags, false), " ")
	u := scanned(t, buildOnce(t, "cbreakers-large", ".", withC(t), "-ldflags=-linkmode=external '-extldflags="+link+"'", "./testdata/cbreakers"))
	if !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool {
		return o.Function == "breakers" && strings.Contains(o.Reason, "computes an address")
	}) {
		t.Errorf("nothing says how functions are found: %v", u.Unresolved)
	}
}
