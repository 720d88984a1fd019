package gobin

import (
	"errors"
	"fmt"
	goversion "go/version"
	"slices"
)

// A Module is what the runtime knows of the ranges of its own image
// (runtime.moduledata).
type Module struct {
	Addr uint64
	Text Range
	Data []Range // with initial contents: noptrdata, data
	Zero []Range // that starts as zero: bss, noptrbss, the counters of -cover
	// Programs of the garbage collector that tell which words of Data[1] and Zero[0],
	// the variables that hold pointers, these are.
	DataPointers, ZeroPointers uint64

	Types     Range  // type descriptors, and up to Go 1.26 other constants among them
	ROData    uint64 // start of the read-only data; 0 before Go 1.18
	GoFunc    uint64 // start of the function data, inlining trees among it; 0 before Go 1.18
	Itabs     Range  // where the linker keeps the itabs together (Go 1.27)
	ItabLinks Range  // the slice of pointers to itabs (up to Go 1.26)
}

// Words of moduledata, from its start (runtime/symtab.go). The start has been the
// same since Go 1.16: a pointer to the table, five slices of its parts, the slice
// of functions, findfunctab, minpc, maxpc, then the ranges.
const (
	mdParts = 1 // names, units, files, values, functions; three words each
	mdFuncs = 16
	mdMinPC = 20
	mdMaxPC = 21
	mdText  = 22
	mdData  = 24 // noptrdata, data, bss, noptrbss; two words each
	mdCover = 32 // the counters of -cover

	// moduleSize is the part that is read, and the least that it measures.
	moduleSize = 56 * 8
)

// A layout says which word of moduledata is what, 0 where there is none.
type layout struct {
	magic     uint32
	cover     bool // there are counters of -cover
	types     int
	etypes    int
	itabs     int // offset from types, and size
	rodata    int
	gofunc    int
	sections  int // the slice of text sections
	itabLinks int // the slice of itabs
}

var layouts = []layout{
	{magic: magicGo120, cover: true, types: 37, etypes: 39, itabs: 40, rodata: 42, gofunc: 43, sections: 45},     // Go 1.27
	{magic: magicGo120, cover: true, types: 37, etypes: 38, rodata: 39, gofunc: 40, sections: 42, itabLinks: 48}, // Go 1.26
	{magic: magicGo120, cover: true, types: 37, etypes: 38, rodata: 39, gofunc: 40, sections: 41, itabLinks: 47}, // Go 1.20
	{magic: magicGo118, types: 35, etypes: 36, rodata: 37, gofunc: 38, sections: 39, itabLinks: 45},              // Go 1.18
	{magic: magicGo116, types: 35, etypes: 36, sections: 37, itabLinks: 43},                                      // Go 1.17
}

// errNoModule means that something is no module data.
var errNoModule = errors.New("no module data")

// loadModule finds the module data, and with it the line table: it starts with
// the addresses of the table and of the table's first part, which is right
// behind the table's header. Neither a section nor a magic number is needed.
func (f *File) loadModule() error {
	var refused error
	for _, write := range []bool{true, false} { // the runtime writes to it
		for i := range f.segments {
			s := &f.segments[i]
			if s.write != write {
				continue
			}
			for off := -s.addr & 7; off+moduleSize <= uint64(len(s.bytes)); off += 8 {
				table := f.Order.Uint64(s.bytes[off:])
				if names := f.Order.Uint64(s.bytes[off+8:]); names-table-64 > 64 || table == 0 {
					continue
				}
				err := f.tryModule(s.addr + off)
				if err == nil {
					return nil
				}
				if err != errNoModule && refused == nil {
					refused = err
				}
			}
		}
	}
	if refused != nil {
		return refused
	}
	return f.noModule()
}

// noModule says why there is no module data, as far as that can be told.
func (f *File) noModule() error {
	found := f.GoVersion != ""
	for i := range formats {
		var start [6]byte // of a header: the magic number and two zeros
		f.Order.PutUint32(start[:], formats[i].magic)
		for addr := range f.Find(start[:]) {
			_, _, ok := f.readHeader(addr)
			found = found || ok && addr%8 == 0
		}
	}
	if found {
		return fmt.Errorf("%w that can be analysed: its runtime's module data was not found (is it packed or encrypted, or from before Go 1.17?)", ErrNotGo)
	}
	return fmt.Errorf("%w: no Go line table of Go 1.17 or later in it (is it a C program, or packed?)", ErrNotGo)
}

// tryModule reads the module data at addr. The error is errNoModule if there is none.
func (f *File) tryModule(addr uint64) error {
	b := f.Bytes(addr, moduleSize)
	if b == nil {
		return errNoModule
	}
	md := moduleWords{f, b}
	t, ok := f.tryTable(md)
	if !ok {
		return errNoModule
	}
	m := Module{Addr: addr, Text: md.span(mdText)}
	first, last := f.entryAt(&t, m.Text.Start, 0), f.entryAt(&t, m.Text.Start, t.nfunc)
	if md.word(mdMinPC) != first || md.word(mdMaxPC) != last || first >= last {
		return errNoModule
	}
	// It is the module data. What is wrong from here on is worth an error.
	text := f.at(m.Text.Start)
	if text == nil || !text.exec || m.Text.Start > first || m.Text.End < last || f.Bytes(m.Text.Start, m.Text.End-m.Text.Start) == nil {
		return damaged("the text that its module data names, [%#x, %#x), is not in the image", m.Text.Start, m.Text.End)
	}
	l, err := f.layoutOf(md, &t)
	if err != nil {
		return err
	}
	if err := m.read(f, md, l); err != nil {
		return err
	}
	f.Module, f.pcln = m, t
	return nil
}

// moduleWords gives access to the words of a module data.
type moduleWords struct {
	f *File
	b []byte
}

func (md moduleWords) word(i int) uint64 { return md.f.Order.Uint64(md.b[8*i:]) }

// span returns two words as a range.
func (md moduleWords) span(i int) Range { return Range{md.word(i), md.word(i + 1)} }

// tryTable reads the line table that a module data points to. Both say where its
// parts are, and must agree.
func (f *File) tryTable(md moduleWords) (pclntab, bool) {
	t, parts, ok := f.readHeader(md.word(0))
	if !ok {
		return t, false
	}
	for i, to := range []*[]byte{&t.names, &t.cutab, &t.files, &t.pctab, &t.funcs} {
		at, size := md.word(mdParts+3*i), md.word(mdParts+3*i+1)
		if at != t.addr+parts[i] || md.word(mdParts+3*i+2) != size || size > maxImage {
			return t, false
		}
		if to == &t.cutab {
			size *= 4 // its elements have four bytes
		}
		if *to = f.Bytes(at, size); *to == nil {
			return t, false
		}
	}
	// Behind the last function comes one more entry, without a record.
	size := uint64(len(t.funcs))
	ok = size >= t.entry && t.nfunc > 0 && t.nfunc <= (size-t.entry)/(2*t.entry) &&
		md.word(mdFuncs) == t.addr+parts[4] && md.word(mdFuncs+1) == t.nfunc+1
	return t, ok
}

// layoutOf finds the layout by its slice of text sections: on these
// architectures there is one section, which is the text.
func (f *File) layoutOf(md moduleWords, t *pclntab) (*layout, error) {
	// Only an obfuscated program of a known release may have any magic number.
	known := t.magic == f.Order.Uint32(f.From(t.addr)) || goversion.Compare(f.GoVersion, "go1.28rc1") < 0
	for i := range layouts {
		l := &layouts[i]
		if !known || l.magic != t.magic || md.word(l.sections+1) != 1 || md.word(l.sections+2) != 1 {
			continue
		}
		// Its place before linking, its end there, its address.
		section := f.Bytes(md.word(l.sections), 24)
		if section != nil && f.Order.Uint64(section) == 0 && f.Order.Uint64(section[16:]) == md.word(mdText) {
			return l, nil
		}
	}
	version := f.GoVersion
	if version == "" {
		version = "an unknown release"
	}
	return nil, fmt.Errorf("%w that can be analysed: the layout of its module data is not that of Go 1.17 to 1.27 (it was built by %s), or its text is in several sections", ErrNotGo, version)
}

// read takes the ranges from the module data.
func (m *Module) read(f *File, md moduleWords, l *layout) error {
	m.Data = []Range{md.span(mdData), md.span(mdData + 2)}
	m.Zero = []Range{md.span(mdData + 4), md.span(mdData + 6)}
	if l.cover {
		m.Zero = append(m.Zero, md.span(mdCover))
	}
	m.DataPointers, m.ZeroPointers = md.word(l.types-2), md.word(l.types-1)
	m.Types = Range{md.word(l.types), md.word(l.etypes)}
	if l.rodata != 0 {
		m.ROData, m.GoFunc = md.word(l.rodata), md.word(l.gofunc)
		if !f.Mapped(m.ROData) || !f.Mapped(m.GoFunc) {
			return damaged("the constants that its module data names, at %#x and %#x, are not in the image", m.ROData, m.GoFunc)
		}
	}
	if l.itabs != 0 {
		m.Itabs.Start = m.Types.Start + md.word(l.itabs)
		m.Itabs.End = m.Itabs.Start + md.word(l.itabs+1)
	}
	if l.itabLinks != 0 {
		m.ItabLinks.Start = md.word(l.itabLinks)
		m.ItabLinks.End = m.ItabLinks.Start + 8*min(md.word(l.itabLinks+1), maxImage)
	}
	for _, r := range slices.Concat(m.Data, m.Zero) {
		if r.Start > r.End || r.Start != r.End && (!f.Mapped(r.Start) || !f.Mapped(r.End-1)) {
			return damaged("the variables that its module data names, [%#x, %#x), are not in the image", r.Start, r.End)
		}
	}
	for _, r := range []Range{m.Types, m.Itabs, m.ItabLinks} {
		if r.Start != r.End && (r.Start > r.End || f.Bytes(r.Start, r.End-r.Start) == nil) {
			return damaged("the tables that its module data names, [%#x, %#x), are not in the image", r.Start, r.End)
		}
	}
	return nil
}
