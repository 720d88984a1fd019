package gobin

import (
	"bytes"
	"fmt"
)

// A Module is what the runtime knows of the ranges of its own image
// (runtime.moduledata).
type Module struct {
	Addr      uint64
	Text      Range
	Data      []Range // with initial contents: noptrdata, data
	Zero      []Range // that starts as zero: bss, noptrbss
	Types     Range   // type descriptors
	ROData    uint64  // start of the read-only data
	GoFunc    uint64  // start of the function data, inlining trees among it
	Itabs     Range   // where the linker keeps the itabs together (Go 1.27)
	ItabLinks Range   // the slice of pointers to itabs (up to Go 1.26)
}

// Words of moduledata, from its start. The start has been the same since Go
// 1.18: a pointer to the table, five slices of its parts, the slice of
// functions, findfunctab, minpc, maxpc, then the ranges.
const (
	mdMinPC = 20
	mdText  = 22
	mdRange = 24 // noptrdata, data, bss, noptrbss; two words each

	// moduleSize is the part that is read, and the least that it measures.
	moduleSize = 56 * 8
)

// loadModule finds the module data by its pointer to the line table.
func (f *File) loadModule() error {
	var pattern [8]byte
	f.Order.PutUint64(pattern[:], f.pcln.addr)
	for i := range f.segments {
		s := &f.segments[i]
		for at := 0; ; {
			n := bytes.Index(s.bytes[at:], pattern[:])
			if n < 0 {
				break
			}
			addr := s.addr + uint64(at+n)
			if addr%8 == 0 && f.tryModule(addr) {
				return nil
			}
			at += n + 1
		}
	}
	return fmt.Errorf("%w: its runtime's module data was not found (is it packed or encrypted?)", ErrNotGo)
}

func (f *File) tryModule(addr uint64) bool {
	b := f.Bytes(addr, moduleSize)
	if b == nil {
		return false
	}
	word := func(i int) uint64 { return f.Order.Uint64(b[8*i:]) }
	nrange := func(i int) Range { return Range{word(i), word(i + 1)} }

	m := Module{Addr: addr, Text: nrange(mdText)}
	// The first function of the table must be at minpc, which lies in the text.
	first := m.Text.Start + uint64(f.Order.Uint32(f.pcln.funcs))
	if word(mdMinPC) != first || m.Text.Start > first || m.Text.Start >= m.Text.End || !f.Mapped(m.Text.Start) {
		return false
	}
	at := mdRange
	m.Data = []Range{nrange(at), nrange(at + 2)}
	m.Zero = []Range{nrange(at + 4), nrange(at + 6)}
	at += 8
	if f.pcln.magic == magicGo120 {
		m.Zero = append(m.Zero, nrange(at)) // coverage counters
		at += 2
	}
	at += 3 // end, gcdata, gcbss
	if !m.setTypes(f, word, at) {
		return false
	}
	for _, r := range append(append([]Range{m.Types}, m.Data...), m.Zero...) {
		if r.Start > r.End || r.Start != r.End && (!f.Mapped(r.Start) || !f.Mapped(r.End-1)) {
			return false
		}
	}
	if f.Bytes(m.Types.Start, m.Types.End-m.Types.Start) == nil {
		return false
	}
	f.Module = m
	return true
}

// setTypes reads the ranges from types on. Go 1.27 put the length of the type
// descriptors between the two ends, and the itabs' place after them.
func (m *Module) setTypes(f *File, word func(int) uint64, at int) bool {
	m.Types.Start = word(at)
	if end := word(at + 2); end >= m.Types.Start {
		size, itabs, itabSize := end-m.Types.Start, word(at+3), word(at+4)
		if word(at+1) <= size && itabs <= size && itabSize <= size-itabs && f.Mapped(word(at+5)) && f.Mapped(word(at+6)) {
			m.Types.End, m.ROData, m.GoFunc = end, word(at+5), word(at+6)
			m.Itabs = Range{m.Types.Start + itabs, m.Types.Start + itabs + itabSize}
			return true
		}
	}
	m.Types.End, m.ROData, m.GoFunc = word(at+1), word(at+2), word(at+3)
	return f.Mapped(m.ROData) && f.Mapped(m.GoFunc)
}
