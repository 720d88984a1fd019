package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
)

func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil { // the programs' paths start at the repository's root
		panic(err)
	}
	os.Exit(m.Run())
}

// built returns the programs to observe, built for this test.
func built(t *testing.T) map[string]program {
	t.Helper()
	all, err := programs(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]program{}
	for _, p := range all {
		out[p.name] = p
	}
	return out
}

func TestNothingIsMissed(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is needed to see what programs do: make deps installs it")
	}
	var table bytes.Buffer
	ok, err := report(context.Background(), &table)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &table)
	if !ok {
		t.Error("the programs made calls that the scan did not predict")
	}
}

// The most that the best other analyser of binaries lists.
func TestListsAreShort(t *testing.T) {
	all := built(t)
	for name, most := range map[string]int{"hello": 46, "roundtrip": 66} {
		u, err := scan.File(all[name].binary, scan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(u.Names()); n > most || len(u.Unresolved) > 0 {
			t.Errorf("%s: %d names, of at most %d, and %d places unresolved: %v", name, n, most, len(u.Unresolved), u.Names())
		}
	}
}

// A scan's result must lie within that of all code, taken without a look at
// what can be reached.
func TestWithinAllCode(t *testing.T) {
	for name, p := range built(t) {
		tight, err := scan.File(p.binary, scan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := scan.File(p.binary, scan.Options{AllCode: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range tight.Names() {
			if !slices.Contains(all.Names(), call) {
				t.Errorf("%s: %s is predicted, but is not in all code", name, call)
			}
		}
	}
}

// Under a filter that ends the program at the first denied call, everything
// must work as without.
func TestRunsUnderTrap(t *testing.T) {
	curb := filepath.Join(t.TempDir(), "curb")
	if out, err := exec.Command("go", "build", "-o", curb, "./cmd/curb").CombinedOutput(); err != nil {
		t.Fatalf("build curb: %v\n%s", err, out)
	}
	all := built(t)
	for name, times := range map[string]int{"hello": 50, "roundtrip": 50, "changediff": 5, "gofmt": 1, "go vet": 1, "go build": 1} {
		t.Run(name, func(t *testing.T) {
			p := all[name]
			for range times {
				for _, way := range p.runs {
					if strings.HasPrefix(name, "go ") && way.exit == 0 {
						continue // it starts the compiler, which makes calls of its own
					}
					cmd := exec.Command(curb, append([]string{"run", "--no-cache", "--deny", "trap", p.binary}, way.args...)...)
					out, err := cmd.CombinedOutput()
					if cmd.ProcessState == nil {
						t.Fatal(err)
					}
					if got := cmd.ProcessState.ExitCode(); got != way.exit {
						t.Fatalf("%s %v: ended with %v, not with exit code %d\n%s", p.binary, way.args, cmd.ProcessState, way.exit, out)
					}
				}
			}
		})
	}
}

// The list that the usual recipe gives lacks calls that the program can make,
// and holds none that curb would not find.
func TestRecipe(t *testing.T) {
	r, err := makeRecipe(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if extra := r.extra(); len(extra) > 0 {
		t.Errorf("one run made calls that the scan does not list: %v", extra)
	}
	// A signal's handler returns by rt_sigreturn: no run without a signal shows it.
	if !slices.Contains(r.missing(), "rt_sigreturn") {
		t.Errorf("the recipe's list is expected to lack rt_sigreturn; it lacks %v", r.missing())
	}
}
