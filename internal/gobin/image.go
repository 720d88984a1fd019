package gobin

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"sort"
)

// at returns the segment that contains addr, or nil.
func (f *File) at(addr uint64) *segment {
	i := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].addr > addr }) - 1
	if i < 0 || addr >= f.segments[i].end() {
		return nil
	}
	return &f.segments[i]
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
	s := f.at(addr)
	if s == nil || addr-s.addr >= uint64(len(s.bytes)) {
		return nil
	}
	return s.bytes[addr-s.addr:]
}

// Initial returns the value of size bytes (1, 2, 4 or 8) that memory at addr
// has when the program starts: from the file, or zero where the segment says so.
func (f *File) Initial(addr uint64, size uint8) (uint64, bool) {
	s := f.at(addr)
	if s == nil {
		return 0, false
	}
	var word [8]byte
	if off := addr - s.addr; off < uint64(len(s.bytes)) {
		copy(word[:min(size, 8)], s.bytes[off:])
	}
	return binary.LittleEndian.Uint64(word[:]), true
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
func (f *File) Mapped(addr uint64) bool { return f.at(addr) != nil }

// Span returns the range from the image's first byte to its last. It has gaps.
func (f *File) Span() Range {
	return Range{f.segments[0].addr, f.segments[len(f.segments)-1].end()}
}

// Executable returns the ranges of the image that may be run, by address. Where
// the file has no section headers these are its executable segments, without
// the headers and notes in them.
func (f *File) Executable() []Range {
	if f.code != nil {
		return f.code
	}
	var out []Range
	for i := range f.segments {
		if s := &f.segments[i]; s.exec {
			out = append(out, without(Range{s.addr, s.addr + uint64(len(s.bytes))}, f.headers)...)
		}
	}
	return out
}

// ReadOnly reports whether addr lies in a part of the image that the program
// cannot write to once it runs: what the dynamic loader relocates and then
// protects is such a part.
func (f *File) ReadOnly(addr uint64) bool {
	s := f.at(addr)
	return s != nil && (!s.write || within(addr, f.relro))
}

// Words yields every aligned word of the image that can be an address of the
// image, with its own address. The code is not left out: a linker may put
// constant data into the same segment. The file's own headers are left out, and
// what only the runtime's look-up of functions reads. In a position-independent
// program only a relocation can make an address: words without one are left out
// there.
func (f *File) Words() iter.Seq2[uint64, uint64] {
	skip := append(slices.Clone(f.headers), f.entryTable())
	slices.SortFunc(skip, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	return func(yield func(addr, word uint64) bool) {
		for i := range f.segments {
			s := &f.segments[i]
			for _, part := range without(Range{s.addr, s.addr + uint64(len(s.bytes))}, skip) {
				if f.PIE && !s.relocated(f.Order, part, yield) || !f.PIE && !s.words(f.Order, part, yield) {
					return
				}
			}
		}
	}
}

// words yields the aligned words in a part of the segment.
func (s *segment) words(order binary.ByteOrder, part Range, yield func(addr, word uint64) bool) bool {
	for addr := (part.Start + 7) &^ 7; addr+8 <= part.End; addr += 8 {
		if !yield(addr, order.Uint64(s.bytes[addr-s.addr:])) {
			return false
		}
	}
	return true
}

// Pointers returns every word of the data that may be the address of a
// variable. The runtime's own list of its data's ranges is left out: through
// it memory is only read.
func (f *File) Pointers() []uint64 {
	var out []uint64
	m := &f.Module
	list := Range{m.Addr, m.Addr + moduleSize}
	for addr, v := range f.Words() {
		if v != 0 && f.IsVariable(v) && !list.Contains(addr) {
			out = append(out, v)
		}
	}
	return out
}

// within reports whether addr lies in one of the ranges.
func within(addr uint64, ranges []Range) bool {
	for _, r := range ranges {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

// IsVariable reports whether addr lies in the program's variables.
func (f *File) IsVariable(addr uint64) bool {
	return within(addr, f.Module.Data) || within(addr, f.Module.Zero)
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

// FindWord returns the addresses of the words, among those of Words, that hold a
// value.
func (f *File) FindWord(value uint64) []uint64 {
	var word [8]byte
	f.Order.PutUint64(word[:], value)
	var out []uint64
	for addr := range f.Find(word[:]) {
		if addr%8 == 0 && (!f.PIE || f.at(addr).isMarked(addr)) {
			out = append(out, addr)
		}
	}
	return out
}
