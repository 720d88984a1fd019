package gobin

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// forEach runs a test on the probe, built by every release in every way.
func forEach(t *testing.T, test func(t *testing.T, v variant)) {
	for _, toolchain := range toolchains {
		for _, flags := range []string{"", stripped, pie, stripped + " " + trimmed} {
			v := variant{toolchain: toolchain, flags: flags}
			t.Run(strings.ReplaceAll(v.String(), " ", ","), func(t *testing.T) { test(t, v) })
		}
	}
}

func TestOpen(t *testing.T) {
	forEach(t, func(t *testing.T, v variant) {
		f := open(t, v)
		version := v.toolchain
		if version == "" {
			version = runtime.Version()
		}
		if f.GoVersion != version {
			t.Errorf("Go version %q, want %q", f.GoVersion, version)
		}
		if f.Arch != "amd64" {
			t.Errorf("architecture %q", f.Arch)
		}
		if f.BuildInfo == nil || f.BuildInfo.Main.Path != "probe" {
			t.Errorf("build info %v, want that of module probe", f.BuildInfo)
		}
		if isPIE := strings.Contains(v.flags, pie); f.PIE != isPIE {
			t.Errorf("position independent: %t, want %t", f.PIE, isPIE)
		}
		if hasSymbols := !strings.Contains(v.flags, stripped); f.HasSymbols() != hasSymbols {
			t.Errorf("symbols: %t, want %t", f.HasSymbols(), hasSymbols)
		}
		if entry := f.FuncAt(f.Entry); entry < 0 || f.Name(&f.Funcs[entry]) != "_rt0_amd64_linux" {
			t.Errorf("the entry point %#x is in function %d, want _rt0_amd64_linux", f.Entry, entry)
		}
	})
}

// Every function that the symbol table names must be in the line table, at the
// same place, and under the same name.
func TestFunctionsAreThoseOfTheSymbols(t *testing.T) {
	for _, toolchain := range toolchains {
		for _, flags := range []string{"", pie} {
			v := variant{toolchain: toolchain, flags: flags}
			f := open(t, v)
			compared := 0
			for _, s := range symbols(t, f) {
				if elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Size == 0 || !f.Module.Text.Contains(s.Value) {
					continue
				}
				i := f.FuncAt(s.Value)
				if i < 0 {
					t.Errorf("%s: %s at %#x is in no function", v, s.Name, s.Value)
					continue
				}
				fn := &f.Funcs[i]
				// The two tables write ABI wrappers, type arguments and local types differently.
				name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(s.Name, ".abi0"), ".abiinternal"), "[")
				got, _, _ := strings.Cut(strings.ReplaceAll(f.Name(fn), "·", "."), "[")
				if fn.Entry != s.Value || fn.End < s.Value+s.Size || got != name {
					t.Errorf("%s: %s is [%#x, %#x); the line table says %s at [%#x, %#x)", v, s.Name, s.Value, s.Value+s.Size, f.Name(fn), fn.Entry, fn.End)
				}
				if f.FuncAt(s.Value+s.Size-1) != i || i > 0 && f.FuncAt(s.Value-1) == i {
					t.Errorf("%s: FuncAt disagrees about the ends of %s", v, s.Name)
				}
				compared++
			}
			if compared < 500 {
				t.Errorf("%s: only %d functions were compared", v, compared)
			}
		}
	}
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
	for _, toolchain := range toolchains {
		v := variant{toolchain: toolchain}
		plain, bare := open(t, v), open(t, variant{toolchain: toolchain, flags: stripped})
		if a, b := describe(plain), describe(bare); !slices.Equal(a, b) {
			t.Errorf("%s: %d functions, %d in the stripped twin, or not the same ones", v, len(a), len(b))
		}
	}
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
	forEach(t, func(t *testing.T, v variant) {
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
	for _, toolchain := range toolchains {
		for _, flags := range []string{"", pie} {
			v := variant{toolchain: toolchain, flags: flags}
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
				if want.name == "runtime.rodata" && toolchain == "go1.17.13" {
					continue // the module data of that release does not have it
				}
				if !ok && (want.name == "runtime.rodata" || strings.Contains(want.name, "types")) {
					continue // not every release has a symbol for it
				}
				if !ok || addr != want.got {
					t.Errorf("%s: %s is %#x, read as %#x", v, want.name, addr, want.got)
				}
			}
			for name, variable := range map[string]bool{"main.initialised": true, "main.zeroed": true, "main.main": false, "runtime.types": false} {
				if addr, ok := at[name]; ok && f.IsVariable(addr) != variable {
					t.Errorf("%s: IsVariable says %t of %s at %#x", v, !variable, name, addr)
				}
			}
			if _, ok := at["runtime.types"]; !ok && toolchain != "go1.27.4" {
				t.Errorf("%s: no symbol to check the types' range by", v)
			}
		}
	}
}

// What a variable holds at the start, and where a pointer to it points: in a
// position-independent program only its relocations say.
func TestInitialValues(t *testing.T) {
	for _, toolchain := range toolchains {
		for _, flags := range []string{"", pie} {
			v := variant{toolchain: toolchain, flags: flags}
			f := open(t, v)
			addr := func(name string) uint64 {
				for _, s := range symbols(t, f) {
					if s.Name == name {
						return s.Value
					}
				}
				t.Fatalf("%s: no symbol %s", v, name)
				return 0
			}
			number, pointer, zero := addr("main.initialised"), addr("main.pointer"), addr("main.zeroed")
			if got, ok := f.Initial(number, 8); !ok || got != 41 {
				t.Errorf("%s: initialised starts as %d, %t, want 41", v, got, ok)
			}
			if got, ok := f.Initial(number, 1); !ok || got != 41 {
				t.Errorf("%s: the low byte of initialised starts as %d, %t, want 41", v, got, ok)
			}
			if got, ok := f.Word(pointer); !ok || got != number {
				t.Errorf("%s: pointer starts as %#x, %t, want the address %#x", v, got, ok, number)
			}
			if !slices.Contains(f.Pointers(), number) {
				t.Errorf("%s: the pointer to initialised is not among the data's pointers", v)
			}
			if got, ok := f.Initial(zero+3, 8); !ok || got != 0 {
				t.Errorf("%s: zeroed starts as %d, %t, want 0", v, got, ok)
			}
			if _, ok := f.Initial(1, 8); ok {
				t.Errorf("%s: there is something at address 1", v)
			}
			if s, ok := f.SymbolAt(zero + 99); !ok || s.Name != "main.zeroed" {
				t.Errorf("%s: the symbol at the last byte of zeroed is %v", v, s)
			}
			if s, ok := f.SymbolAt(zero + 100); ok && s.Name == "main.zeroed" {
				t.Errorf("%s: zeroed goes on behind its end", v)
			}
			if f.ReadOnly(number) || !f.ReadOnly(f.Module.Text.Start) {
				t.Errorf("%s: a variable is read-only, or the text is not", v)
			}
		}
	}
}

// Go's linker writes what the relocations say into the data as well; others
// leave it to the loader. Reading must not depend on that.
func TestRelocations(t *testing.T) {
	v := variant{flags: pie}
	whole := open(t, v)
	data, err := os.ReadFile(whole.Path)
	if err != nil {
		t.Fatal(err)
	}
	erased := 0
	for _, s := range elfOf(t, whole.Path).Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		entries, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		for ; len(entries) >= 24; entries = entries[24:] {
			if elf.R_X86_64(whole.Order.Uint32(entries[8:])) == elf.R_X86_64_RELATIVE {
				at := fileOffset(t, whole, whole.Order.Uint64(entries))
				clear(data[at : at+8])
				erased++
			}
		}
	}
	if erased < 1000 {
		t.Fatalf("only %d words were erased", erased)
	}
	path := filepath.Join(t.TempDir(), "erased")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !slices.Equal(f.Pointers(), whole.Pointers()) || !slices.Equal(describe(f), describe(whole)) {
		t.Error("pointers or functions differ if the words are left to the loader")
	}
	if again, err := os.ReadFile(path); err != nil || !slices.Equal(again, data) {
		t.Errorf("reading has changed the file: %v", err)
	}
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
