package gobin

import (
	"bufio"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"io"
	"iter"
	"slices"
	"sort"
	"strings"
)

// A Symbol is a named piece of data.
type Symbol struct {
	Name       string
	Addr, Size uint64
}

// maxNames is how many bytes of symbols, or of their names, are read. Programs of
// 100 MB have a tenth of it.
const maxNames = 256 << 20

// loadSymbols keeps the data symbols with a size, where the file has any.
// Nothing depends on them but precision: what is damaged is left out.
func (f *File) loadSymbols(e *elfFile) {
	i := slices.IndexFunc(e.sections, func(s section) bool { return s.typ == elf.SHT_SYMTAB })
	if i < 0 || e.sections[i].link >= uint32(len(e.sections)) {
		return
	}
	table, names := e.sections[i], e.sections[e.sections[i].link]
	if !e.holds(table) || !e.holds(names) || names.size > maxNames || table.size > maxNames {
		return
	}
	var at []uint32 // the place of each symbol's name
	r := bufio.NewReaderSize(io.NewSectionReader(e.r, int64(table.off), int64(table.size)), 64<<10)
	for b := make([]byte, symSize); ; {
		if _, err := io.ReadFull(r, b); err != nil {
			break
		}
		s := Symbol{Addr: binary.LittleEndian.Uint64(b[8:]), Size: binary.LittleEndian.Uint64(b[16:])}
		if elf.ST_TYPE(b[4]) != elf.STT_OBJECT || s.Size == 0 || s.Size > maxImage || !f.Mapped(s.Addr) {
			continue
		}
		f.symbols = append(f.symbols, s)
		at = append(at, binary.LittleEndian.Uint32(b))
	}
	f.nameSymbols(e, names, at)
	slices.SortFunc(f.symbols, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), strings.Compare(a.Name, b.Name))
	})
	f.reach = make([]uint64, len(f.symbols))
	end := uint64(0)
	for i, s := range f.symbols {
		end = max(end, s.Addr+s.Size)
		f.reach[i] = end
	}
}

// nameSymbols reads the names that start at these places in a section. The
// symbols share its text.
func (f *File) nameSymbols(e *elfFile, names section, at []uint32) {
	const longest = 4096
	if len(at) == 0 {
		return
	}
	var b strings.Builder
	b.Grow(int(names.size))
	io.Copy(&b, io.NewSectionReader(e.r, int64(names.off), int64(names.size)))
	text := b.String()
	for i, off := range at {
		if uint64(off) < uint64(len(text)) {
			name := text[off:]
			f.symbols[i].Name, _, _ = strings.Cut(name[:min(len(name), longest)], "\x00")
		}
	}
}

// holds reports whether the file has all bytes of a section.
func (e *elfFile) holds(s section) bool { return s.off <= e.size && s.size <= e.size-s.off }

// HasSymbols reports whether the file has a symbol table for its data.
func (f *File) HasSymbols() bool { return len(f.symbols) > 0 }

// Symbols yields the data symbols with a size, by address.
func (f *File) Symbols() iter.Seq[Symbol] { return slices.Values(f.symbols) }

// SymbolAt returns the data symbol that contains the address.
func (f *File) SymbolAt(addr uint64) (Symbol, bool) {
	i := sort.Search(len(f.symbols), func(i int) bool { return f.symbols[i].Addr > addr }) - 1
	// Symbols may lie in each other: the one that starts last and still
	// contains the address is the one. Only made-up ones lie in each other by
	// thousands.
	for first := i - 4096; i >= 0 && i > first && f.reach[i] > addr; i-- {
		if s := f.symbols[i]; addr < s.Addr+s.Size {
			return s, true
		}
	}
	return Symbol{}, false
}
