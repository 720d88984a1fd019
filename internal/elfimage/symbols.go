package elfimage

import (
	"debug/elf"
	"fmt"
	"slices"
)

// A Symbol is an entry of the dynamic table of symbols.
type Symbol struct {
	Name    string
	Version string // "" where it has none
	Hidden  bool   // of an old version: only who asks for that one gets it
	First   bool   // of the oldest version, or of none: who asks for none gets it
	Defined bool
	Own     bool // the image's own references may be bound to it, whoever has another
	Type    elf.SymType
	Bind    elf.SymBind
	Addr    uint64
	Size    uint64
}

const symbolSize = 24

// readSymbols reads the dynamic table of symbols, with their versions.
func (im *Image) readSymbols() error {
	n, err := im.countSymbols()
	if err != nil {
		return err
	}
	table := im.Bytes(im.tags[elf.DT_SYMTAB], n*symbolSize)
	if table == nil && n > 0 {
		return damaged("its table of symbols is not in the file")
	}
	versions := im.versions()
	versym := im.Bytes(im.tags[elf.DT_VERSYM], 2*n)
	im.exports = map[string][]int{}
	_, symbolic := im.tags[elf.DT_SYMBOLIC]
	symbolic = symbolic || elf.DynFlag(im.tags[elf.DT_FLAGS])&elf.DF_SYMBOLIC != 0
	for i := 0; len(table) >= symbolSize; i, table = i+1, table[symbolSize:] {
		section := elf.SectionIndex(order.Uint16(table[6:]))
		s := Symbol{
			Name: im.string(uint64(order.Uint32(table))), Defined: section != elf.SHN_UNDEF,
			Type: elf.SymType(table[4] & 15), Bind: elf.SymBind(table[4] >> 4),
			Addr: order.Uint64(table[8:]), Size: order.Uint64(table[16:]),
		}
		s.Own = s.Defined && (symbolic || s.Bind == elf.STB_LOCAL || elf.SymVis(table[5]&3) != elf.STV_DEFAULT)
		if im.tags[elf.DT_VERSYM] != 0 && versym != nil {
			v := order.Uint16(versym[2*i:])
			s.Version, s.Hidden = versions[v&0x7fff], v&0x8000 != 0
			s.First = v&0x7fff <= 2
		}
		if s.Defined && s.Bind != elf.STB_LOCAL && s.Name != "" && s.Type != elf.STT_TLS {
			im.exports[s.Name] = append(im.exports[s.Name], i)
		}
		im.Symbols = append(im.Symbols, s)
	}
	return nil
}

// countSymbols returns how many symbols the table has: its hash tables tell.
func (im *Image) countSymbols() (uint64, error) {
	if im.tags[elf.DT_SYMTAB] == 0 {
		return 0, nil
	}
	if b := im.Bytes(im.tags[elf.DT_HASH], 8); im.tags[elf.DT_HASH] != 0 && b != nil {
		return uint64(order.Uint32(b[4:])), nil
	}
	at := im.tags[elf.DT_GNU_HASH]
	h := im.Bytes(at, 16)
	if at == 0 || h == nil {
		return 0, damaged("it has no table by which the loader finds symbols")
	}
	buckets, first, words := uint64(order.Uint32(h)), uint64(order.Uint32(h[4:])), uint64(order.Uint32(h[8:]))
	list := im.Bytes(at+16+8*words, 4*buckets)
	if list == nil {
		return 0, damaged("its hash table is not in the file")
	}
	last := uint64(0)
	for ; len(list) > 0; list = list[4:] {
		last = max(last, uint64(order.Uint32(list)))
	}
	if last < first {
		return first, nil
	}
	chain := im.From(at + 16 + 8*words + 4*buckets)
	for i := last - first; 4*i+4 <= uint64(len(chain)); i++ {
		if order.Uint32(chain[4*i:])&1 != 0 {
			return first + i + 1, nil
		}
	}
	return 0, damaged("its hash table does not end")
}

// versions returns the names of the versions, by number, that the image defines
// and that it wants of others.
func (im *Image) versions() map[uint16]string {
	names := map[uint16]string{}
	at := im.tags[elf.DT_VERDEF]
	for range im.tags[elf.DT_VERDEFNUM] {
		b := im.Bytes(at, 20)
		if b == nil {
			break
		}
		if aux := im.Bytes(at+uint64(order.Uint32(b[12:])), 4); aux != nil && order.Uint16(b[2:])&1 == 0 { // not the file's own name
			names[order.Uint16(b[4:])] = im.string(uint64(order.Uint32(aux)))
		}
		if order.Uint32(b[16:]) == 0 {
			break
		}
		at += uint64(order.Uint32(b[16:]))
	}
	at = im.tags[elf.DT_VERNEED]
	for range im.tags[elf.DT_VERNEEDNUM] {
		b := im.Bytes(at, 16)
		if b == nil {
			break
		}
		for aux, n := at+uint64(order.Uint32(b[8:])), order.Uint16(b[2:]); n > 0; n-- {
			x := im.Bytes(aux, 16)
			if x == nil {
				break
			}
			names[order.Uint16(x[6:])] = im.string(uint64(order.Uint32(x[8:])))
			aux += uint64(order.Uint32(x[12:]))
		}
		if order.Uint32(b[12:]) == 0 {
			break
		}
		at += uint64(order.Uint32(b[12:]))
	}
	return names
}

// Find returns the symbols that a reference to a name can be bound to in this
// image: of the version, if one is asked for and the image has versions.
func (im *Image) Find(name, version string) []Symbol {
	var exact, current, all []Symbol
	for _, i := range im.exports[name] {
		s := im.Symbols[i]
		all = append(all, s)
		if s.Version == version || s.Version == "" {
			exact = append(exact, s)
		}
		if !s.Hidden || s.First {
			current = append(current, s)
		}
	}
	switch {
	case version != "":
		return exact
	case len(current) > 0:
		return current
	}
	return all
}

// Exports yields what the image defines for others, in the order of the table.
func (im *Image) Exports(yield func(Symbol) bool) {
	for i, s := range im.Symbols {
		if slices.Contains(im.exports[s.Name], i) && !yield(s) {
			return
		}
	}
}

// A Reloc is a word that the loader changes: it gets the address of a symbol, or
// of a place in the image itself, or what a function there returns.
type Reloc struct {
	Addr   uint64
	Symbol int    // 0: of the image itself
	Value  uint64 // the addend; without a symbol the address
	Call   bool   // the loader calls the function at Value for the address
	Slot   bool   // the word is one by which code finds the symbol, and no data
}

// The relocations, by what they do.
type relocKind uint8

const (
	relocUnknown relocKind = iota
	relocOther             // none, and sizes
	relocThread            // where a variable of each thread lies
	relocThreads           // other ways to such variables
	relocSymbol
	relocSlot
	relocRelative
	relocCall
	relocCopy // of an object, which the image has space for
)

func (im *Image) relocKind(kind uint32) relocKind {
	switch im.Machine {
	case elf.EM_X86_64:
		switch elf.R_X86_64(kind) {
		case elf.R_X86_64_64:
			return relocSymbol
		case elf.R_X86_64_GLOB_DAT, elf.R_X86_64_JMP_SLOT:
			return relocSlot
		case elf.R_X86_64_RELATIVE:
			return relocRelative
		case elf.R_X86_64_IRELATIVE:
			return relocCall
		case elf.R_X86_64_COPY:
			return relocCopy
		case elf.R_X86_64_TPOFF64:
			return relocThread
		case elf.R_X86_64_DTPMOD64, elf.R_X86_64_DTPOFF64, elf.R_X86_64_TLSDESC:
			return relocThreads
		case elf.R_X86_64_NONE, elf.R_X86_64_SIZE64:
			return relocOther
		}
	case elf.EM_AARCH64:
		switch elf.R_AARCH64(kind) {
		case elf.R_AARCH64_ABS64:
			return relocSymbol
		case elf.R_AARCH64_GLOB_DAT, elf.R_AARCH64_JUMP_SLOT:
			return relocSlot
		case elf.R_AARCH64_RELATIVE:
			return relocRelative
		case elf.R_AARCH64_IRELATIVE:
			return relocCall
		case elf.R_AARCH64_COPY:
			return relocCopy
		case elf.R_AARCH64_TLS_TPREL64:
			return relocThread
		case elf.R_AARCH64_TLS_DTPMOD64, elf.R_AARCH64_TLS_DTPREL64, elf.R_AARCH64_TLSDESC:
			return relocThreads
		case elf.R_AARCH64_NONE:
			return relocOther
		}
	}
	return relocUnknown
}

// Tags that debug/elf does not know (gABI, "RELR Relative Relocation Entries").
const (
	dtRELRSZ elf.DynTag = 35
	dtRELR   elf.DynTag = 36
)

func (im *Image) readRelocs() error {
	for _, t := range [][2]elf.DynTag{{elf.DT_RELA, elf.DT_RELASZ}, {elf.DT_JMPREL, elf.DT_PLTRELSZ}} {
		size := im.tags[t[1]]
		table := im.Bytes(im.tags[t[0]], size)
		if size > 0 && table == nil {
			return damaged("its relocations are not in the file")
		}
		for ; len(table) >= 24; table = table[24:] {
			info := order.Uint64(table[8:])
			r := Reloc{Addr: order.Uint64(table), Symbol: int(info >> 32), Value: order.Uint64(table[16:])}
			kind := im.relocKind(uint32(info))
			switch r.Slot = kind == relocSlot; kind {
			case relocUnknown: // such as those of code
				return fmt.Errorf("it has a relocation, at %#x, of a type that is not known (%d)", r.Addr, uint32(info))
			case relocOther:
				continue
			case relocThread, relocThreads:
				im.threadReloc(r, kind)
				continue
			case relocSymbol, relocSlot, relocCopy:
				if r.Symbol >= len(im.Symbols) {
					return damaged("a relocation's symbol (number %d) is not in its table", r.Symbol)
				}
				if kind == relocCopy {
					im.Copied = append(im.Copied, r.Symbol)
					continue
				}
			case relocCall:
				r.Symbol, r.Call = 0, true
			case relocRelative:
				r.Symbol = 0
			}
			im.Relocs = append(im.Relocs, r)
		}
	}
	return im.readRelr()
}

// readRelr reads the compact table of relocations, whose words hold the addresses.
func (im *Image) readRelr() error {
	table := im.Bytes(im.tags[dtRELR], im.tags[dtRELRSZ])
	if table == nil && im.tags[dtRELRSZ] > 0 {
		return damaged("its relocations are not in the file")
	}
	add := func(at uint64) {
		if b := im.Bytes(at, 8); b != nil {
			im.Relocs = append(im.Relocs, Reloc{Addr: at, Value: order.Uint64(b)})
		}
	}
	next := uint64(0)
	for ; len(table) >= 8; table = table[8:] {
		entry := order.Uint64(table)
		if entry&1 == 0 {
			add(entry)
			next = entry + 8
			continue
		}
		for i := range uint64(63) {
			if entry>>(i+1)&1 != 0 {
				add(next + 8*i)
			}
		}
		next += 63 * 8
	}
	return nil
}
