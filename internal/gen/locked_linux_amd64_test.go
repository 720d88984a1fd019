package gen_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/gen"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/internal/target"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// early makes a directory, locks itself down, and does what again says.
func early(again string) string {
	return `package main

import (
	"fmt"
	"os"
)

func main() {
	if err := os.Mkdir(os.Args[1], 0o700); err != nil {
		panic(err)
	}
	curbLockDown()
	fmt.Println("locked")
	` + again + `
}
`
}

// TestLockedAfterSetup: what a program does before it locks itself down is closed to
// it from then on, in the list and in the kernel.
func TestLockedAfterSetup(t *testing.T) {
	dir := module(t, map[string]string{"main.go": early("")})
	if end := in(t, dir, nil, curb, "gen", "."); end.status != 0 {
		t.Fatalf("gen: %+v", end)
	}
	if text := get(t, dir, "curb_linux_amd64.go"); strings.Contains(text, "mkdirat") || !strings.Contains(text, "once this function has returned.\n") {
		t.Errorf("it allows what is done before it:\n%.1500s", text)
	}
	if end := in(t, dir, nil, curb, "gen", "--assume=env", "."); end.status != 0 || !strings.Contains(get(t, dir, "curb_linux_amd64.go"), "if nobody sets GODEBUG") {
		t.Errorf("gen --assume=env: %+v", end)
	}
	if end := in(t, dir, nil, mustBuild(t, dir), filepath.Join(t.TempDir(), "d")); end != (ending{stdout: "locked\n"}) {
		t.Errorf("it ends with %+v", end)
	}
	// The same lock-down in a program that does more than gen saw.
	put(t, dir, "main.go", early(`fmt.Println(os.Mkdir(os.Args[1]+"2", 0o700))`))
	made := filepath.Join(t.TempDir(), "d")
	end := in(t, dir, nil, mustBuild(t, dir), made)
	if want := "locked\nmkdir " + made + "2: operation not permitted\n"; end != (ending{stdout: want}) {
		t.Errorf("with a second directory it ends with %+v", end)
	}
}

// TestLockDownInAFunctionValue: where nothing is known of what waits for the lock-down,
// the list counts from an earlier moment on, and says so.
func TestLockDownInAFunctionValue(t *testing.T) {
	dir := module(t, map[string]string{"main.go": `package main

import (
	"fmt"
	"os"
)

var commands = map[string]func(){"run": func() { curbLockDown(); fmt.Println("locked") }}

func main() { commands[os.Args[1]]() }
`})
	if end := in(t, dir, nil, curb, "gen", "."); end.status != 0 || strings.Contains(end.stderr, "warning") {
		t.Fatalf("gen: %+v", end)
	}
	if text := get(t, dir, "curb_linux_amd64.go"); !regexp.MustCompile(`since\sit\s(// )?cannot\sbe\stold`).MatchString(text) {
		t.Errorf("it does not say from when on the list counts:\n%.1200s", text)
	}
	if end := in(t, dir, nil, mustBuild(t, dir), "run"); end != (ending{stdout: "locked\n"}) {
		t.Errorf("it ends with %+v", end)
	}
}

// TestLockDownTwice: who may lock down what is locked down is told.
func TestLockDownTwice(t *testing.T) {
	dir := module(t, map[string]string{"main.go": `package main

import "os"

func main() {
	curbLockDown()
	if len(os.Args) > 1 {
		curbLockDown()
	}
	os.Stdout.WriteString("locked\n")
}
`})
	if end := in(t, dir, nil, curb, "gen", "."); end.status != 0 || !strings.Contains(end.stderr, "warning: the program may call curbLockDown() when it is locked down already") {
		t.Fatalf("gen: %+v", end)
	}
	program := mustBuild(t, dir)
	if end := in(t, dir, nil, program); end != (ending{stdout: "locked\n"}) {
		t.Errorf("once: it ends with %+v", end)
	}
	if end := in(t, dir, nil, program, "again"); end.status != 2 || !strings.Contains(end.stderr, "panic: ") {
		t.Errorf("twice: it ends with %+v", end)
	}
}

// TestLockDownThatAllowsTooLittle: a list that lacks something which the program can
// do is not written.
func TestLockDownThatAllowsTooLittle(t *testing.T) {
	dir := module(t, program)
	t.Setenv("CGO_ENABLED", "0")
	t.Setenv("GOFLAGS", "-mod=mod")
	p, err := gen.Find(t.Context(), ".", target.Build{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	scanner := func(binary string, phase usage.Phase) (*usage.Usage, error) {
		return scan.File(binary, scan.Options{Phase: phase})
	}
	u, err := p.Scan(t.Context(), scanner)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := permit.Policy(u, permit.Options{Default: filter.Trap})
	if err != nil {
		t.Fatal(err)
	}
	full := slices.Clone(policy.Rules)
	policy.Rules = slices.DeleteFunc(policy.Rules, func(r filter.Rule) bool { return r.Syscall == "write" })
	_, err = p.Write(t.Context(), gen.LockDown{Usage: u, Policy: policy, IgnoreTags: []string{"door"}}, scanner)
	if err == nil || !strings.Contains(err.Error(), "\n  write, by ") {
		t.Errorf("without write: %v", err)
	}
	policy.Rules = slices.Clone(full)
	for i, r := range policy.Rules {
		if r.Syscall == "mmap" { // for reading and writing, and to reserve addresses
			policy.Rules[i].Conds = []filter.Cond{{Arg: 2, Op: filter.Equal, Values: []uint64{syscall.PROT_NONE}}}
		}
	}
	_, err = p.Write(t.Context(), gen.LockDown{Usage: u, Policy: policy, IgnoreTags: []string{"door"}}, scanner)
	if err == nil || !strings.Contains(err.Error(), "\n  mmap with prot PROT_READ|PROT_WRITE") {
		t.Errorf("without some values: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "curb_linux_amd64.go")); err == nil {
		t.Error("it was written nonetheless")
	}
	policy.Rules = full
	if _, err := p.Write(t.Context(), gen.LockDown{Usage: u, Policy: policy, IgnoreTags: []string{"door"}}, scanner); err != nil {
		t.Errorf("with all that it needs: %v", err)
	}
}
