package scan_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/syscalls"
)

// The breakers are programs each of which makes many calls, every one in a place
// that some rule of the analysis would lose if it were wrong. They say which they
// have made. Those that make one for each name go through rare.Call.
var breakers = []struct {
	name string
	made string // beyond what goes through rare.Call
}{
	{name: "globals"},
	{name: "functions"},
	{name: "methods"},
	{name: "reflection"},
	{name: "arguments", made: "clock_getres epoll_ctl fadvise64 fallocate fcntl flock futex getitimer getpriority getsockopt " +
		"ioctl kill lseek madvise membarrier mmap mprotect openat personality prctl setsockopt shutdown socket socketpair tgkill unshare waitid"},
	{name: "locals", made: "waitid mmap futex"},
	{name: "attributes", made: "setsid setpgid chroot prctl getppid setgroups setgid setuid unshare ioctl capget capset clone3 clone"},
}

// What a breaker makes, it makes under its own policy as well, where every other
// call ends it.
func TestBreakers(t *testing.T) {
	for _, c := range breakers {
		for _, w := range append(ways,
			way{"unoptimised", "amd64", []string{"-gcflags=-N -l"}, false},
		) {
			t.Run(c.name+"/"+w.name, func(t *testing.T) {
				path := buildOnce(t, "breakers-"+c.name+"-"+w.name, ".", []string{"GOARCH=" + w.arch}, append(w.flags, "./testdata/breakers/"+c.name)...)
				u := scanned(t, path)
				if len(u.Unresolved) > 0 {
					t.Errorf("unresolved without need: %v", openFunctions(u))
				}
				want := append(rares(t, c.name), strings.Fields(c.made)...)
				if missing := without(want, u.Names()); len(missing) > 0 {
					t.Fatalf("%v is lost", missing)
				}
				if w.arch != "amd64" {
					return
				}
				free := breaker(t, path)
				if missing := without(want, made(free)); len(missing) > 0 {
					t.Fatalf("the program itself does not make %v\n%s", missing, free)
				}
				curb := buildOnce(t, "curb", "..", nil, "./cmd/curb")
				if got := breaker(t, curb, "run", "--quiet", "--no-cache", "--deny", "trap", "--arguments", "all", path); got != free {
					t.Errorf("under its policy it makes\n%s\nand without\n%s", got, free)
				}
			})
		}
	}
}

// The same values come out on an architecture that this machine has not: what the
// program asks for here, its policy for there allows.
func TestBreakersElsewhere(t *testing.T) {
	said := breaker(t, program(t, "breakers/locals", "plain"))
	for _, way := range []string{"arm64", "arm64-stripped", "arm64-pie"} {
		u := scanned(t, program(t, "breakers/locals", way))
		policy, err := permit.Policy(u, permit.Options{Default: filter.Trap, Conditions: permit.All})
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for line := range strings.Lines(said) {
			var name string
			d := filter.Data{Arch: syscalls.ARM64.AuditArch}
			if n, _ := fmt.Sscanf(line, "with %s %d %d %d %d", &name, &d.Args[0], &d.Args[1], &d.Args[2], &d.Args[3]); n != 5 {
				continue
			}
			call, ok := syscalls.ARM64.ByName(name)
			if !ok {
				t.Fatalf("arm64 has no %s", name)
			}
			d.Nr = call.Nr
			if got := policy.Verdict(syscalls.ARM64, d); got != filter.Allow {
				t.Errorf("%s: %s gets %v", way, strings.TrimSpace(line), got)
			}
			checked++
		}
		if checked == 0 {
			t.Errorf("the program says nothing of values:\n%s", said)
		}
	}
}

// breaker runs a command line that ends in a breaker, to which it adds what all of
// them expect, and returns what it says, a line for each call, in order. It must
// succeed.
func breaker(t *testing.T, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], append(argv[1:], "33")...)
	cmd.Env = append(os.Environ(), "BREAKER=0x2000000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// made returns the names of the calls that a breaker says it has made.
func made(lines string) []string {
	var all []string
	for line := range strings.Lines(lines) {
		if calls, ok := strings.CutPrefix(line, "made "); ok {
			all = append(all, strings.Fields(calls)...)
		}
	}
	return all
}

var rareCall = regexp.MustCompile(`"([a-z0-9_]+)", unix\.SYS_`)

// rares returns the calls that the sources of a breaker hand over to rare.Call.
func rares(t *testing.T, name string) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(os.DirFS("testdata/breakers/"+name), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile("testdata/breakers/" + name + "/" + path)
		for _, m := range rareCall.FindAllStringSubmatch(string(text), -1) {
			all = append(all, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What is no program cannot be scanned alone: who loads it has calls of its own.
func TestLibrariesAreRefused(t *testing.T) {
	for mode, says := range map[string]string{"c-shared": "it is a shared library", "plugin": "it is a shared library", "c-archive": "it does not start with an ELF header"} {
		path := buildOnce(t, "library-"+mode, ".", withC(t), "-buildmode="+mode, "./testdata/breakers/library")
		if u, err := scan.File(path, scan.Options{}); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("-buildmode=%s: %v, %v, want an error that says that %s", mode, u, err, says)
		}
	}
}

// What C code does to a Go variable is seen, or the C code is unresolved.
func TestCSetsVariable(t *testing.T) {
	u := scanned(t, buildOnce(t, "breakers-cgo", ".", withC(t), "./testdata/breakers/cgo"))
	if _, ok := u.Find("sysinfo"); !ok && len(u.Unresolved) == 0 {
		t.Error("sysinfo is lost, behind a variable that C code sets")
	}
}

// withC is the environment of builds with a C compiler.
func withC(t testing.TB) []string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Fatalf("gcc is needed: make deps installs it: %v", err)
	}
	return []string{"CGO_ENABLED=1"}
}
