package gobin

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The line table, as the linker writes it (cmd/link/internal/ld/pcln.go) and
// the runtime reads it (runtime/symtab.go, internal/abi/symtab.go): a header,
// then the tables that the header's offsets point to. Its magic number tells
// the format; the ones here are those of Go 1.18 and later, in which functions
// are offsets from the start of the text.
const (
	magicGo118 = 0xfffffff0
	magicGo120 = 0xfffffff1
)

// A pclntab is the line table, cut into its parts.
type pclntab struct {
	addr  uint64
	bytes []byte // from the header to the end of the segment
	magic uint32
	nfunc uint64

	names, cutab, files, pctab, funcs []byte
}

const pcHeaderWords = 8 // counts and offsets that follow the first eight bytes

// loadPclntab finds the line table: by its section, or, where section names
// are gone, by its magic number on the alignment that the linker gives it.
func (f *File) loadPclntab() error {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if s := f.elf.Section(name); s != nil {
			if f.tryPclntab(s.Addr) {
				return nil
			}
		}
	}
	for i := range f.segments {
		s := &f.segments[i]
		for _, magic := range []uint32{magicGo120, magicGo118} {
			var pattern [6]byte
			f.Order.PutUint32(pattern[:], magic) // two zero bytes follow
			for at := 0; ; {
				n := bytes.Index(s.bytes[at:], pattern[:])
				if n < 0 {
					break
				}
				if f.tryPclntab(s.addr + uint64(at+n)) {
					return nil
				}
				at += n + 1
			}
		}
	}
	return fmt.Errorf("%w: no Go line table of Go 1.18 or later in it (is it a C program, or packed?)", ErrNotGo)
}

func (f *File) tryPclntab(addr uint64) bool {
	b := f.From(addr)
	if len(b) < 8+pcHeaderWords*8 {
		return false
	}
	t := pclntab{addr: addr, bytes: b, magic: f.Order.Uint32(b)}
	if t.magic != magicGo118 && t.magic != magicGo120 {
		return false
	}
	if b[4] != 0 || b[5] != 0 || b[7] != 8 || b[6] != 1 && b[6] != 4 {
		return false
	}
	word := func(i int) uint64 { return f.Order.Uint64(b[8+8*i:]) }
	t.nfunc = word(0)
	part := func(i int) []byte {
		if off := word(i); off < uint64(len(b)) {
			return b[off:]
		}
		return nil
	}
	t.names, t.cutab, t.files, t.pctab, t.funcs = part(3), part(4), part(5), part(6), part(7)
	if t.names == nil || t.cutab == nil || t.files == nil || t.pctab == nil || t.funcs == nil {
		return false
	}
	if t.nfunc == 0 || t.nfunc > uint64(len(t.funcs))/8-1 {
		return false
	}
	f.pcln = t
	return true
}

// str returns the zero-terminated string at off.
func str(b []byte, off uint64) string {
	if off >= uint64(len(b)) {
		return ""
	}
	b = b[off:]
	if before, _, ok := bytes.Cut(b, []byte{0}); ok {
		return string(before)
	}
	return ""
}

// A pcIter walks a pc-value table: runs of code with one value each, as
// differences in variable-length integers (runtime.step).
type pcIter struct {
	rest    []byte
	value   int32
	pc      uint64 // the end of the current run
	quantum uint64
	first   bool
}

func (f *File) pcIter(off uint32, entry uint64) pcIter {
	it := pcIter{value: -1, pc: entry, quantum: uint64(f.pcln.bytes[6]), first: true}
	if off != 0 && uint64(off) < uint64(len(f.pcln.pctab)) {
		it.rest = f.pcln.pctab[off:]
	}
	return it
}

// next advances to the next run: value holds up to pc.
func (it *pcIter) next() bool {
	delta, n := binary.Uvarint(it.rest)
	if n <= 0 || delta == 0 && !it.first {
		return false
	}
	it.first = false
	it.rest = it.rest[n:]
	run, n := binary.Uvarint(it.rest)
	if n <= 0 {
		return false
	}
	it.rest = it.rest[n:]
	it.value += int32(uint32(delta>>1) ^ -uint32(delta&1))
	it.pc += run * it.quantum
	return true
}

// pcValue returns the value that the table at off has at pc, -1 where none.
func (f *File) pcValue(off uint32, entry, pc uint64) int32 {
	it := f.pcIter(off, entry)
	for it.next() {
		if pc < it.pc {
			return it.value
		}
	}
	return -1
}
