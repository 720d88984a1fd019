package scan_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// A cbuild is a way to build a program whose C code is in the executable itself: the
// C compiler's linker makes it.
type cbuild struct {
	env, flags []string
}

var cbuilds = map[string]cbuild{
	"external":       {flags: []string{"-ldflags=-linkmode=external"}},
	"pie":            {flags: []string{"-ldflags=-linkmode=external -s -w", "-buildmode=pie"}},
	"glibc":          {flags: []string{"-ldflags=-linkmode=external -extldflags=-static"}},
	"glibc-stripped": {flags: []string{"-ldflags=-s -w -linkmode=external -extldflags=-static"}},
	"musl-stripped":  {env: []string{"CC=musl-gcc"}, flags: []string{"-ldflags=-s -w -linkmode=external -extldflags=-static"}},
	"musl-shared":    {env: []string{"CC=musl-gcc"}, flags: []string{"-ldflags=-linkmode=external"}},
	"musl":           {env: []string{"CC=musl-gcc"}, flags: []string{"-ldflags=-linkmode=external -extldflags=-static"}},
}

// build builds a program of testdata in that way.
func (b cbuild) build(t *testing.T, kind, program string) string {
	t.Helper()
	env := append(withC(t), b.env...)
	for _, s := range b.env {
		if name, value, _ := strings.Cut(s, "="); name == "CC" {
			if _, err := exec.LookPath(value); err != nil {
				t.Fatalf("%s is needed: make deps installs it: %v", value, err)
			}
		}
	}
	return buildOnce(t, "c-"+program+"-"+kind, ".", env, append(b.flags, "./testdata/"+program)...)
}

// Programs with C code of their own are analysed wholly, and make no calls that were
// not found.
func TestCBuilds(t *testing.T) {
	for kind, b := range cbuilds {
		for _, program := range []string{"hello", "names"} {
			t.Run(program+"/"+kind, func(t *testing.T) {
				path := b.build(t, kind, program)
				exec, main := scanned(t, path), inPhase(t, path, usage.Main)
				isWhole(t, exec)
				isWhole(t, main)
				foundAll(t, path, exec)
			})
		}
	}
}

func inPhase(t *testing.T, path string, phase usage.Phase) *usage.Usage {
	t.Helper()
	u, err := scan.File(path, scan.Options{Phase: phase})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// isWhole checks that nothing is unresolved, but for modules that this machine's
// nsswitch.conf names.
func isWhole(t *testing.T, u *usage.Usage) {
	t.Helper()
	for _, o := range u.Unresolved {
		if o.Package == "" || o.Package == u.Binary || o.Package == "libc.so.6" || strings.HasPrefix(o.Package, "ld-") {
			t.Errorf("phase %s: %s %s: %s", u.Phase, o.Package, o.Function, o.Reason)
		}
	}
}

// foundAll runs the program, and checks that all of its calls are in the list.
func foundAll(t *testing.T, path string, u *usage.Usage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, resolver := range []string{"go", "cgo"} {
		got, err := strace.Run{Path: path, Env: append(os.Environ(), "GODEBUG=netdns="+resolver)}.Trace(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status() != 0 {
			t.Fatalf("%s: status %d\n%s", path, got.Status(), strace.Tail(got.Stdout, got.Stderr))
		}
		for name := range got.Calls {
			if _, ok := u.Find(name); !ok {
				t.Errorf("it calls %s, which was not found", name)
			}
		}
	}
}

// What does nothing with names does not get the calls that looking these up takes,
// nor any that only the way to main.main makes.
func TestCBuildsAreTight(t *testing.T) {
	for kind, b := range cbuilds {
		t.Run(kind, func(t *testing.T) {
			u := inPhase(t, b.build(t, kind, "hello"), usage.Main)
			for _, name := range []string{"setuid", "ptrace", "mount", "fork", "reboot", "chroot", "shmget"} {
				if c, ok := u.Find(name); ok {
					t.Errorf("%s is in the list: %v", name, c.Evidence[0].Chain)
				}
			}
		})
	}
}

// C code that Go's linker takes in follows none of Go's rules.
func TestCInGoText(t *testing.T) {
	path := buildOnce(t, "linked", ".", withC(t), "-ldflags=-linkmode=internal", "./testdata/linked")
	u := scanned(t, path)
	for _, name := range []string{"getpriority", "getsid", "getitimer"} {
		_, ok := u.Find(name)
		if !ok && !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool { return name == "getpriority" && strings.HasPrefix(o.Function, "seldom") }) {
			t.Errorf("%s is missing: %v", name, u.Unresolved)
		}
	}
	got, err := strace.Run{Path: path}.Trace(t.Context())
	if err != nil || got.Status() != 0 || got.Calls["getpriority"] == 0 || got.Calls["getitimer"] == 0 {
		t.Errorf("it does not do what it should (%v): %v", err, got.Calls)
	}
}
