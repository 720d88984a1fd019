package gobin

import (
	"bytes"
	"encoding/binary"
)

// A format is what differs between releases in the line table, which the linker
// writes (cmd/link/internal/ld/pcln.go) and the runtime reads (runtime/symtab.go,
// runtime/symtabinl.go, runtime/runtime2.go, internal/abi/symtab.go): a header,
// then the tables that the header's offsets point to. The header starts with a
// magic number, two zeros, the least size of an instruction and that of a
// pointer. Words follow: the number of functions, the number of files, (since Go
// 1.18) where the text starts, and the five offsets.
type format struct {
	magic    uint32
	words    int    // in the header
	entry    uint64 // bytes of a function's entry in the list, and as many of its record's place
	absolute bool   // an entry is an address, and not an offset from the start of the text
	shift    uint64 // bytes by which a record's fields are behind those of Go 1.18
	record   uint64 // bytes of a record before its variable part
	funcdata uint64 // bytes of each item of function data: an address, or an offset
	inlined  inlined
}

// An inlined says where an entry of a table of inlined calls has what, in bytes.
type inlined struct{ size, name, parentPC uint64 }

const (
	magicGo116 = 0xfffffffa
	magicGo118 = 0xfffffff0
	magicGo120 = 0xfffffff1
)

var formats = []format{
	{magic: magicGo120, words: 8, entry: 4, record: 44, funcdata: 4, inlined: inlined{16, 4, 8}},
	{magic: magicGo118, words: 8, entry: 4, record: 40, funcdata: 4, inlined: inlined{20, 12, 16}},
	{magic: magicGo116, words: 7, entry: 8, record: 44, funcdata: 8, inlined: inlined{20, 12, 16}, absolute: true, shift: 4},
}

// formatOf returns the format of a magic number. Garble puts another number in
// its place for each build and leaves the rest, which is that of a recent Go.
func formatOf(magic uint32) *format {
	for i := range formats {
		if formats[i].magic == magic {
			return &formats[i]
		}
	}
	return &formats[0]
}

// A pclntab is the line table, cut into its parts.
type pclntab struct {
	*format
	addr    uint64
	quantum uint64 // the least size of an instruction
	nfunc   uint64

	names, cutab, files, pctab, funcs []byte
}

// readHeader reads the header at addr, and returns the offsets of the table's
// parts from there: names, units, files, values, functions.
func (f *File) readHeader(addr uint64) (t pclntab, parts [5]uint64, ok bool) {
	const most = 8 + 8*8
	b := f.Bytes(addr, most)
	if b == nil {
		return t, parts, false
	}
	quantum := map[string]byte{"amd64": 1, "arm64": 4}[f.Arch]
	if b[4] != 0 || b[5] != 0 || b[6] != quantum || b[7] != 8 {
		return t, parts, false
	}
	t = pclntab{format: formatOf(f.Order.Uint32(b)), addr: addr, quantum: uint64(quantum), nfunc: f.Order.Uint64(b[8:])}
	for i := range parts {
		parts[i] = f.Order.Uint64(b[8*(1+t.words-len(parts)+i):])
	}
	return t, parts, true
}

// entryAt returns the address of the function of that index; that of nfunc is
// the end of the last one.
func (f *File) entryAt(t *pclntab, text, i uint64) uint64 {
	b := t.funcs[2*t.entry*i:]
	if t.absolute {
		return f.Order.Uint64(b)
	}
	return text + uint64(f.Order.Uint32(b))
}

// recordAt returns the place of the record of the function of that index.
func (f *File) recordAt(t *pclntab, i uint64) uint64 {
	b := t.funcs[2*t.entry*i+t.entry:]
	if t.absolute {
		return f.Order.Uint64(b)
	}
	return uint64(f.Order.Uint32(b))
}

// maxName is more than names take: the compiler shortens those that it makes.
const maxName = 16 << 10

// str returns the zero-terminated string at off, of which it takes maxName bytes.
func str(b []byte, off uint64) string {
	if off >= uint64(len(b)) {
		return ""
	}
	b = b[off:]
	b = b[:min(len(b), maxName)]
	before, _, _ := bytes.Cut(b, []byte{0})
	return string(before)
}

// A pcIter walks a pc-value table: runs of code with one value each, as
// differences in variable-length integers (runtime.step).
type pcIter struct {
	rest    []byte
	value   int32
	pc      uint64 // the end of the current run
	end     uint64 // of the function
	quantum uint64
	first   bool
}

func (f *File) pcIter(off uint32, fn *Func) pcIter {
	it := pcIter{value: -1, pc: fn.Entry, end: fn.End, quantum: f.pcln.quantum, first: true}
	if off != 0 && uint64(off) < uint64(len(f.pcln.pctab)) {
		it.rest = f.pcln.pctab[off:]
	}
	return it
}

// next advances to the next run: value holds up to pc. A run has code, and
// starts in the function; else the table is damaged, and need not have an end.
func (it *pcIter) next() bool {
	delta, n := binary.Uvarint(it.rest)
	if n <= 0 || delta == 0 && !it.first || it.pc >= it.end {
		return false
	}
	it.first = false
	it.rest = it.rest[n:]
	run, n := binary.Uvarint(it.rest)
	if n <= 0 || run == 0 || run > it.end-it.pc {
		return false
	}
	it.rest = it.rest[n:]
	it.value += int32(uint32(delta>>1) ^ -uint32(delta&1))
	it.pc += run * it.quantum
	return true
}

// pcValue returns the value that the table at off has at pc, -1 where none.
func (f *File) pcValue(off uint32, fn *Func, pc uint64) int32 {
	it := f.pcIter(off, fn)
	for it.next() {
		if pc < it.pc {
			return it.value
		}
	}
	return -1
}
