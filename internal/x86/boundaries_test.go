package x86

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// TestBoundaries compares, over whole programs, where instructions begin and
// end with objdump -d, which starts anew at every function; the memory that
// they name and, for VEX and EVEX, the general registers that they write, with
// its text; and everything else with golang.org/x/arch.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	for _, p := range programs() {
		t.Run(p.name, func(t *testing.T) { compareProgram(t, p.binary(t)) })
	}
}

// A program is an executable, or one to be built.
type program struct {
	name   string
	binary func(*testing.T) string
}

func programs() []program {
	p := []program{
		toolchainProgram("bin/gofmt"),
		builtProgram("crypto", "GOAMD64=v1"),
		builtProgram("crypto", "GOAMD64=v4"),
		builtProgram("simd", "GOEXPERIMENT=simd"),
	}
	if *long {
		tools := "pkg/tool/" + runtime.GOOS + "_" + runtime.GOARCH + "/"
		p = append(p,
			toolchainProgram("bin/go"), toolchainProgram(tools+"compile"), toolchainProgram(tools+"link"),
			toolchainProgram(tools+"asm"), toolchainProgram(tools+"vet"), toolchainProgram(tools+"cgo"),
			builtProgram("crypto", "GOAMD64=v2"), builtProgram("crypto", "GOAMD64=v3"))
		for _, name := range []string{"/bin/bash", "/usr/bin/perl", "/usr/bin/objdump"} { // C, where the machine has it
			if _, err := os.Stat(name); err == nil {
				p = append(p, program{filepath.Base(name), func(*testing.T) string { return name }})
			}
		}
	}
	return p
}

func toolchainProgram(name string) program {
	return program{filepath.Base(name), func(t *testing.T) string {
		return filepath.Join(goroot(t), name)
	}}
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// builtProgram is a program of testdata, built for GOARCH amd64 with a
// variable of the environment.
func builtProgram(name, setting string) program {
	return program{name + "," + setting, func(t *testing.T) string {
		if _, err := os.Stat(filepath.Join(goroot(t), "src/simd/archsimd")); name == "simd" && err != nil {
			t.Skip("this toolchain has no simd experiment")
		}
		binary := filepath.Join(t.TempDir(), name)
		build := exec.Command("go", "build", "-o", binary, "./testdata/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", setting)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", build, err, out)
		}
		return binary
	}}
}

// compareProgram compares all that objdump lists of .text.
func compareProgram(t *testing.T, name string) {
	text, base := textOf(t, name)
	var instructions, vectors, data int
	failed := 0
	c := newComparison()
	objdump(t, func(l listed) {
		if l.addr < base || l.addr-base >= uint64(len(text)) {
			return
		}
		code := text[l.addr-base:]
		instructions++
		if strings.Contains(l.text, "(bad)") {
			data++
		}
		problem := compareListed(code, l)
		if problem != "" {
			if failed++; failed <= 20 {
				t.Errorf("%#x: % x %q: %s", l.addr, code[:min(l.len, len(code))], l.text, problem)
			}
			return
		}
		if shape(code) != "" {
			vectors++
		}
		c.compare(code[:min(len(code), maxLen)], l.addr)
	}, "-d", "-z", "-j", ".text", name)
	if failed > 20 {
		t.Errorf("%d in all", failed)
	}
	c.report(t)
	t.Logf("%d instructions, %d of them VEX or EVEX, %d that objdump calls bad", instructions, vectors, data)
}

// compareListed compares one instruction with objdump's line for it.
func compareListed(code []byte, l listed) string {
	var in isa.Inst
	err := Decode(&in, code, l.addr)
	bad := strings.Contains(l.text, "(bad)")
	switch {
	case bad && err != nil:
		return ""
	case bad:
		return fmt.Sprintf("decoded with length %d", in.Len)
	case err != nil:
		return err.Error()
	case code[0] == 0x9b && l.len > 1: // objdump takes FWAIT for a prefix
		if err := Decode(&in, code[1:], l.addr+1); err != nil {
			return err.Error()
		}
		in.Len++
	}
	if int(in.Len) != l.len {
		return fmt.Sprintf("length is %d, want %d", in.Len, l.len)
	}
	if problem := comparePlaces(&in, l.text); problem != "" || shape(code) == "" {
		return problem
	}
	return compareVEXWrites(&in, parseIntel(l.text))
}

// textOf reads the .text section of an executable.
func textOf(t testing.TB, name string) (text []byte, addr uint64) {
	t.Helper()
	f, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	i := slices.IndexFunc(f.Sections, func(s *elf.Section) bool { return s.Name == ".text" })
	if i < 0 {
		t.Fatalf("%s has no .text section", name)
	}
	text, err = f.Sections[i].Data()
	if err != nil {
		t.Fatal(err)
	}
	return text, f.Sections[i].Addr
}
