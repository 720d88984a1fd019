package scan

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/gocurb/curb/internal/gobin"
)

// objects cuts the data of a program into the pieces that code and data refer
// to: an itab, a type, a variable, a table. Reachability does without: a word
// counts wherever it is. But a reader wants to know what holds a function, and
// which code refers to that.
//
// Where there is a symbol, it says what is one object. Elsewhere (in types,
// constants, and all of a stripped program) an object goes from one address to
// which something refers to the next, so that a table of which code names each
// element is several. That is good enough for evidence, and nothing else
// depends on it.
type objects struct {
	a      *analysis
	limits gobin.Range
	bits   []uint64 // a bit for each aligned word within the limits: an object starts there
	rank   []uint32 // how many start before each of the above
	starts []uint64 // where, in order
}

// moduleData is how much of the module data is sure to be there, up to the list of
// initialisers where it has one (runtime.moduledata, Go 1.18 to 1.27).
const moduleData = 62 * 8

// maxImage is more than any program's image, whose parts refer to each other by
// 32-bit offsets. In a larger one no objects are told apart.
const maxImage = 1 << 32

func newObjects(a *analysis) *objects {
	o := &objects{a: a, limits: a.limits}
	if o.limits.End-o.limits.Start > maxImage {
		o.limits = gobin.Range{}
	}
	o.bits = make([]uint64, (o.limits.End-o.limits.Start)/512+1)
	for fn := range a.facts {
		for _, x := range a.facts[fn].refs {
			if x.takesAddr() || x.kind == refLoad {
				o.mark(x.addr)
			}
		}
	}
	for _, w := range a.words {
		o.mark(w.value)
	}
	for s := range a.file.Symbols() {
		if end := s.Addr + s.Size; o.limits.Contains(s.Addr) && s.Size <= o.limits.End-s.Addr && !isMerged(s.Name) {
			o.clear(s.Addr, end)
			o.mark(s.Addr)
			o.mark(end)
		}
	}
	if m := o.a.file.Module.Addr; o.inData(m) && o.inData(m+moduleData) {
		o.clear(m, m+moduleData) // code names its fields, but it is one object
		o.mark(m)
	}
	o.pointerTypes()
	o.rank = make([]uint32, len(o.bits))
	for i, b := range o.bits {
		o.rank[i] = uint32(len(o.starts))
		for ; b != 0; b &= b - 1 {
			o.starts = append(o.starts, o.limits.Start+8*uint64(64*i+bits.TrailingZeros64(b)))
		}
	}
	return o
}

// isMerged reports whether a symbol stands for many objects (cmd/link/internal/ld).
func isMerged(name string) bool {
	return strings.HasSuffix(name, ".*") || strings.HasSuffix(name, ":*")
}

// inData reports whether addr is in the image, and not in its code.
func (o *objects) inData(addr uint64) bool {
	return o.limits.Contains(addr) && !o.a.file.Module.Text.Contains(addr)
}

func (o *objects) mark(addr uint64) {
	if o.inData(addr) {
		w := (addr - o.limits.Start) / 8
		o.bits[w/64] |= 1 << (w % 64)
	}
}

func (o *objects) marked(addr uint64) bool {
	w := (addr - o.limits.Start) / 8
	return o.bits[w/64]&(1<<(w%64)) != 0
}

// clear takes back the starts in a range.
func (o *objects) clear(from, to uint64) {
	for w := (from - o.limits.Start) / 8; w < (to-o.limits.Start)/8; {
		if w%64 == 0 && w+64 <= (to-o.limits.Start)/8 {
			o.bits[w/64] = 0
			w += 64
			continue
		}
		o.bits[w/64] &^= 1 << (w % 64)
		w++
	}
}

// pointerTypes marks the types to which only the descriptors of the types that
// they point to refer, by an offset.
func (o *objects) pointerTypes() {
	types := o.a.file.Module.Types
	for addr := types.Start &^ 7; addr < types.End; addr += 8 {
		if o.inData(addr) && o.marked(addr) {
			for pointer := addr; pointer != 0 && (pointer == addr || !o.marked(pointer)); {
				o.mark(pointer)
				pointer = o.pointerTo(pointer)
			}
		}
	}
}

// at returns the number of the object that contains addr.
func (o *objects) at(addr uint64) (int, bool) {
	if !o.inData(addr) {
		return 0, false
	}
	w := (addr - o.limits.Start) / 8
	i := w / 64
	n := int(o.rank[i]) + bits.OnesCount64(o.bits[i]&(2<<(w%64)-1))
	return n - 1, n > 0
}

// span returns where an object is.
func (o *objects) span(id int) gobin.Range {
	r := gobin.Range{Start: o.starts[id], End: o.limits.End}
	if id+1 < len(o.starts) {
		r.End = o.starts[id+1]
	}
	return r
}

// words yields the words of an object that may be addresses in the image.
func (o *objects) words(id int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		span := o.span(id)
		if o.typeName(span.Start) != "" { // and not the next types, to which nothing refers
			span.End = min(span.End, span.Start+kindSize(o.a.file.Bytes(span.Start+typeKind, 1)[0]&kindMask))
		}
		b := o.a.file.From(span.Start)
		for b = b[:min(uint64(len(b)), span.End-span.Start)]; len(b) >= 8; b = b[8:] {
			if word := o.a.file.Order.Uint64(b); o.limits.Contains(word) && !yield(word) {
				return
			}
		}
	}
}

// Offsets in a type's descriptor, the same in all releases (internal/abi.Type).
const (
	typeSize      = 48 // without what its kind adds
	typeFlags     = 20
	typeKind      = 23
	typeName      = 40
	typePointer   = 44 // the type of pointers to it
	uncommonSize  = 16 // of the record of methods
	kindMask      = 1<<5 - 1
	flagUncommon  = 1 << 0
	flagExtraStar = 1 << 1
	flagNamed     = 1 << 2
)

// Kinds of types (internal/abi.Kind).
const (
	kindArray     = 17
	kindChan      = 18
	kindFunc      = 19
	kindInterface = 20
	kindMap       = 21
	kindPointer   = 22
	kindSlice     = 23
	kindStruct    = 25
	kindLast      = 26
)

// typeName returns the name of the type whose descriptor is at addr, with the
// last element of its package's path, "" where there is none.
func (o *objects) typeName(addr uint64) string {
	types := o.a.file.Module.Types
	if !types.Contains(addr) || addr%8 != 0 {
		return ""
	}
	t := o.a.file.Bytes(addr, typeSize)
	if t == nil || t[typeKind]&kindMask == 0 || t[typeKind]&kindMask > kindLast {
		return ""
	}
	at := uint64(o.a.file.Order.Uint32(t[typeName:]))
	if at == 0 || at >= types.End-types.Start {
		return ""
	}
	// One byte of flags, the length, the name (internal/abi.Name).
	name := o.a.file.From(types.Start + at)
	if len(name) < 2 {
		return ""
	}
	size, n := binary.Uvarint(name[1:])
	if n <= 0 || size == 0 || size > 1<<12 || size > uint64(len(name)-1-n) {
		return ""
	}
	text := string(name[1+n:][:size])
	if t[typeFlags]&flagExtraStar != 0 {
		if text[0] != '*' {
			return ""
		}
		text = text[1:]
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		return ""
	}
	return text
}

// isInterface reports whether there is the descriptor of an interface at addr.
func (o *objects) isInterface(addr uint64) bool {
	return o.typeName(addr) != "" && o.a.file.Bytes(addr, typeSize)[typeKind]&kindMask == kindInterface
}

// pointerTo returns the type of pointers to the type at addr, 0 if it names none.
func (o *objects) pointerTo(addr uint64) uint64 {
	if o.typeName(addr) == "" {
		return 0
	}
	b := o.a.file.Bytes(addr+typePointer, 4)
	to := o.a.file.Module.Types.Start + uint64(o.a.file.Order.Uint32(b))
	if o.typeName(to) == "" {
		return 0
	}
	return to
}

// methodTable is where a type's methods are listed, empty if it has none: after
// what the type's kind adds to the descriptor there is a record of them
// (internal/abi.UncommonType: package, two counts, the list's offset).
func (o *objects) methodTable(addr uint64) gobin.Range {
	if o.typeName(addr) == "" || o.a.file.Bytes(addr+typeFlags, 1)[0]&flagUncommon == 0 {
		return gobin.Range{}
	}
	kind := o.a.file.Bytes(addr+typeKind, 1)[0] & kindMask
	if kind != kindMap {
		table, _ := methodsAt(o.a.file, addr+kindSize(kind), kind == kindFunc || kind == kindInterface || kind == kindStruct)
		return table
	}
	return mapMethods(o.a.file, addr)
}

// mapMethods is where the methods of a map's type are listed. What maps are made of
// differs between releases.
func mapMethods(f *gobin.File, addr uint64) gobin.Range {
	for at := addr + kindSize(kindMap); at <= addr+136; at += 8 {
		if table, ok := methodsAt(f, at, false); ok {
			return table
		}
	}
	return gobin.Range{}
}

// kindSize returns the size of a type's descriptor, without methods.
func kindSize(kind byte) uint64 {
	switch kind {
	case kindArray:
		return 72
	case kindChan:
		return 64
	case kindFunc, kindPointer, kindSlice:
		return 56
	case kindInterface, kindStruct:
		return 80
	case kindMap: // in no release less
		return 88
	}
	return typeSize
}

// methodsAt reads the record of a type's methods at addr. They follow the record
// directly, or the fields of a type that is made of others.
func methodsAt(f *gobin.File, addr uint64, fields bool) (gobin.Range, bool) {
	b := f.Bytes(addr, uncommonSize)
	if b == nil {
		return gobin.Range{}, false
	}
	types, order := f.Module.Types, f.Order
	size := uint32(types.End - types.Start)
	count, exported, list := uint64(order.Uint16(b[4:])), uint64(order.Uint16(b[6:])), uint64(order.Uint32(b[8:]))
	table := gobin.Range{Start: addr + list, End: addr + list + methodSize*count}
	if order.Uint32(b) >= size || count == 0 || exported > count || list < uncommonSize || list > uncommonSize && !fields || table.End > types.End {
		return gobin.Range{}, false
	}
	// The first method, whether the linker kept it or not, has a name.
	name := order.Uint32(f.Bytes(table.Start, 4))
	return table, name > 0 && name < size
}
