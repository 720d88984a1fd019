package gobin

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// A patch is bytes that replace those at an offset of a file.
type patch struct {
	off   uint64
	bytes []byte
}

// patched is a file with patches.
type patched struct {
	file    *bytes.Reader
	patches []patch
}

func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.file.ReadAt(b, off)
	for _, q := range p.patches {
		for i, v := range q.bytes {
			if at := int64(q.off) + int64(i) - off; at >= 0 && at < int64(n) {
				b[at] = v
			}
		}
	}
	return n, err
}

// A subject is a program with the parts of its file that are patched.
type subject struct {
	data  []byte
	parts []Range // of the file
}

// patches reads patches from what the fuzzer makes up: in turn the place in the
// parts, a length and a value.
func (s *subject) patches(input []byte) []patch {
	const most, size = 8, 4 + 1 + 8
	total := uint64(0)
	for _, part := range s.parts {
		total += part.End - part.Start
	}
	var out []patch
	for ; len(input) >= size && len(out) < most; input = input[size:] {
		at := uint64(binary.LittleEndian.Uint32(input)) % total
		for _, part := range s.parts {
			if n := part.End - part.Start; at >= n {
				at -= n
				continue
			}
			n := 1 + input[4]%8
			out = append(out, patch{part.Start + at, input[5 : 5+n]})
			break
		}
	}
	return out
}

// fuzz patches parts of programs: what comes of it is an error or can be used.
func fuzz(f *testing.F, variants []variant, parts func(f *File, file *elf.File) []Range) {
	var subjects []subject
	for _, v := range variants {
		if v.env == withC {
			if _, err := exec.LookPath("gcc"); err != nil {
				f.Logf("without the program that gcc links: %v", err)
				continue
			}
		}
		g := open(f, v)
		s := subject{content(f, g.Path), parts(g, elfOf(f, g.Path))}
		offset := uint32(0)
		for _, part := range s.parts {
			for _, word := range []uint64{0, 1<<63 - 1} {
				for _, at := range []uint32{8, 40} {
					seed := binary.LittleEndian.AppendUint32(nil, offset+at)
					f.Add(byte(len(subjects)), binary.LittleEndian.AppendUint64(append(seed, 7), word))
				}
			}
			offset += uint32(part.End - part.Start)
		}
		subjects = append(subjects, s)
	}
	f.Fuzz(func(t *testing.T, which byte, input []byte) {
		s := &subjects[int(which)%len(subjects)]
		file := &File{Path: "patched"}
		defer file.Close()
		err := file.load(&patched{bytes.NewReader(s.data), s.patches(input)}, int64(len(s.data)))
		if err == nil {
			use(t, file, 31)
		} else if !errors.Is(err, ErrNotGo) {
			t.Errorf("%v does not wrap ErrNotGo", err)
		}
	})
}

// use asks for everything that a file says, of each of its step-th functions and
// words.
func use(t testing.TB, f *File, step int) {
	t.Helper()
	last := uint64(0)
	for i := range f.Funcs {
		fn := &f.Funcs[i]
		if fn.Entry < last || fn.End <= fn.Entry {
			t.Fatalf("function %d is [%#x, %#x), the one before ends at %#x", i, fn.Entry, fn.End, last)
		}
		last = fn.End
		if i%step == 0 {
			useFunc(t, f, i)
		}
	}
	i := 0
	for addr, word := range f.Words() {
		if i++; i%step != 0 {
			continue
		}
		if w, ok := f.Word(addr); !ok || w != word {
			t.Fatalf("the word at %#x is %#x, %t, and not %#x", addr, w, ok, word)
		}
		f.SymbolAt(word)
		f.Initial(word, 8)
		f.ReadOnly(word)
		f.IsVariable(word)
	}
	last = 0
	for _, r := range f.Executable() {
		if r.Start < last || f.Bytes(r.Start, r.End-r.Start) == nil {
			t.Fatalf("code at %#x behind %#x", r, last)
		}
		last = r.End
	}
}

// useFunc asks for everything that a file says about a function.
func useFunc(t testing.TB, f *File, i int) {
	t.Helper()
	fn := &f.Funcs[i]
	if f.FuncAt(fn.Entry) != i || f.FuncAt(fn.End-1) != i || uint64(len(f.Code(fn))) != fn.End-fn.Entry {
		t.Fatalf("function %d, [%#x, %#x), is not at its own addresses", i, fn.Entry, fn.End)
	}
	if n := len(f.Name(fn)); n > maxName {
		t.Fatalf("a name of %d bytes", n)
	}
	f.ArgsSize(fn)
	f.DeferReturn(fn)
	f.SetsSP(fn)
	f.Asm(fn)
	f.Position(fn, fn.Entry)
	f.Position(fn, (fn.Entry+fn.End)/2)
	frames := f.Frames(fn)
	for pc := fn.Entry; pc < fn.End; pc += 7 {
		frames.At(pc)
	}
}

// The programs that are patched: all forms of the tables.
var (
	fuzzed         = []variant{{}, {flags: stripped}, {flags: pie, toolchain: "go1.17.13"}, {flags: stripped, env: arm64}}
	fuzzedPosition = []variant{{flags: pie}, {flags: pie, env: arm64}, {flags: packed + " " + pie, env: withC}, {flags: pie, toolchain: "go1.17.13"}}
)

func FuzzHeaders(f *testing.F) {
	fuzz(f, append(fuzzed, fuzzedPosition...), func(g *File, file *elf.File) []Range {
		data := content(f, g.Path)
		sections := g.Order.Uint64(data[40:])
		return []Range{{0, ehdrSize}, {ehdrSize, ehdrSize + phdrSize*uint64(len(file.Progs))}, {sections, sections + shdrSize*uint64(len(file.Sections))}}
	})
}

func FuzzLineTable(f *testing.F) {
	fuzz(f, fuzzed, func(g *File, _ *elf.File) []Range {
		start := fileOffset(f, g, g.pcln.addr)
		parts := []Range{{start, start + 72}}
		for name, part := range map[string][]byte{"units": g.pcln.cutab, "values": g.pcln.pctab, "functions": g.pcln.funcs} {
			start := fileOffset(f, g, g.partAddr(name))
			parts = append(parts, Range{start, start + uint64(len(part))})
		}
		if tree, ok := g.inlTree(function(f, g, "main.caller")); ok {
			start := fileOffset(f, g, tree)
			parts = append(parts, Range{start, start + 2*g.pcln.inlined.size})
		}
		return parts
	})
}

func FuzzModule(f *testing.F) {
	fuzz(f, append(fuzzed, fuzzedPosition[0]), func(g *File, _ *elf.File) []Range {
		start := fileOffset(f, g, g.Module.Addr)
		return []Range{{start, start + moduleSize}}
	})
}

func FuzzRelocations(f *testing.F) {
	fuzz(f, fuzzedPosition, func(_ *File, file *elf.File) []Range {
		const relr elf.SectionType = 19 // SHT_RELR
		var parts []Range
		for _, s := range file.Sections {
			switch s.Type {
			case elf.SHT_DYNAMIC, elf.SHT_RELA, elf.SHT_DYNSYM, relr:
				if s.Size > 0 {
					parts = append(parts, Range{s.Offset, s.Offset + s.Size})
				}
			}
		}
		return parts
	})
}

func FuzzSymbols(f *testing.F) {
	fuzz(f, []variant{{}, {env: arm64}}, func(_ *File, file *elf.File) []Range {
		var parts []Range
		for _, s := range file.Sections {
			if s.Type == elf.SHT_SYMTAB || s.Name == ".strtab" {
				parts = append(parts, Range{s.Offset, s.Offset + s.Size})
			}
		}
		return parts
	})
}

func FuzzBuildInfo(f *testing.F) {
	fuzz(f, fuzzed, func(_ *File, file *elf.File) []Range {
		var parts []Range
		for _, s := range file.Sections {
			if s.Type == elf.SHT_NOTE || strings.HasPrefix(s.Name, ".go.buildinfo") {
				parts = append(parts, Range{s.Offset, s.Offset + s.Size})
			}
		}
		return parts
	})
}
