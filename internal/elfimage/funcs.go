package elfimage

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"sort"
)

// A Func is a piece of code: what the tables for unwinding or a symbol call a
// function, or what lies between two of these.
type Func struct {
	Range
	Symbol string // what a table of symbols calls it, "" where none does
	Whole  bool   // where it ends is known
}

// Name returns the name of a function, made from its address where it has none.
func (f *Func) Name() string {
	if f.Symbol != "" {
		return f.Symbol
	}
	return fmt.Sprintf("%#x", f.Start)
}

// findCode notes the ranges of memory that hold code: the executable sections,
// or segments where there are no section headers.
func (im *Image) findCode() {
	for s := range im.headers {
		if s.flags&elf.SHF_EXECINSTR != 0 && s.flags&elf.SHF_ALLOC != 0 && im.Bytes(s.Start, s.End-s.Start) != nil && s.Start < s.End {
			im.exec = append(im.exec, s.Range)
		}
	}
	if len(im.exec) == 0 {
		for _, s := range im.segments {
			if s.exec && len(s.bytes) > 0 {
				im.exec = append(im.exec, Range{s.Start, s.Start + uint64(len(s.bytes))})
			}
		}
	}
	slices.SortFunc(im.exec, func(x, y Range) int { return cmp.Compare(x.Start, y.Start) })
}

// Code reports whether an address is one of code.
func (im *Image) Code(addr uint64) bool {
	_, ok := im.CodeEnd(addr)
	return ok
}

// CodeEnd returns where the code ends in which an address is.
func (im *Image) CodeEnd(addr uint64) (uint64, bool) {
	i := sort.Search(len(im.exec), func(i int) bool { return im.exec[i].End > addr })
	if i == len(im.exec) || addr < im.exec[i].Start {
		return 0, false
	}
	return im.exec[i].End, true
}

// FuncAt returns the index of the function at an address, -1 if there is none.
func (im *Image) FuncAt(addr uint64) int {
	i := sort.Search(len(im.Funcs), func(i int) bool { return im.Funcs[i].End > addr })
	if i == len(im.Funcs) || addr < im.Funcs[i].Start {
		return -1
	}
	return i
}

// findFuncs cuts the code into functions.
func (im *Image) findFuncs() {
	c := cutter{im: im, starts: map[uint64]string{}, ends: map[uint64]uint64{}, known: im.unwindable()}
	for _, r := range c.known {
		c.starts[r.Start], c.ends[r.Start] = "", r.End
	}
	for _, s := range im.Symbols {
		if s.Defined {
			c.symbol(s)
		}
	}
	for _, s := range im.localSymbols() {
		c.symbol(s)
	}
	for _, code := range im.exec {
		c.cut(code)
	}
}

// A cutter finds where functions begin and end.
type cutter struct {
	im     *Image
	known  []Range           // what the tables for unwinding list
	starts map[uint64]string // with the names that symbols give them
	ends   map[uint64]uint64 // as far as that is known
}

// symbol adds what a symbol says, as far as it does not divide what is listed.
func (c *cutter) symbol(s Symbol) {
	if s.Type != elf.STT_FUNC && s.Type != elf.STT_GNU_IFUNC || !c.im.Code(s.Addr) {
		return
	}
	i := sort.Search(len(c.known), func(i int) bool { return c.known[i].End > s.Addr })
	inside := i < len(c.known) && c.known[i].Start < s.Addr
	if name, ok := c.starts[s.Addr]; ok && (name == "" || len(s.Name) < len(name)) || !ok && !inside {
		c.starts[s.Addr] = s.Name
	}
	if _, ok := c.ends[s.Addr]; !ok && !inside && s.Size > 0 && c.im.Bytes(s.Addr, s.Size) != nil {
		c.ends[s.Addr] = s.Addr + s.Size
	}
}

// cut cuts a range of code.
func (c *cutter) cut(code Range) {
	cuts := []uint64{code.Start, code.End}
	for at := range c.starts {
		if code.Contains(at) {
			cuts = append(cuts, at)
		}
	}
	for _, end := range c.ends {
		if code.Contains(end) {
			cuts = append(cuts, end)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	for i := 1; i < len(cuts); i++ {
		c.im.Funcs = append(c.im.Funcs, Func{Range{cuts[i-1], cuts[i]}, c.starts[cuts[i-1]], c.ends[cuts[i-1]] == cuts[i]})
	}
}
