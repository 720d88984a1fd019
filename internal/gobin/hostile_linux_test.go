package gobin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// memory returns the most memory that the process had since the last call.
func memory(t *testing.T) uint64 {
	t.Helper()
	status := content(t, "/proc/self/status")
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib := uint64(0)
	if _, err := fmt.Sscan(after, &kib); err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // proc(5)
		t.Fatal(err)
	}
	return kib << 10
}

// opened opens a file, and checks how much memory that takes.
func opened(t *testing.T, path string, size int64) (*File, error) {
	t.Helper()
	const most = 64 << 20
	var before, after runtime.MemStats
	memory(t)
	start := memory(t)
	runtime.ReadMemStats(&before)
	f, err := Open(path)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > most {
		t.Errorf("a file of %d bytes: %d bytes were allocated", size, n)
	}
	if end := memory(t); end > start+most {
		t.Errorf("a file of %d bytes: the process grew from %d to %d bytes", size, start, end)
	}
	if err != nil && !errors.Is(err, ErrNotGo) {
		t.Errorf("%v does not wrap ErrNotGo", err)
	}
	return f, err
}

// elfHeader returns the headers of a program for amd64 with these segments.
func elfHeader(progs ...prog) []byte {
	order := binary.LittleEndian
	h := make([]byte, ehdrSize+phdrSize*len(progs))
	copy(h, "\x7fELF\x02\x01\x01")
	order.PutUint16(h[16:], 2)  // ET_EXEC
	order.PutUint16(h[18:], 62) // EM_X86_64
	order.PutUint64(h[32:], ehdrSize)
	order.PutUint16(h[54:], phdrSize)
	order.PutUint16(h[56:], uint16(len(progs)))
	for i, p := range progs {
		b := h[ehdrSize+phdrSize*i:]
		order.PutUint32(b, uint32(p.typ))
		order.PutUint32(b[4:], uint32(p.flags))
		order.PutUint64(b[8:], p.off)
		order.PutUint64(b[16:], p.addr)
		order.PutUint64(b[32:], p.fileSize)
		order.PutUint64(b[40:], p.memorySize)
	}
	return h
}

// Files that claim to be large, and are so only in zeros that take no place.
func TestHostileHeaders(t *testing.T) {
	const load, noteType, rwx = 1, 4, 7
	everywhere := make([]prog, maxPhdrs)
	for i := range everywhere {
		everywhere[i] = prog{load, rwx, 0, uint64(i) << 33, 1 << 30, 1 << 30}
	}
	tooMany := elfHeader()
	binary.LittleEndian.PutUint16(tooMany[56:], math.MaxUint16)
	sections := elfHeader(prog{load, rwx, 0, 0x400000, 0x1000, 0x1000})
	binary.LittleEndian.PutUint64(sections[40:], 1<<20)
	binary.LittleEndian.PutUint16(sections[58:], shdrSize)
	binary.LittleEndian.PutUint16(sections[60:], math.MaxUint16)
	for _, tt := range []struct {
		name  string
		start []byte
		size  int64
		want  string
	}{
		{"zeros", nil, 4 << 30, "does not start with an ELF header"},
		{"one segment", elfHeader(prog{load, rwx, 0, 0x400000, 4 << 30, 4 << 30}), 4 << 30, "more than"},
		{"zeros in a segment", elfHeader(prog{load, rwx, 0, 0x400000, 1 << 29, 1 << 29}), 1 << 29, "no Go line table"},
		{"zeros in memory", elfHeader(prog{load, rwx, 0, 0x400000, 64, 1 << 46}), 4096, "no Go line table"},
		{"the same bytes again and again", elfHeader(everywhere...), 1 << 30, "more than the whole file"},
		{"the same addresses", elfHeader(prog{load, rwx, 0, 0x400000, 64, 8192}, prog{load, rwx, 64, 0x401000, 64, 64}), 4096, "overlap"},
		{"addresses that wrap", elfHeader(prog{load, rwx, 0, math.MaxUint64 - 63, 64, 128}), 4096, "impossible sizes"},
		{"outside", elfHeader(prog{load, rwx, 1 << 62, 0x400000, 1 << 62, 1 << 62}), 4096, "truncated"},
		{"nothing to load", elfHeader(prog{load, rwx, 0, 0x400000, 0, 4096}), 4096, "no segment"},
		{"program headers", tooMany, 4 << 30, "program headers"},
		{"sections", sections, 4 << 30, "no Go line table"},
		{"notes", elfHeader(prog{load, rwx, 0, 0x400000, 1 << 28, 1 << 28}, prog{noteType, rwx, 0, 0x400100, 1 << 28, 1 << 28}), 1 << 28, "no Go line table"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hostile")
			if err := os.WriteFile(path, tt.start, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, tt.size); err != nil {
				t.Fatal(err)
			}
			if _, err := opened(t, path, tt.size); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Programs with numbers in their tables that cannot be.
func TestHostileTables(t *testing.T) {
	plain, position := open(t, variant{}), open(t, variant{flags: pie})
	module := func(f *File, word uint64) uint64 { return fileOffset(t, f, f.Module.Addr+8*word) }
	header := func(f *File, word uint64) uint64 { return fileOffset(t, f, f.pcln.addr) + 8 + 8*word }
	tag := func(f *File, tag uint64) uint64 {
		s := elfOf(t, f.Path).Section(".dynamic")
		data := content(t, f.Path)
		for at := s.Offset; at < s.Offset+s.Size; at += dynSize {
			if binary.LittleEndian.Uint64(data[at:]) == tag {
				return at + 8
			}
		}
		t.Fatalf("there is no tag %d", tag)
		return 0
	}
	for _, tt := range []struct {
		name  string
		f     *File
		at    uint64
		value uint64
		want  string
	}{
		{"functions in the header", plain, header(plain, 0), 1 << 60, "module data was not found"},
		{"names in the header", plain, header(plain, 3), 1 << 60, "module data was not found"},
		{"functions in the module data", plain, module(plain, mdFuncs+1), 1 << 60, "module data was not found"},
		{"units", plain, module(plain, 5), 1 << 62, "module data was not found"},
		{"the line table's place", plain, module(plain, 0), 1 << 40, "module data was not found"},
		{"the text's end", plain, module(plain, mdText+1), math.MaxUint64, "the text that its module data names"},
		{"data", plain, module(plain, mdData+1), 1 << 50, "the variables that its module data names"},
		{"data, the wrong way round", plain, module(plain, mdData), 1 << 50, "the variables that its module data names"},
		{"types", plain, module(plain, 37), 8, "the tables that its module data names"},
		{"itabs", plain, module(plain, 49), 1 << 61, "the tables that its module data names"},
		{"text sections", plain, module(plain, 43), 2, "layout of its module data"},
		{"relocations", position, tag(position, 8), 1 << 60, "DT_RELA: 1152921504606846976 bytes"},
		{"relocations' place", position, tag(position, 7), 1 << 60, "not in the image"},
		{"a relocation", position, elfOf(t, position.Path).Section(".rela").Offset, 1 << 40, "the word at 0x10000000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := content(t, tt.f.Path)
			binary.LittleEndian.PutUint64(data[tt.at:], tt.value)
			path := filepath.Join(t.TempDir(), "hostile")
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := opened(t, path, int64(len(data))); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Symbols matter for precision alone: what cannot be read of them is left out.
func TestHostileSymbols(t *testing.T) {
	f := open(t, variant{})
	data := content(t, f.Path)
	file := elfOf(t, f.Path)
	shoff := binary.LittleEndian.Uint64(data[40:])
	for i, s := range file.Sections {
		if s.Name == ".symtab" || s.Name == ".strtab" {
			binary.LittleEndian.PutUint64(data[shoff+uint64(i)*shdrSize+32:], 3<<30)
		}
	}
	path := filepath.Join(t.TempDir(), "hostile")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	const size = 5 << 30
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	g, err := opened(t, path, size)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if g.HasSymbols() || !slices.Equal(describe(g), describe(f)) {
		t.Errorf("symbols: %t, %d functions of %d", g.HasSymbols(), len(g.Funcs), len(f.Funcs))
	}
}

// An inlined call whose place is in its own code would contain itself.
func TestCyclicInlining(t *testing.T) {
	for _, v := range []variant{{}, {toolchain: "go1.17.13"}} {
		f := open(t, v)
		fn := function(t, f, "main.caller")
		tree, ok := f.inlTree(fn)
		if !ok {
			t.Fatal("main.caller has no table of inlined calls")
		}
		inside, deepest := fn.Entry, int32(-1)
		for pc := fn.Entry; pc < fn.End; pc++ {
			if ix := f.pcdata(fn, pcdataInlTree, pc); ix > deepest {
				inside, deepest = pc, ix
			}
		}
		g := changed(t, f, func(data []byte) {
			for ix := range uint64(deepest) + 1 {
				at := fileOffset(t, f, tree+ix*f.pcln.inlined.size+f.pcln.inlined.parentPC)
				binary.LittleEndian.PutUint32(data[at:], uint32(inside-fn.Entry))
			}
		})
		fn = function(t, g, "main.caller")
		if at := g.Position(fn, inside); len(at) != 2 || at[1].Func != "main.caller" {
			t.Errorf("%s: %v, want one call and main.caller", v, at)
		}
	}
}

// Tables and names without an end.
func TestEndless(t *testing.T) {
	fn := &Func{Entry: 0x1000, End: 0x2000}
	for name, table := range map[string][]byte{
		"runs of no code":          bytes.Repeat([]byte{2, 0}, 1<<20),
		"runs behind the function": bytes.Repeat([]byte{2, 0x80, 0x10}, 1<<20),
		"a run that wraps":         append([]byte{2}, binary.AppendUvarint(nil, math.MaxUint64)...),
		"a number without end":     bytes.Repeat([]byte{0x80}, 1<<20),
	} {
		f := &File{Order: binary.LittleEndian, pcln: pclntab{quantum: 4, pctab: append([]byte{0}, table...)}}
		steps := 0
		for it := f.pcIter(1, fn); it.next(); steps++ {
			if it.pc <= fn.Entry {
				t.Errorf("%s: a run ends at %#x", name, it.pc)
			}
		}
		if steps > 0x1000 {
			t.Errorf("%s: %d runs in 4096 bytes of code", name, steps)
		}
	}
	if n := len(str(bytes.Repeat([]byte{'x'}, 1<<20), 5)); n != maxName {
		t.Errorf("a name without end has %d bytes", n)
	}
}

// A file that is cut short while it is open stays readable: it is in memory. One
// that is cut short while it is read is an error.
func TestCutShort(t *testing.T) {
	whole := open(t, variant{flags: stripped})
	data := content(t, whole.Path)
	path := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	use(t, f, 1)
	if !slices.Equal(describe(f), describe(whole)) {
		t.Error("functions differ once the file is cut short")
	}
	for _, n := range []int{0, 30, 100, 1000, len(data) / 4, len(data) / 2} {
		g := &File{}
		err := g.load(io.NewSectionReader(bytes.NewReader(data), 0, int64(n)), int64(len(data)))
		g.Close()
		if !errors.Is(err, ErrNotGo) {
			t.Errorf("cut to %d bytes while it is read: error %v, want ErrNotGo", n, err)
		}
	}
}

// A large program takes the memory that its segments measure, and little else.
// With -long it has more than 100 MB.
func TestLarge(t *testing.T) {
	lines := 1 << 20
	if *long {
		lines <<= 4
	}
	filler := bytes.Repeat([]byte("filler\n"), lines)
	path := compile(t, variant{}, t.TempDir(), map[string][]byte{
		"filler":    filler,
		"filler.go": []byte("package main\n\nimport _ \"embed\"\n\n//go:embed filler\nvar filler string\n\nfunc init() { println(filler) }\n"),
	})
	var before, after runtime.MemStats
	memory(t)
	start := memory(t)
	runtime.ReadMemStats(&before)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
		t.Errorf("%d bytes were allocated for the tables", n)
	}
	if grown := memory(t) - start; grown > uint64(len(filler))+32<<20 {
		t.Errorf("the process grew by %d bytes", grown)
	}
	if fn := function(t, f, "main.main"); f.Position(fn, fn.Entry)[0].Line == 0 {
		t.Errorf("main.main is at %v", f.Position(fn, fn.Entry))
	}
}
