package precompiled_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/precompiled"
	"github.com/gocurb/curb/syscalls"
)

var update = flag.Bool("update", false, "write testdata/locked/filter.go")

// source gives Go source with the filter that testdata/locked carries.
func source(t *testing.T) []byte {
	policy := curb.Deny("ptrace", "process_vm_readv", "process_vm_writev", "kexec_load").
		On("socket", curb.Errno(97), curb.Arg(0).IsNot(1))
	prog, err := policy.Compile(syscalls.AMD64)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("package main\n\nimport \"github.com/gocurb/curb/precompiled\"\n\n")
	for line := range strings.Lines(policy.String()) {
		b.WriteString("// " + line)
	}
	b.WriteString("\nvar filter = precompiled.Filter{\nArch: \"amd64\",\nProgram: []uint64{\n")
	lines := prog.Lines(syscalls.AMD64)
	for i, ins := range prog.Packed() {
		fmt.Fprintf(&b, "0x%04x_%02x_%02x_%08x, // %d: %s\n", ins>>48, ins>>40&0xff, ins>>32&0xff, ins&0xffffffff, i, lines[i])
	}
	b.WriteString("},\n}\n")
	formatted, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return formatted
}

// TestSource: the source that the other tests build is what the compiler makes.
func TestSource(t *testing.T) {
	path := filepath.Join("testdata", "locked", "filter.go")
	want := source(t)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is out of date (%v): run this test with -update", path, err)
	}
}

// build builds a program of testdata for linux/amd64.
func build(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	run(t, "go", "build", "-o", program, "./testdata/"+name)
	return program
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(cmd.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestLinksLittle: of curb, a program that carries its filter links what loads
// it, and nothing that this needs is large.
func TestLinksLittle(t *testing.T) {
	locked, open := build(t, "locked"), build(t, "open")
	symbols := run(t, "go", "tool", "nm", locked)
	for _, part := range []string{"curb/syscalls.", "curb/filter.", "curb.Policy", " fmt.", " os.", " reflect.", "golang.org/x/sys"} {
		if strings.Contains(symbols, part) {
			t.Errorf("the program has %q in it", part)
		}
	}
	if !strings.Contains(symbols, "curb/precompiled.Filter.Enforce") {
		t.Error("the program does not have this package in it")
	}
	var size [2]int64
	for i, program := range []string{open, locked} {
		info, err := os.Stat(program)
		if err != nil {
			t.Fatal(err)
		}
		size[i] = info.Size()
	}
	const limit = 60 << 10
	growth := size[1] - size[0]
	t.Logf("%d bytes without a filter, %d more with it", size[0], growth)
	if growth > limit {
		t.Errorf("the filter makes the program larger by %d bytes, more than %d", growth, limit)
	}
}

// TestTwoCalls: that is all that it takes.
func TestTwoCalls(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("needs linux/amd64")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace")
	}
	log := filepath.Join(t.TempDir(), "log")
	const group = "trace=prctl,seccomp,write"
	// With arguments in, prctl's other uses by the runtime can be told apart.
	if out := run(t, strace, "-f", "-o", log, "-e", group, build(t, "locked")); out != "hello\n" {
		t.Errorf("the program says %q", out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "PR_SET_VMA") || !strings.Contains(line, "(") {
			continue // the runtime names its memory
		}
		calls = append(calls, line)
	}
	want := []string{"prctl(PR_SET_NO_NEW_PRIVS, 1,", "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,", "write(1,"}
	for i, call := range calls {
		if len(calls) != len(want) || !strings.Contains(call, want[i]) {
			t.Fatalf("the calls are\n%s", strings.Join(calls, ""))
		}
	}
}

func TestWrongArchitecture(t *testing.T) {
	other := "arm64"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	for _, f := range []precompiled.Filter{{Arch: other}, precompiled.Filter{Arch: other}.BestEffort()} {
		err := f.Enforce()
		want := "curb: the filter is compiled for " + other + ", and the program for " + runtime.GOARCH + ": generate it for this architecture"
		if err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
		if errors.Is(err, errors.ErrUnsupported) {
			t.Error("this is a mistake, and not lack of support")
		}
	}
}

func TestNoProgram(t *testing.T) {
	if err := (precompiled.Filter{Arch: runtime.GOARCH}).Enforce(); err == nil || runtime.GOOS == "linux" && !strings.Contains(err.Error(), "this one has 0") {
		t.Errorf("without a program the error is %v", err)
	}
}
