package elfimage

import (
	"debug/elf"
	"maps"
)

// A section is a section header: of use where a file still has them.
type section struct {
	Range
	name  uint32 // where it is in the table of names
	typ   elf.SectionType
	flags elf.SectionFlag
	off   uint64
	link  uint32
}

// headers yields the section headers.
func (im *Image) headers(yield func(section) bool) {
	h := im.data
	table := im.file(order.Uint64(h[40:]), uint64(order.Uint16(h[60:]))*64)
	if order.Uint16(h[58:]) != 64 {
		return
	}
	for ; len(table) > 0; table = table[64:] {
		addr, size := order.Uint64(table[16:]), order.Uint64(table[32:])
		s := section{
			Range: Range{addr, addr + size}, name: order.Uint32(table), typ: elf.SectionType(order.Uint32(table[4:])),
			flags: elf.SectionFlag(order.Uint64(table[8:])), off: order.Uint64(table[24:]), link: order.Uint32(table[40:]),
		}
		if !yield(s) {
			return
		}
	}
}

// numbered returns the content of the section of that number.
func (im *Image) numbered(n uint32) []byte {
	for s := range im.headers {
		if n == 0 {
			return im.file(s.off, s.End-s.Start)
		}
		n--
	}
	return nil
}

// named returns the section of that name.
func (im *Image) named(name string) (section, bool) {
	names := im.numbered(uint32(order.Uint16(im.data[62:])))
	for s := range im.headers {
		if text(names, uint64(s.name)) == name {
			return s, true
		}
	}
	return section{}, false
}

// localSymbols returns what the table of symbols for linkers and debuggers defines,
// which stripping removes.
func (im *Image) localSymbols() []Symbol {
	var out []Symbol
	for s := range im.headers {
		if s.typ != elf.SHT_SYMTAB {
			continue
		}
		names, table := im.numbered(s.link), im.file(s.off, s.End-s.Start)
		for ; len(table) >= symbolSize; table = table[symbolSize:] {
			if elf.SectionIndex(order.Uint16(table[6:])) != elf.SHN_UNDEF {
				out = append(out, Symbol{
					Name: text(names, uint64(order.Uint32(table))), Defined: true,
					Type: elf.SymType(table[4] & 15), Bind: elf.SymBind(table[4] >> 4),
					Addr: order.Uint64(table[8:]), Size: order.Uint64(table[16:]),
				})
			}
		}
	}
	return out
}

// Sections yields the sections of memory, with their names. (What threads have zeroed
// is nowhere in memory.)
func (im *Image) Sections(yield func(string, Range) bool) {
	names := im.numbered(uint32(order.Uint16(im.data[62:])))
	for s := range im.headers {
		zeroed := s.typ == elf.SHT_NOBITS && s.flags&elf.SHF_TLS != 0
		if s.flags&elf.SHF_ALLOC != 0 && s.End > s.Start && !zeroed && !yield(text(names, uint64(s.name)), s.Range) {
			return
		}
	}
}

// Local returns the functions of a name, as the table for linkers and debuggers has it.
func (im *Image) Local(name string) []uint64 {
	var out []uint64
	for _, s := range im.localSymbols() {
		if s.Name == name && s.Type == elf.STT_FUNC {
			out = append(out, s.Addr)
		}
	}
	return out
}

// Section returns the section that an address lies in, or the segment where the file
// does not say.
func (im *Image) Section(addr uint64) Range {
	for _, r := range im.Sections {
		if r.Contains(addr) {
			return r
		}
	}
	if s := im.at(addr); s != nil {
		return s.Range
	}
	return Range{}
}

// threadReloc notes a word that says where a variable of each thread lies.
func (im *Image) threadReloc(r Reloc, kind relocKind) {
	switch {
	case kind == relocThreads:
		im.threadsElse = true
	case r.Symbol == 0:
		im.threadWords[r.Addr] = r.Value
	}
}

// ThreadWords returns the words that say where variables of each thread lie that are
// zero at the beginning, with what they say. They are of no use to other images, and
// there is no other way to them.
func (im *Image) ThreadWords() map[uint64]uint64 {
	if im.threadsElse || !im.PIC {
		return nil
	}
	out := maps.Clone(im.threadWords)
	maps.DeleteFunc(out, func(_, off uint64) bool { return off < im.TLS.End-im.TLS.Start })
	for _, s := range im.Symbols {
		if s.Type == elf.STT_TLS && s.Defined {
			maps.DeleteFunc(out, func(_, off uint64) bool { return off < s.Addr+max(s.Size, 8) && s.Addr < off+8 })
		}
	}
	return out
}
