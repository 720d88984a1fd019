// Package gobin reads what a Go executable says about itself: its memory
// image, its functions with their names and lines, and the ranges of its data.
// It needs no symbol table: everything comes from the tables that the runtime
// uses itself, which stripping leaves in place.
package gobin

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime/debug"
	"slices"
)

// A File is an opened Go executable. Its methods are safe for use by many
// goroutines; none of them may be called after Close.
type File struct {
	Path      string
	Arch      string // GOARCH's name
	GoVersion string // of the toolchain that built it, "go1.26.8"
	Entry     uint64 // where the kernel, or the dynamic loader, starts it
	PIE       bool   // position independent: loaded anywhere
	Interp    string // the dynamic loader that it names, "" where there is none
	BuildInfo *debug.BuildInfo
	BuildID   string // the Go build ID, "" where there is none

	Order  binary.ByteOrder
	Module Module // what the runtime's module data says
	Funcs  []Func // every Go function, by address

	elf      *elf.File
	data     []byte // the whole file, private to this process
	unmap    func() error
	segments []segment
	pcln     pclntab
	symbols  []Symbol // data symbols by address, where the file has them
	reach    []uint64 // how far any of the symbols up to the one of that index extends
}

// A segment is a piece of the memory image that comes from the file.
type segment struct {
	addr  uint64
	bytes []byte
	exec  bool
	write bool
	zero  uint64 // bytes after those that start as zero
}

// A Range is a half-open range of addresses.
type Range struct{ Start, End uint64 }

// Contains reports whether the address lies in the range.
func (r Range) Contains(addr uint64) bool { return r.Start <= addr && addr < r.End }

// ErrNotGo means that a file is not a Go executable for Linux that can be read.
var ErrNotGo = errors.New("not a Go executable")

// Open reads a Go executable. The error says what is wrong with the file: it
// wraps ErrNotGo where it is no Go program, an *os.PathError where it cannot
// be read.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is not a regular file", path, ErrNotGo)
	}
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	f := &File{Path: path, data: data, unmap: unmap}
	if err := f.load(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Close releases the file.
func (f *File) Close() error {
	if f.unmap == nil {
		return nil
	}
	unmap := f.unmap
	f.unmap = nil
	return unmap()
}

func (f *File) load() error {
	if err := f.loadELF(); err != nil {
		return err
	}
	if err := f.relocate(); err != nil {
		return err
	}
	if bi, err := buildinfo.Read(bytes.NewReader(f.data)); err == nil {
		f.BuildInfo, f.GoVersion = bi, bi.GoVersion
		for _, s := range bi.Settings {
			if s.Key == "GOOS" && s.Value != "linux" {
				return fmt.Errorf("%w for Linux: it was built for %s", ErrNotGo, s.Value)
			}
		}
	}
	if err := f.loadPclntab(); err != nil {
		return err
	}
	if err := f.loadModule(); err != nil {
		return err
	}
	if err := f.loadFuncs(); err != nil {
		return err
	}
	f.loadSymbols()
	return nil
}

func (f *File) loadELF() error {
	if len(f.data) < 4 || string(f.data[:4]) != elf.ELFMAG {
		return fmt.Errorf("%w: it does not start with an ELF header", ErrNotGo)
	}
	ef, err := elf.NewFile(bytes.NewReader(f.data))
	if err != nil {
		return fmt.Errorf("%w: damaged or truncated ELF file: %v", ErrNotGo, err)
	}
	if ef.Type != elf.ET_EXEC && ef.Type != elf.ET_DYN {
		return fmt.Errorf("%w: it is an ELF file of type %s, not a program", ErrNotGo, ef.Type)
	}
	switch ef.Machine {
	case elf.EM_X86_64:
		f.Arch = "amd64"
	default:
		return fmt.Errorf("%w that can be analysed: it is for %s, and only amd64 is supported so far", ErrNotGo, ef.Machine)
	}
	if ef.OSABI != elf.ELFOSABI_NONE && ef.OSABI != elf.ELFOSABI_LINUX {
		return fmt.Errorf("%w for Linux: it is for another system (%s)", ErrNotGo, ef.OSABI)
	}
	f.elf, f.Order, f.Entry, f.PIE = ef, ef.ByteOrder, ef.Entry, ef.Type == elf.ET_DYN
	size := uint64(len(f.data))
	for _, p := range ef.Progs {
		if p.Off > size || p.Filesz > size-p.Off {
			if p.Type == elf.PT_LOAD {
				return fmt.Errorf("%w: truncated: a segment ends at byte %d of %d", ErrNotGo, p.Off+p.Filesz, size)
			}
			continue
		}
		body := f.data[p.Off : p.Off+p.Filesz]
		switch p.Type {
		case elf.PT_INTERP:
			f.Interp = string(bytes.TrimRight(body, "\x00"))
		case elf.PT_LOAD:
			if p.Memsz < p.Filesz || p.Vaddr+p.Memsz < p.Vaddr {
				return fmt.Errorf("%w: damaged: the segment at %#x has impossible sizes", ErrNotGo, p.Vaddr)
			}
			f.segments = append(f.segments, segment{
				addr: p.Vaddr, bytes: body,
				exec: p.Flags&elf.PF_X != 0, write: p.Flags&elf.PF_W != 0,
				zero: p.Memsz - p.Filesz,
			})
		}
	}
	slices.SortFunc(f.segments, func(a, b segment) int {
		if a.addr < b.addr {
			return -1
		}
		return 1
	})
	if len(f.segments) == 0 {
		return fmt.Errorf("%w: it has no segment to load", ErrNotGo)
	}
	return nil
}

// Bytes returns the n bytes of the image that start at addr, or nil where the
// file does not hold them all. They must not be changed.
func (f *File) Bytes(addr, n uint64) []byte {
	b := f.From(addr)
	if uint64(len(b)) < n {
		return nil
	}
	return b[:n:n]
}

// From returns the bytes of the image from addr to the end of its segment.
func (f *File) From(addr uint64) []byte {
	for i := range f.segments {
		s := &f.segments[i]
		if addr >= s.addr && addr-s.addr < uint64(len(s.bytes)) {
			return s.bytes[addr-s.addr:]
		}
	}
	return nil
}

// Initial returns the value of size bytes (1, 2, 4 or 8) that memory at addr
// has when the program starts: from the file, or zero where the segment says so.
func (f *File) Initial(addr uint64, size uint8) (uint64, bool) {
	for i := range f.segments {
		s := &f.segments[i]
		if addr < s.addr || addr-s.addr >= uint64(len(s.bytes))+s.zero {
			continue
		}
		var word [8]byte
		if off := addr - s.addr; off < uint64(len(s.bytes)) {
			copy(word[:min(size, 8)], s.bytes[off:])
		}
		return binary.LittleEndian.Uint64(word[:]), true
	}
	return 0, false
}

// Word returns the pointer-sized word at addr.
func (f *File) Word(addr uint64) (uint64, bool) {
	b := f.Bytes(addr, 8)
	if b == nil {
		return 0, false
	}
	return f.Order.Uint64(b), true
}

// Mapped reports whether addr lies in the program's image.
func (f *File) Mapped(addr uint64) bool {
	_, ok := f.Initial(addr, 1)
	return ok
}

// Executable returns the ranges of the image that may be run, by address.
func (f *File) Executable() []Range {
	var out []Range
	for _, s := range f.elf.Sections {
		if s.Type == elf.SHT_PROGBITS && s.Flags&(elf.SHF_EXECINSTR|elf.SHF_ALLOC) == elf.SHF_EXECINSTR|elf.SHF_ALLOC && s.Size > 0 {
			out = append(out, Range{s.Addr, s.Addr + s.Size})
		}
	}
	if out == nil { // no section headers: the segments are all there is
		for _, s := range f.segments {
			if s.exec {
				out = append(out, Range{s.addr, s.addr + uint64(len(s.bytes))})
			}
		}
	}
	slices.SortFunc(out, func(a, b Range) int {
		if a.Start < b.Start {
			return -1
		}
		return 1
	})
	return out
}

// relocate writes the words that a position-independent program's loader would
// write, relative to address 0, into the private copy of the image.
func (f *File) relocate() error {
	if f.elf.Type != elf.ET_DYN {
		return nil
	}
	for _, s := range f.elf.Sections {
		switch s.Type {
		case elf.SHT_RELA:
			if s.Flags&elf.SHF_ALLOC == 0 {
				continue
			}
			if err := f.applyRela(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *File) applyRela(s *elf.Section) error {
	const entry = 24
	b, err := io.ReadAll(s.Open())
	if err != nil {
		return fmt.Errorf("%w: damaged: section %s: %v", ErrNotGo, s.Name, err)
	}
	for ; len(b) >= entry; b = b[entry:] {
		off, info, addend := f.Order.Uint64(b), f.Order.Uint64(b[8:]), f.Order.Uint64(b[16:])
		if elf.R_X86_64(info&0xffffffff) != elf.R_X86_64_RELATIVE {
			continue
		}
		if word := f.Bytes(off, 8); word != nil {
			f.Order.PutUint64(word, addend)
		}
	}
	return nil
}

// ReadOnly reports whether addr lies in a part of the image that the program
// cannot write to.
func (f *File) ReadOnly(addr uint64) bool {
	for i := range f.segments {
		s := &f.segments[i]
		if addr >= s.addr && addr-s.addr < uint64(len(s.bytes))+s.zero {
			return !s.write
		}
	}
	return false
}

// Words yields every aligned word of the image, with its address. The code is
// not left out: a linker may put constant data into the same segment.
func (f *File) Words() iter.Seq2[uint64, uint64] {
	return func(yield func(addr, word uint64) bool) {
		for i := range f.segments {
			s := &f.segments[i]
			for off := -s.addr & 7; off+8 <= uint64(len(s.bytes)); off += 8 {
				if !yield(s.addr+off, f.Order.Uint64(s.bytes[off:])) {
					return
				}
			}
		}
	}
}

// Pointers returns every word of the data that may be the address of a
// variable. The runtime's own list of its data's ranges is left out: through
// it memory is only read.
func (f *File) Pointers() []uint64 {
	var out []uint64
	m := &f.Module
	list := Range{m.Addr, m.Addr + moduleSize}
	headers := f.headers()
	for addr, v := range f.Words() {
		if v != 0 && f.IsVariable(v) && !list.Contains(addr) && !headers.Contains(addr) {
			out = append(out, v)
		}
	}
	return out
}

// headers returns the start of the image, before the first section: the file's
// own headers, which no code reads as data of the program.
func (f *File) headers() Range {
	first := f.segments[0].addr
	end := first
	for _, s := range f.elf.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Addr >= first && (end == first || s.Addr < end) {
			end = s.Addr
		}
	}
	return Range{first, end}
}

// IsVariable reports whether addr lies in the program's variables.
func (f *File) IsVariable(addr uint64) bool {
	for _, r := range f.Module.Data {
		if r.Contains(addr) {
			return true
		}
	}
	for _, r := range f.Module.Zero {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

// Find yields the addresses of all places in the image that hold the pattern.
func (f *File) Find(pattern []byte) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range f.segments {
			s := &f.segments[i]
			for at := 0; ; {
				n := bytes.Index(s.bytes[at:], pattern)
				if n < 0 {
					break
				}
				if !yield(s.addr + uint64(at+n)) {
					return
				}
				at += n + 1
			}
		}
	}
}

// FindWord returns the addresses of all words of the image that hold a value.
func (f *File) FindWord(value uint64) []uint64 {
	var word [8]byte
	f.Order.PutUint64(word[:], value)
	var out []uint64
	for addr := range f.Find(word[:]) {
		if addr%8 == 0 {
			out = append(out, addr)
		}
	}
	return out
}
