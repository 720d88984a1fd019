package scan

import (
	"encoding/binary"

	"github.com/gocurb/curb/internal/gobin"
)

// A typeReader reads the descriptors of types (internal/abi.Type and those that begin
// with one). What all of them share, and what each kind adds, has been the same from
// Go 1.17 to 1.27, but for maps, of which only the beginning is read, and for what
// says that a field is embedded.
type typeReader struct {
	file  *gobin.File
	types gobin.Range
	parts int // that may still be read: damaged descriptors can share their lists
}

// maxTypeParts is more than any program's types have of parts and methods.
const maxTypeParts = 1 << 24

// A descriptor is what one type's says.
type descriptor struct {
	span    gobin.Range // with the lists of parameters and fields that follow it
	size    uint64      // of a value
	kind    byte
	named   bool     // else it is written out, as []int is
	parts   []uint64 // the types that it is made of, but for fields: elements, keys, parameters, results
	fields  []typeField
	wants   []signature // the methods of an interface
	table   gobin.Range // its own methods
	pointer uint64      // the type of pointers to it, 0 if that is not named
}

// A typeField is a field of a struct.
type typeField struct {
	name     string
	offset   uint64 // as the descriptor has it: up to Go 1.18 twice the real one, and a flag
	exported bool
	embedded bool // it may be
	typ      uint64
}

// A signature tells methods apart as the runtime does when it looks for those of an
// interface: by the name and the type of the function (runtime.itabInit).
type signature struct {
	name string
	typ  uint64
}

// Flags of a name (internal/abi.Name), and its longest length.
const (
	nameExported = 1 << 0
	nameEmbedded = 1 << 3
	nameFlags    = 15
	longestName  = 1 << 20
)

// read returns what the descriptor at addr says, if there is one.
func (r *typeReader) read(addr uint64) (*descriptor, bool) {
	t := r.header(addr)
	if t == nil {
		return nil, false
	}
	order := r.file.Order
	d := &descriptor{
		size: order.Uint64(t), kind: t[typeKind] & kindMask,
		named: t[typeFlags]&flagNamed != 0, pointer: r.at(order.Uint32(t[typePointer:])),
	}
	d.span = gobin.Range{Start: addr, End: addr + kindSize(d.kind)}
	uncommon := t[typeFlags]&flagUncommon != 0
	if uncommon && d.kind != kindMap {
		table, ok := methodsAt(r.file, d.span.End, d.kind == kindFunc || d.kind == kindInterface || d.kind == kindStruct)
		if ok {
			d.table = table
		}
		d.span.End += uncommonSize
	}
	if uncommon && d.kind == kindMap {
		d.table = mapMethods(r.file, addr)
		d.span.End = max(d.span.End, d.table.Start)
	}
	return d, r.body(d)
}

// header returns the part that all descriptors have, nil if there is none at addr.
func (r *typeReader) header(addr uint64) []byte {
	if !r.types.Contains(addr) || addr%8 != 0 {
		return nil
	}
	t := r.file.Bytes(addr, typeSize)
	if t == nil || t[typeKind]&kindMask == 0 || t[typeKind]&kindMask > kindLast || !r.plausible(t) {
		return nil
	}
	name := r.at(r.file.Order.Uint32(t[typeName:]))
	if text, _, ok := r.name(name); !ok || text == "" {
		return nil
	}
	return t
}

// plausible tells a descriptor from the other constants that lie among the types up
// to Go 1.26: by its sizes (of all, and of the part with pointers), its alignments,
// and the function value that compares two.
func (r *typeReader) plausible(t []byte) bool {
	const largest, widest = 1 << 48, 16
	order := r.file.Order
	size, pointers, equal := order.Uint64(t), order.Uint64(t[8:]), order.Uint64(t[24:])
	for _, align := range t[21:23] {
		if align == 0 || align > widest || align&(align-1) != 0 {
			return false
		}
	}
	if size > largest || pointers > size || pointers%8 != 0 {
		return false
	}
	if equal == 0 {
		return true
	}
	code, ok := r.file.Word(equal)
	_, isFunc := r.file.FuncWithEntry(code)
	return ok && isFunc
}

// at returns the address that an offset in the types stands for, 0 for none.
func (r *typeReader) at(off uint32) uint64 {
	if off == 0 || uint64(off) >= r.types.End-r.types.Start {
		return 0
	}
	return r.types.Start + uint64(off)
}

// name reads a name: a byte of flags, the length, the text (internal/abi.Name).
func (r *typeReader) name(addr uint64) (text string, flags byte, ok bool) {
	b := r.file.From(addr)
	if len(b) < 2 || b[0] > nameFlags {
		return "", 0, false
	}
	size, n := binary.Uvarint(b[1:min(len(b), 1+binary.MaxVarintLen32)])
	if n <= 0 || size > min(longestName, uint64(len(b)-1-n)) {
		return "", 0, false
	}
	return string(b[1+n:][:size]), b[0], true
}

// body reads what the kind adds, and reports whether that is sound.
func (r *typeReader) body(d *descriptor) bool {
	own := d.span.Start + typeSize
	switch d.kind {
	case kindArray, kindChan, kindPointer, kindSlice:
		return r.list(d, own, 8, 1)
	case kindMap:
		return r.list(d, own, 8, 3) // the keys, the elements, and what holds them
	case kindFunc:
		b := r.file.Bytes(own, 4)
		const variadic = 1 << 15
		in, out := r.file.Order.Uint16(b), r.file.Order.Uint16(b[2:])&^variadic
		list := d.span.End
		d.span.End += 8 * (uint64(in) + uint64(out))
		return r.list(d, list, 8, uint64(in)+uint64(out))
	case kindStruct:
		return r.structure(d, own)
	case kindInterface:
		return r.methodSet(d, own)
	}
	return true
}

// list reads count types, each the first word of so many bytes.
func (r *typeReader) list(d *descriptor, addr, size, count uint64) bool {
	if count == 0 {
		return true
	}
	b := r.table(addr, size, count)
	if b == nil {
		return false
	}
	for ; len(b) > 0; b = b[size:] {
		part := r.file.Order.Uint64(b)
		if r.header(part) == nil {
			return false
		}
		d.parts = append(d.parts, part)
	}
	return true
}

// table returns the bytes of a list, nil where there is none.
func (r *typeReader) table(addr, size, count uint64) []byte {
	if count > maxTypeParts || r.parts < int(count) {
		return nil
	}
	r.parts -= int(count)
	return r.file.Bytes(addr, size*count)
}

// signature reads the name and the type of the method that an entry of a table is
// for, or of one that an interface has: two offsets.
func (r *typeReader) signature(addr uint64) signature {
	b := r.file.Bytes(addr, 8)
	name, _, _ := r.name(r.at(r.file.Order.Uint32(b)))
	return signature{name, r.at(r.file.Order.Uint32(b[4:]))}
}

// slice reads where a slice in a descriptor is.
func (r *typeReader) slice(addr uint64) (start, count uint64) {
	b := r.file.Bytes(addr, 16)
	if b == nil {
		return 0, maxTypeParts + 1
	}
	return r.file.Order.Uint64(b), r.file.Order.Uint64(b[8:])
}

// structure reads the fields of a struct (internal/abi.StructType: package, fields).
func (r *typeReader) structure(d *descriptor, own uint64) bool {
	const size = 24 // name, type, offset
	start, count := r.slice(own + 8)
	if count == 0 {
		return true
	}
	b := r.table(start, size, count)
	if b == nil {
		return false
	}
	if start == d.span.End {
		d.span.End += size * count
	}
	for ; len(b) > 0; b = b[size:] {
		name, flags, ok := r.name(r.file.Order.Uint64(b))
		f := typeField{name: name, typ: r.file.Order.Uint64(b[8:]), offset: r.file.Order.Uint64(b[16:]), exported: flags&nameExported != 0}
		if !ok || r.header(f.typ) == nil {
			return false
		}
		// Up to Go 1.18 the lowest bit of the offset says so.
		f.embedded = flags&nameEmbedded != 0 || f.offset&1 != 0
		d.fields = append(d.fields, f)
	}
	return true
}

// methodSet reads the methods of an interface (internal/abi.InterfaceType: package,
// methods, each as two offsets).
func (r *typeReader) methodSet(d *descriptor, own uint64) bool {
	const size = 8
	start, count := r.slice(own + 8)
	if count == 0 {
		return true
	}
	if r.table(start, size, count) == nil {
		return false
	}
	for at := start; at < start+size*count; at += size {
		sig := r.signature(at)
		if sig.name == "" || r.header(sig.typ) == nil {
			return false
		}
		d.wants = append(d.wants, sig)
	}
	return true
}

// form tells structs apart by what their fields are.
func (d *descriptor) form() string {
	var b []byte
	for _, f := range d.fields {
		b = binary.LittleEndian.AppendUint64(b, f.typ)
	}
	return string(b)
}
