package gobin

import (
	"debug/elf"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	forEach(t, all, func(t *testing.T, v variant) {
		f := open(t, v)
		version := v.toolchain
		if version == "" {
			version = runtime.Version()
		}
		if f.GoVersion != version {
			t.Errorf("Go version %q, want %q", f.GoVersion, version)
		}
		arch := "amd64"
		if v.has(arm64) {
			arch = "arm64"
		}
		if f.Arch != arch {
			t.Errorf("architecture %q", f.Arch)
		}
		if f.BuildInfo == nil || f.BuildInfo.Main.Path != "probe" {
			t.Errorf("build info %v, want that of module probe", f.BuildInfo)
		}
		if isPIE := v.has(pie); f.PIE != isPIE || (f.Interp != "") != isPIE {
			t.Errorf("position independent: %t, by %q, want %t", f.PIE, f.Interp, isPIE)
		}
		if f.HasSymbols() != withSymbols(v) {
			t.Errorf("symbols: %t, want %t", f.HasSymbols(), withSymbols(v))
		}
		if entry := f.FuncAt(f.Entry); entry < 0 || f.Name(&f.Funcs[entry]) != "_rt0_"+arch+"_linux" {
			t.Errorf("the entry point %#x is in function %d, want _rt0_%s_linux", f.Entry, entry, arch)
		}
	})
}

// Every function that the symbol table names must be in the line table, at the
// same place, and under the same name.
func TestFunctionsAreThoseOfTheSymbols(t *testing.T) {
	forEach(t, withSymbols, func(t *testing.T, v variant) {
		f := open(t, v)
		compared := 0
		for _, s := range symbols(t, f) {
			if elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Size == 0 || !f.Module.Text.Contains(s.Value) {
				continue
			}
			i := f.FuncAt(s.Value)
			if i < 0 {
				t.Errorf("%s at %#x is in no function", s.Name, s.Value)
				continue
			}
			fn := &f.Funcs[i]
			// The two tables write ABI wrappers, type arguments and local types differently.
			name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(s.Name, ".abi0"), ".abiinternal"), "[")
			got, _, _ := strings.Cut(strings.ReplaceAll(f.Name(fn), "·", "."), "[")
			if fn.Entry != s.Value || fn.End < s.Value+s.Size || got != name {
				t.Errorf("%s is [%#x, %#x); the line table says %s at [%#x, %#x)", s.Name, s.Value, s.Value+s.Size, f.Name(fn), fn.Entry, fn.End)
			}
			if f.FuncAt(s.Value+s.Size-1) != i || i > 0 && f.FuncAt(s.Value-1) == i {
				t.Errorf("FuncAt disagrees about the ends of %s", s.Name)
			}
			compared++
		}
		if compared < 500 {
			t.Errorf("only %d functions were compared", compared)
		}
	})
}

func symbols(t *testing.T, f *File) []elf.Symbol {
	t.Helper()
	all, err := elfOf(t, f.Path).Symbols()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Stripping must not change what is read of the functions.
func TestStrippedTwin(t *testing.T) {
	forEach(t, withSymbols, func(t *testing.T, v variant) {
		twin := v
		twin.flags = strings.TrimSpace(stripped + " " + v.flags)
		plain, bare := open(t, v), open(t, twin)
		if a, b := describe(plain), describe(bare); !slices.Equal(a, b) {
			t.Errorf("%d functions, %d in the stripped twin, or not the same ones", len(a), len(b))
		}
	})
}

// describe returns a line for each function, with the source of its first instruction.
func describe(f *File) []string {
	var out []string
	for i := range f.Funcs {
		fn := &f.Funcs[i]
		at := f.Position(fn, fn.Entry)
		for k := range at {
			at[k].File = filepath.Base(at[k].File) // each was built in a directory of its own
		}
		out = append(out, fmt.Sprint(f.Name(fn), fn.End-fn.Entry, f.ArgsSize(fn), f.Asm(fn), at))
	}
	return out
}

// The instructions of inner, which is expanded twice over, must be told apart
// from those of the function that holds them.
func TestPositionExpandsInlining(t *testing.T) {
	forEach(t, all, func(t *testing.T, v variant) {
		f := open(t, v)
		fn := function(t, f, "main.caller")
		want := []string{"main.inner main.go:20", "main.outer main.go:16", "main.caller main.go:26"}
		found := false
		for pc := fn.Entry; pc < fn.End; pc++ {
			at := f.Position(fn, pc)
			if last := at[len(at)-1]; last.Func != "main.caller" {
				t.Fatalf("at %#x: %v does not end in the function that holds the code", pc, at)
			}
			var got []string
			for _, p := range at {
				got = append(got, fmt.Sprintf("%s %s:%d", p.Func, filepath.Base(p.File), p.Line))
			}
			found = found || slices.Equal(got, want)
		}
		if !found {
			t.Errorf("no instruction of main.caller is at %v", want)
		}
		if area := function(t, f, "main.(*shape).area"); f.Position(area, area.Entry)[0].Line != 7 {
			t.Errorf("main.(*shape).area is at %v, want line 7", f.Position(area, area.Entry))
		}
		file := f.Position(fn, fn.Entry)[0].File
		if want := strings.Contains(v.flags, trimmed); filepath.IsAbs(file) == want {
			t.Errorf("file %q with %q", file, v.flags)
		}
	})
}

// The linker's own symbols mark the ranges that the module data holds.
func TestModuleRanges(t *testing.T) {
	forEach(t, withSymbols, func(t *testing.T, v variant) {
		f := open(t, v)
		at := map[string]uint64{}
		for _, s := range symbols(t, f) {
			at[s.Name] = s.Value
		}
		m := &f.Module
		for _, want := range []struct {
			name string
			got  uint64
		}{
			{"runtime.text", m.Text.Start}, {"runtime.etext", m.Text.End},
			{"runtime.types", m.Types.Start}, {"runtime.etypes", m.Types.End},
			{"runtime.rodata", m.ROData},
			{"runtime.noptrdata", m.Data[0].Start}, {"runtime.enoptrdata", m.Data[0].End},
			{"runtime.data", m.Data[1].Start}, {"runtime.edata", m.Data[1].End},
			{"runtime.bss", m.Zero[0].Start}, {"runtime.ebss", m.Zero[0].End},
			{"runtime.noptrbss", m.Zero[1].Start}, {"runtime.enoptrbss", m.Zero[1].End},
			{"runtime.firstmoduledata", m.Addr},
		} {
			addr, ok := at[want.name]
			if want.name == "runtime.rodata" && v.toolchain == "go1.17.13" {
				continue // the module data of that release does not have it
			}
			if !ok && (want.name == "runtime.rodata" || strings.Contains(want.name, "types")) {
				continue // not every release has a symbol for it
			}
			if !ok || addr != want.got {
				t.Errorf("%s is %#x, read as %#x", want.name, addr, want.got)
			}
		}
		for name, variable := range map[string]bool{"main.initialised": true, "main.zeroed": true, "main.main": false, "runtime.types": false} {
			if addr, ok := at[name]; ok && f.IsVariable(addr) != variable {
				t.Errorf("IsVariable says %t of %s at %#x", !variable, name, addr)
			}
		}
		if _, ok := at["runtime.types"]; !ok && !strings.HasPrefix(v.toolchain, "go1.27") {
			t.Errorf("no symbol to check the types' range by")
		}
	})
}

// What a variable holds at the start, and where a pointer to it points: in a
// position-independent program only its relocations say.
func TestInitialValues(t *testing.T) {
	forEach(t, withSymbols, func(t *testing.T, v variant) {
		f := open(t, v)
		addr := func(name string) uint64 {
			for _, s := range symbols(t, f) {
				if s.Name == name {
					return s.Value
				}
			}
			t.Fatalf("no symbol %s", name)
			return 0
		}
		number, pointer, zero := addr("main.initialised"), addr("main.pointer"), addr("main.zeroed")
		if got, ok := f.Initial(number, 8); !ok || got != 41 {
			t.Errorf("initialised starts as %d, %t, want 41", got, ok)
		}
		if got, ok := f.Initial(number, 1); !ok || got != 41 {
			t.Errorf("the low byte of initialised starts as %d, %t, want 41", got, ok)
		}
		if got, ok := f.Word(pointer); !ok || got != number {
			t.Errorf("pointer starts as %#x, %t, want the address %#x", got, ok, number)
		}
		var holders []uint64
		for addr, word := range f.Words() {
			if word == number {
				holders = append(holders, addr)
			}
		}
		if got := f.FindWord(number); !slices.Equal(got, holders) || !slices.Contains(got, pointer) {
			t.Errorf("the address of initialised is found at %#x, want %#x with %#x among them", got, holders, pointer)
		}
		if !slices.Contains(f.Pointers(), number) {
			t.Errorf("the pointer to initialised is not among the data's pointers")
		}
		if got, ok := f.Initial(zero+3, 8); !ok || got != 0 {
			t.Errorf("zeroed starts as %d, %t, want 0", got, ok)
		}
		if _, ok := f.Initial(1, 8); ok {
			t.Errorf("there is something at address 1")
		}
		if s, ok := f.SymbolAt(zero + 99); !ok || s.Name != "main.zeroed" {
			t.Errorf("the symbol at the last byte of zeroed is %v", s)
		}
		if s, ok := f.SymbolAt(zero + 100); ok && s.Name == "main.zeroed" {
			t.Errorf("zeroed goes on behind its end")
		}
		if f.ReadOnly(number) || !f.ReadOnly(f.Module.Text.Start) {
			t.Errorf("a variable is read-only, or the text is not")
		}
	})
}

// Assembly is told from Go code; releases that do not mark it have a rule, which
// must hold for those that do.
func TestAsm(t *testing.T) {
	forEach(t, all, func(t *testing.T, v variant) {
		f := open(t, v)
		for name, want := range map[string]bool{"runtime.memmove": true, "runtime.asmcgocall": true, "main.main": false, "main.measure": false, "runtime.mallocgc": false} {
			if f.Asm(function(t, f, name)) != want {
				t.Errorf("%s is assembly: %t, want %t", name, !want, want)
			}
		}
		if marks := v.toolchain != "go1.17.13"; f.marksAsm != marks {
			t.Fatalf("assembly is marked: %t, want %t", f.marksAsm, marks)
		}
		unmarked := *f
		unmarked.marksAsm = false
		for i := range f.Funcs {
			if fn := &f.Funcs[i]; f.Asm(fn) && !unmarked.Asm(fn) {
				t.Errorf("%s, at %v, is assembly, and the rule for older releases says that it is not", f.Name(fn), f.Position(fn, fn.Entry))
			}
		}
	})
}

// Deferred and explicit closing go together.
func TestCloseTwice(t *testing.T) {
	f, err := Open(build(t, variant{flags: pie}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
