package gobin

import (
	"debug/elf"
	"slices"
	"sort"
	"strings"
)

// A Symbol is a named piece of data.
type Symbol struct {
	Name       string
	Addr, Size uint64
}

// loadSymbols keeps the data symbols with a size, where the file has any.
func (f *File) loadSymbols() {
	all, err := f.elf.Symbols()
	if err != nil {
		return // stripped: nothing depends on them but precision
	}
	for _, s := range all {
		if elf.ST_TYPE(s.Info) != elf.STT_OBJECT || s.Size == 0 {
			continue
		}
		f.symbols = append(f.symbols, Symbol{s.Name, s.Value, s.Size})
	}
	slices.SortFunc(f.symbols, func(a, b Symbol) int {
		if a.Addr != b.Addr {
			if a.Addr < b.Addr {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	f.reach = make([]uint64, len(f.symbols))
	end := uint64(0)
	for i, s := range f.symbols {
		end = max(end, s.Addr+s.Size)
		f.reach[i] = end
	}
}

// HasSymbols reports whether the file has a symbol table for its data.
func (f *File) HasSymbols() bool { return len(f.symbols) > 0 }

// SymbolAt returns the data symbol that contains the address.
func (f *File) SymbolAt(addr uint64) (Symbol, bool) {
	i := sort.Search(len(f.symbols), func(i int) bool { return f.symbols[i].Addr > addr }) - 1
	// Symbols may lie in each other: the one that starts last and still
	// contains the address is the one.
	for ; i >= 0 && f.reach[i] > addr; i-- {
		if s := f.symbols[i]; addr < s.Addr+s.Size {
			return s, true
		}
	}
	return Symbol{}, false
}
