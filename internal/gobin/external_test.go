package gobin

import (
	"debug/elf"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	external = "-ldflags=-linkmode=external"
	packed   = `-ldflags=-linkmode=external|-extldflags=-Wl,-z,pack-relative-relocs`
	static   = `-ldflags=-linkmode=external|-extldflags=-static-pie`
	withC    = "CGO_ENABLED=1 CC=gcc"
	withCArm = arm64 + " CGO_ENABLED=1 CC=aarch64-linux-gnu-gcc"
)

// needs skips a test for which a C compiler is not there.
func needs(t *testing.T, compiler string) {
	t.Helper()
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skipf("%s links these programs: %v", compiler, err)
	}
}

// A C linker puts its start-up code in front of Go's, arranges the sections in
// its own way, and leaves relocated words to the loader.
func TestLinkedByC(t *testing.T) {
	t.Run("amd64", func(t *testing.T) { linkedByC(t, "gcc", withC, "") })
	if *long {
		t.Run("arm64", func(t *testing.T) { linkedByC(t, "aarch64-linux-gnu-gcc", withCArm, "") })
		for _, toolchain := range releases {
			t.Run(toolchain, func(t *testing.T) { linkedByC(t, "gcc", withC, toolchain) })
		}
	}
}

func linkedByC(t *testing.T, compiler, env, toolchain string) {
	needs(t, compiler)
	variants := []variant{{toolchain, external, env}, {toolchain, external + " " + pie, env}, {toolchain, packed + " " + pie, env}, {toolchain, static + " " + pie, env}}
	var words []int
	for _, v := range variants {
		f := open(t, v)
		if v.has(static) {
			if f.Interp != "" || f.Needed != nil {
				t.Errorf("%s: needs %q and %q", v, f.Interp, f.Needed)
			}
		} else if !strings.Contains(f.Interp, "ld-linux") || !slices.Contains(f.Needed, "libc.so.6") {
			t.Errorf("%s: needs %q and %q, want the dynamic loader and the C library", v, f.Interp, f.Needed)
		}
		if i := f.FuncAt(f.Entry); i >= 0 || f.PIE != v.has(pie) {
			t.Errorf("%s: the entry point is Go function %d, want C code; position independent: %t", v, i, f.PIE)
		}
		text := f.Module.Text
		if code := f.Executable(); len(code) == 0 || code[0].Start >= text.Start {
			t.Errorf("%s: the code %#x has no start-up code before Go's text %#x", v, code, text)
		}
		pointerIsRead(t, f)
		n := 0
		for range f.Words() {
			n++
		}
		words = append(words, n)
		twin := v
		twin.flags = strings.Replace(v.flags, "-ldflags=", stripped+"|", 1)
		if bare := open(t, twin); !slices.Equal(describe(f), describe(bare)) {
			t.Errorf("%s: %d functions, %d in the stripped twin, or not the same ones", v, len(f.Funcs), len(bare.Funcs))
		}
	}
	if words[1] != words[2] || words[1] < 1000 {
		t.Errorf("%d words are relocated, %d by packed relocations", words[1], words[2])
	}
}

// pointerIsRead checks that a pointer in the data is read as the address of what
// it points to, and is listed as one.
func pointerIsRead(t *testing.T, f *File) {
	t.Helper()
	at := map[string]uint64{}
	for _, s := range symbols(t, f) {
		at[s.Name] = s.Value
	}
	number, pointer := at["main.initialised"], at["main.pointer"]
	if got, ok := f.Word(pointer); !ok || got != number || number == 0 {
		t.Errorf("%s: pointer starts as %#x, %t, want the address %#x", f.Path, got, ok, number)
	}
	for addr, word := range f.Words() {
		if addr == pointer && word == number {
			return
		}
	}
	t.Errorf("%s: the pointer at %#x is not among the words", f.Path, pointer)
}

// What is loaded into other programs is no program.
func TestLibraries(t *testing.T) {
	needs(t, "gcc")
	for _, mode := range []string{"c-shared", "plugin"} {
		v := variant{flags: "-buildmode=" + mode, env: withC}
		if f, err := Open(build(t, v)); f != nil || !errors.Is(err, ErrNotGo) || !strings.Contains(err.Error(), "shared library") {
			t.Errorf("%s: error %v, want ErrNotGo and that it is a shared library", v, err)
		}
	}
}

// What the dynamic loader protects after relocating is read-only.
func TestReadOnlyAfterRelocation(t *testing.T) {
	f := open(t, variant{flags: pie})
	found := false
	for _, s := range elfOf(t, f.Path).Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_ALLOC == 0 || s.Size == 0 {
			continue
		}
		want := s.Flags&elf.SHF_WRITE == 0 || strings.HasPrefix(s.Name, ".data.rel.ro")
		found = found || want && s.Flags&elf.SHF_WRITE != 0
		if f.ReadOnly(s.Addr) != want && s.Name != ".got" && s.Name != ".dynamic" {
			t.Errorf("%s at %#x is read-only: %t, want %t", s.Name, s.Addr, !want, want)
		}
	}
	if !found {
		t.Error("the program has no section that is protected after relocating")
	}
}
