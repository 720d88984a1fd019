package elfimage

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"sort"
)

// A Func is a piece of code: what the tables for unwinding call a function, or
// what lies between two of these.
type Func struct {
	Range
	Name string // of the dynamic table of symbols, or made from the address
}

// findCode notes the ranges of memory that hold code: the executable sections,
// or segments where there are no section headers.
func (im *Image) findCode() {
	h := im.data
	table := im.file(order.Uint64(h[40:]), uint64(order.Uint16(h[60:]))*64)
	if order.Uint16(h[58:]) == 64 {
		for ; len(table) > 0; table = table[64:] {
			flags := elf.SectionFlag(order.Uint64(table[8:]))
			start, size := order.Uint64(table[16:]), order.Uint64(table[32:])
			if flags&elf.SHF_ALLOC != 0 && size > 0 && start+size > start {
				im.sections = append(im.sections, Range{start, start + size})
			}
			if flags&elf.SHF_EXECINSTR != 0 && flags&elf.SHF_ALLOC != 0 && im.Bytes(start, size) != nil && size > 0 {
				im.exec = append(im.exec, Range{start, start + size})
			}
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

// Section returns the section that an address lies in, or the segment where the file
// does not say.
func (im *Image) Section(addr uint64) Range {
	for _, s := range im.sections {
		if s.Contains(addr) {
			return s
		}
	}
	if s := im.at(addr); s != nil {
		return s.Range
	}
	return Range{}
}

// Code reports whether an address is one of code.
func (im *Image) Code(addr uint64) bool {
	i := sort.Search(len(im.exec), func(i int) bool { return im.exec[i].End > addr })
	return i < len(im.exec) && im.exec[i].Start <= addr
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
	starts := map[uint64]string{}
	known := im.unwindable()
	for _, r := range known {
		starts[r.Start] = ""
	}
	covers := func(addr uint64) bool {
		i := sort.Search(len(known), func(i int) bool { return known[i].End > addr })
		return i < len(known) && known[i].Start <= addr
	}
	for _, s := range im.Symbols {
		if !s.Defined || s.Type != elf.STT_FUNC && s.Type != elf.STT_GNU_IFUNC || !im.Code(s.Addr) {
			continue
		}
		if name, ok := starts[s.Addr]; ok && (name == "" || len(s.Name) < len(name)) || !ok && !covers(s.Addr) {
			starts[s.Addr] = s.Name
		}
	}
	for _, code := range im.exec {
		var cuts []uint64
		for at := range starts {
			if code.Contains(at) {
				cuts = append(cuts, at)
			}
		}
		for _, r := range known {
			if code.Contains(r.End) {
				cuts = append(cuts, r.End)
			}
		}
		cuts = append(cuts, code.Start, code.End)
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		for i := 1; i < len(cuts); i++ {
			name := starts[cuts[i-1]]
			if name == "" {
				name = fmt.Sprintf("%#x", cuts[i-1])
			}
			im.Funcs = append(im.Funcs, Func{Range{cuts[i-1], cuts[i]}, name})
		}
	}
}

// unwindable returns the functions that the tables for unwinding list, by
// address, none overlapping another (LSB Core, "Exception Frames").
func (im *Image) unwindable() []Range {
	at := im.tags[ehFrame]
	h := im.Bytes(at, 12)
	const version, udata4, pcrel4, datarel4 = 1, 0x03, 0x1b, 0x3b
	if at == 0 || h == nil || h[0] != version || h[1] != pcrel4 || h[2] != udata4 || h[3] != datarel4 {
		return nil
	}
	table := im.Bytes(at+12, 8*uint64(order.Uint32(h[8:])))
	var out []Range
	for ; len(table) > 0; table = table[8:] {
		start := at + uint64(int64(int32(order.Uint32(table))))
		size, ok := im.frameSize(at + uint64(int64(int32(order.Uint32(table[4:])))))
		if ok && size > 0 && im.Code(start) && im.Bytes(start, size) != nil {
			out = append(out, Range{start, start + size})
		}
	}
	slices.SortFunc(out, func(x, y Range) int { return cmp.Compare(x.Start, y.Start) })
	kept := out[:0]
	for _, r := range out {
		if n := len(kept); n == 0 || r.Start >= kept[n-1].End {
			kept = append(kept, r)
		}
	}
	return kept
}

// frameSize returns how many bytes of code the entry at an address is for.
func (im *Image) frameSize(at uint64) (uint64, bool) {
	b := im.Bytes(at, 24)
	if b == nil || order.Uint32(b) == 0xffffffff {
		return 0, false
	}
	switch im.pointerForm(at + 4 - uint64(order.Uint32(b[4:]))) {
	case 0x03, 0x0b: // four bytes
		return uint64(order.Uint32(b[12:])), true
	case 0x00, 0x04, 0x0c: // eight
		return order.Uint64(b[16:]), true
	}
	return 0, false
}

// pointerForm returns the size of the addresses in entries, as the common entry
// at an address has it.
func (im *Image) pointerForm(at uint64) byte {
	const unknown = 0xff
	b := im.From(at)
	if len(b) < 32 {
		return unknown
	}
	augmentation := text(b[:32], 9)
	rest := b[9+len(augmentation)+1:]
	if augmentation == "" {
		return 0
	}
	if augmentation[0] != 'z' {
		return unknown
	}
	number := func() bool { // an LEB128
		for len(rest) > 0 {
			c := rest[0]
			rest = rest[1:]
			if c < 0x80 {
				return true
			}
		}
		return false
	}
	if !number() || !number() || !number() || !number() { // alignments, return register, length
		return unknown
	}
	for _, c := range augmentation[1:] {
		switch {
		case len(rest) < 10:
			return unknown
		case c == 'R':
			return rest[0] & 0x0f
		case c == 'L':
			rest = rest[1:]
		case c == 'P' && rest[0]&0x0f == 0x0b || c == 'P' && rest[0]&0x0f == 0x03:
			rest = rest[5:]
		case c == 'P' && rest[0]&0x07 == 0 || c == 'P' && rest[0]&0x07 == 4:
			rest = rest[9:]
		case c == 'S' || c == 'B':
		default:
			return unknown
		}
	}
	return unknown
}
