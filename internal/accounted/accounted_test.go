//go:build linux && amd64

// Package accounted holds the last part of docs/precision.md, where every call that is
// predicted for the corpus's small programs is accounted for, against what is
// predicted for them, and makes the calls happen.
package accounted

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

const document = "../../docs/precision.md"

var (
	programs = []string{"hello", "roundtrip", "processes", "files"}
	phases   = []usage.Phase{usage.Exec, usage.Main}
)

// A place is where a call may be: in a program, in a phase of its life.
type place struct {
	program string
	phase   usage.Phase
}

// An account is one line of the table: what is said of a call.
type account struct {
	call   string
	places []place
	run    string // the trigger that makes it happen, or ""
}

// rows returns the cells of the lines of the document's table that begins with a
// line of these heads.
func rows(t *testing.T, heads ...string) [][]string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n| "+strings.Join(heads, " | ")+" |\n")
	if !ok {
		t.Fatalf("%s has no table of %v", document, heads)
	}
	var all [][]string
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != len(heads) {
			t.Fatalf("%s: %d cells, want %d: %s", document, len(cells), len(heads), line)
		}
		if !strings.HasPrefix(cells[0], "---") {
			all = append(all, cells)
		}
	}
	return all
}

// accounts reads the table.
func accounts(t *testing.T) []account {
	t.Helper()
	var all []account
	for _, cells := range rows(t, "call", "programs", "phase", "run, or reason") {
		in, during := programs, phases
		if cells[1] != "all" {
			in = strings.Split(cells[1], ", ")
		}
		if cells[2] != "" {
			during = []usage.Phase{usage.Phase(cells[2])}
		}
		a := account{call: cells[0]}
		if name, ok := strings.CutPrefix(cells[3], "`"); ok {
			a.run = strings.TrimSuffix(name, "`")
		} else if !strings.HasSuffix(cells[3], ".") {
			t.Errorf("%s: neither a run nor a reason: %q", a.call, cells[3])
		}
		for _, program := range in {
			for _, phase := range during {
				a.places = append(a.places, place{program, phase})
			}
		}
		all = append(all, a)
	}
	return all
}

// built returns a small program's binary.
var built = func() func(t *testing.T, program string) string {
	var mu sync.Mutex
	return func(t *testing.T, program string) string {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		path := filepath.Join(dir, program)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		cmd := exec.Command("go", "build", "-o", path, "./"+program)
		cmd.Dir = "../corpus/testdata/small"
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=amd64", "GOFLAGS=", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return path
	}
}()

// dir holds the binaries.
var dir string

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "accounted-test-"); err == nil {
		err = os.Chmod(dir, 0o755) // one run is another user's
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// The table says of each call that is predicted, in each program and phase, one thing,
// and nothing of any other.
func TestEveryNameIsAccountedFor(t *testing.T) {
	said := map[place][]string{}
	for _, a := range accounts(t) {
		for _, p := range a.places {
			said[p] = append(said[p], a.call)
		}
	}
	for _, program := range programs {
		for _, phase := range phases {
			u, err := scan.File(built(t, program), scan.Options{Phase: phase})
			if err != nil {
				t.Fatal(err)
			}
			p := place{program, phase}
			slices.Sort(said[p])
			want := u.Names()
			slices.Sort(want)
			if !slices.Equal(said[p], want) {
				t.Errorf("%s in phase %s: the table lacks %v, and has %v too many", program, phase, without(want, said[p]), without(said[p], want))
			}
			delete(said, p)
		}
	}
	if len(said) > 0 {
		t.Errorf("the table has what is no program or phase: %v", said)
	}
}

// without returns what is in a, as often as it is there, and not in b.
func without(a, b []string) []string {
	b = slices.Clone(b)
	var out []string
	for _, s := range a {
		if i := slices.Index(b, s); i >= 0 {
			b = slices.Delete(b, i, i+1)
		} else {
			out = append(out, s)
		}
	}
	return out
}
