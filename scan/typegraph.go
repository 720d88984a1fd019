package scan

import "bytes"

// A typeGraph is which type descriptors refer to which, as internal/abi lays them
// out: the same from Go 1.17 to 1.27 for what is read here.
type typeGraph struct{ o objects }

// A typeRef is a reference from one type to another: in a word of the data, or by an
// offset where at is 0. byValue means that a value of the first holds one of the second.
type typeRef struct {
	at, to  uint64
	byValue bool
}

func newTypeGraph(a *analysis) *typeGraph {
	return &typeGraph{objects{a: a, limits: a.limits}}
}

func (g *typeGraph) word(addr uint64) uint64 {
	w, _ := g.o.a.file.Word(addr)
	return w
}

func (g *typeGraph) kind(t uint64) byte   { return g.o.a.file.Bytes(t+typeKind, 1)[0] & kindMask }
func (g *typeGraph) size(t uint64) uint64 { return g.word(t) }
func (g *typeGraph) isType(t uint64) bool { return g.o.typeName(t) != "" }
func (g *typeGraph) uncommon(t uint64) bool {
	return g.o.a.file.Bytes(t+typeFlags, 1)[0]&flagUncommon != 0
}

// all returns the descriptors of all types.
func (g *typeGraph) all() []uint64 {
	var out []uint64
	types := g.o.a.file.Module.Types
	data, order := g.o.a.file.Bytes(types.Start, types.End-types.Start), g.o.a.file.Order
	for at := -types.Start & 7; at+typeSize <= uint64(len(data)); at += 8 {
		kind, name := data[at+typeKind]&kindMask, order.Uint32(data[at+typeName:])
		if kind != 0 && kind <= kindLast && name != 0 && uint64(name) < uint64(len(data)) && g.plausible(data[at:]) && g.isType(types.Start+at) {
			out = append(out, types.Start+at)
		}
	}
	return out
}

// plausible reports whether data may be a descriptor: its size is not less than the
// part with pointers, and its alignments are powers of two.
func (g *typeGraph) plausible(data []byte) bool {
	const align, fieldAlign = 21, 22
	aligns := func(n byte) bool { return n != 0 && n <= 8 && n&(n-1) == 0 }
	order := g.o.a.file.Order
	return order.Uint64(data) >= order.Uint64(data[8:]) && aligns(data[align]) && aligns(data[fieldAlign])
}

// named returns the type of that name.
func (g *typeGraph) named(name string) (uint64, bool) {
	types := g.o.a.file.Module.Types
	data, order := g.o.a.file.Bytes(types.Start, types.End-types.Start), g.o.a.file.Order
	text := append([]byte{byte(len(name) + 1), '*'}, name...)
	at := bytes.Index(data, text)
	if at < 1 {
		return 0, false
	}
	for t := -types.Start & 7; t+typeSize <= uint64(len(data)); t += 8 {
		if order.Uint32(data[t+typeName:]) == uint32(at-1) && g.o.typeName(types.Start+t) == name {
			return types.Start + t, true
		}
	}
	return 0, false
}

// fields returns where a struct's fields are described (name, type and offset, a word
// each), and how many there are.
func (g *typeGraph) fields(t uint64) (at uint64, n int) {
	const most = 1 << 12
	at, count := g.word(t+typeSize+8), g.word(t+typeSize+16)
	if count > most || g.o.a.file.Bytes(at, 24*count) == nil {
		return 0, 0
	}
	return at, int(count)
}

// offsets returns the offsets of a struct's fields, as the descriptor has them.
func (g *typeGraph) offsets(t uint64) []uint64 {
	at, n := g.fields(t)
	out := make([]uint64, n)
	for i := range out {
		out[i] = g.word(at + 24*uint64(i) + 16)
	}
	return out
}

func (g *typeGraph) fieldName(t uint64, i int) string {
	at, n := g.fields(t)
	if i < 0 || i >= n {
		return ""
	}
	name := g.o.a.file.From(g.word(at + 24*uint64(i)))
	if len(name) < 2 || int(name[1]) > len(name)-2 {
		return ""
	}
	return string(name[2:][:name[1]])
}

// refs returns what a type refers to.
func (g *typeGraph) refs(t uint64) []typeRef {
	var out []typeRef
	add := func(at uint64, byValue bool) {
		if to := g.word(at); g.isType(to) {
			out = append(out, typeRef{at, to, byValue})
		}
	}
	end := t + kindSize(g.kind(t))
	switch g.kind(t) {
	case kindArray, kindChan:
		add(t+typeSize, true)
		add(t+typeSize+8, false) // an array's slice
	case kindMap:
		add(t+typeSize, true)
		add(t+typeSize+8, true)
		add(t+typeSize+16, true)
	case kindPointer, kindSlice:
		add(t+typeSize, false)
	case kindStruct:
		at, n := g.fields(t)
		for i := range uint64(n) {
			add(at+24*i+8, true)
		}
	case kindFunc:
		counts := g.o.a.file.Order.Uint32(g.o.a.file.Bytes(t+typeSize, 4))
		if g.uncommon(t) {
			end += methodSize
		}
		for i := range uint64(counts&0xffff + counts>>16&0x7fff) {
			add(end+8*i, false)
		}
	case kindInterface:
		out = append(out, g.methodTypes(g.word(t+typeSize+8), g.word(t+typeSize+16), 8)...)
	}
	if table := g.o.methodTable(t); table.Start != table.End {
		out = append(out, g.methodTypes(table.Start, (table.End-table.Start)/methodSize, methodSize)...)
	}
	return out
}

// methodTypes returns the types of methods, in a table whose entries begin with the
// offsets of the name and of the type.
func (g *typeGraph) methodTypes(at, n, size uint64) []typeRef {
	const most = 1 << 16
	var out []typeRef
	for i := range min(n, most) {
		b := g.o.a.file.Bytes(at+i*size+4, 4)
		if b == nil {
			break
		}
		if to := g.o.a.file.Module.Types.Start + uint64(g.o.a.file.Order.Uint32(b)); g.isType(to) {
			out = append(out, typeRef{to: to})
		}
	}
	return out
}
