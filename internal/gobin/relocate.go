package gobin

import (
	"debug/elf"
	"encoding/binary"
	"math/bits"
)

// relocate applies the relocations that the dynamic section lists.
func (f *File) relocate(d *dynamic) error {
	for _, t := range []struct {
		name     string
		at, size elf.DynTag
		apply    func(d *dynamic, table []byte) error
	}{
		{"DT_RELR", dtRELR, dtRELRSZ, f.applyRelr},
		{"DT_RELA", elf.DT_RELA, elf.DT_RELASZ, f.applyRela},
		{"DT_JMPREL", elf.DT_JMPREL, elf.DT_PLTRELSZ, f.applyRela},
	} {
		if d.tags[t.size] == 0 {
			continue
		}
		table := f.Bytes(d.tags[t.at], d.tags[t.size])
		if table == nil {
			return damaged("its relocations (%s: %d bytes at %#x) are not in the image", t.name, d.tags[t.size], d.tags[t.at])
		}
		if err := t.apply(d, table); err != nil {
			return err
		}
	}
	return nil
}

// The relocations that make a word the address of something in the image, by
// what they are computed from.
type relocation uint8

const (
	relocNone     relocation = iota // of a library, of thread-local storage
	relocRelative                   // the addend
	relocSymbol                     // the symbol and the addend
)

func (f *File) relocation(kind uint32) relocation {
	if f.Arch == "arm64" {
		switch elf.R_AARCH64(kind) {
		case elf.R_AARCH64_RELATIVE, elf.R_AARCH64_IRELATIVE:
			return relocRelative
		case elf.R_AARCH64_ABS64, elf.R_AARCH64_GLOB_DAT, elf.R_AARCH64_JUMP_SLOT:
			return relocSymbol
		}
		return relocNone
	}
	switch elf.R_X86_64(kind) {
	// With IRELATIVE the loader calls the function at the addend, and writes what
	// that returns. Its own address stands for that: it is called, and what it
	// returns is in its code.
	case elf.R_X86_64_RELATIVE, elf.R_X86_64_IRELATIVE:
		return relocRelative
	case elf.R_X86_64_64, elf.R_X86_64_GLOB_DAT, elf.R_X86_64_JMP_SLOT:
		return relocSymbol
	}
	return relocNone
}

// applyRela applies a table of relocations with addends.
func (f *File) applyRela(d *dynamic, table []byte) error {
	for ; len(table) >= relaSize; table = table[relaSize:] {
		at, info, value := f.Order.Uint64(table), f.Order.Uint64(table[8:]), f.Order.Uint64(table[16:])
		switch f.relocation(uint32(info)) {
		case relocNone:
			continue
		case relocSymbol:
			s := f.Bytes(d.tags[elf.DT_SYMTAB]+info>>32*symSize, symSize)
			if s == nil {
				return damaged("a relocation's symbol (number %d) is not in the image", info>>32)
			}
			if elf.SectionIndex(f.Order.Uint16(s[6:])) == elf.SHN_UNDEF {
				continue // of a shared library
			}
			value += f.Order.Uint64(s[8:])
		}
		s := f.at(at)
		if s == nil || !s.mark(at) {
			return damaged("a relocation changes the word at %#x, which is not in the image", at)
		}
		f.Order.PutUint64(s.bytes[at-s.addr:], value)
	}
	return nil
}

// applyRelr notes what a table of relative relocations lists: an address, then
// words with 63 bits each for the words behind it (gABI, "RELR Relative
// Relocation Entries"). The words themselves hold the addends already.
func (f *File) applyRelr(_ *dynamic, table []byte) error {
	var s *segment
	next := uint64(0) // the word that the lowest bit of a bitmap would stand for
	mark := func(at uint64) error {
		if s == nil || at < s.addr || at >= s.end() {
			s = f.at(at)
		}
		if s == nil || !s.mark(at) {
			return damaged("a relocation changes the word at %#x, which is not in the image", at)
		}
		return nil
	}
	for ; len(table) >= 8; table = table[8:] {
		entry := f.Order.Uint64(table)
		if entry&1 == 0 {
			if err := mark(entry); err != nil {
				return err
			}
			next = entry + 8
			continue
		}
		for set := entry >> 1; set != 0; set &= set - 1 {
			if err := mark(next + 8*uint64(bits.TrailingZeros64(set))); err != nil {
				return err
			}
		}
		next += 63 * 8
	}
	return nil
}

// mark notes that the word at an address is one. It fails where the word is not
// in the file. Words that are not aligned are no data of Go's.
func (s *segment) mark(addr uint64) bool {
	off := addr - s.addr
	if off >= uint64(len(s.bytes)) || uint64(len(s.bytes))-off < 8 {
		return false
	}
	if s.pointers == nil {
		s.pointers = make([]uint64, len(s.bytes)/512+1)
	}
	if addr%8 == 0 {
		word := (off + s.addr&7) / 8
		s.pointers[word/64] |= 1 << (word % 64)
	}
	return true
}

// isMarked reports whether the aligned word at an address of the segment is marked.
func (s *segment) isMarked(addr uint64) bool {
	word := (addr - s.addr&^7) / 8
	return s.pointers != nil && s.pointers[word/64]>>(word%64)&1 != 0
}

// relocated yields the words of a part that were marked, and reports whether yield went on.
func (s *segment) relocated(order binary.ByteOrder, part Range, yield func(addr, word uint64) bool) bool {
	start := s.addr &^ 7
	for i, set := range s.pointers {
		for ; set != 0; set &= set - 1 {
			addr := start + 8*uint64(64*i+bits.TrailingZeros64(set))
			if part.Contains(addr) && !yield(addr, order.Uint64(s.bytes[addr-s.addr:])) {
				return false
			}
		}
	}
	return true
}
