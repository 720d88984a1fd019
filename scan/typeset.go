package scan

import (
	"slices"
	"sort"
)

// A typeSet has the types of a program to which anything refers, with the methods
// in their tables.
type typeSet struct {
	types    []descriptor
	starts   []uint64        // of the types, in order
	index    map[uint64]int  // of the type at an address
	pointers [][]int         // of each type: the types of pointers to it
	methods  [][]tableMethod // of each type: those that the linker kept
	stray    [][2]int        // what looks like a method, and is in the table of none of them
}

// A tableMethod is a method in a type's table.
type tableMethod struct {
	signature
	exported bool
	fns      [2]int // for interfaces and for direct calls
}

// newTypeSet finds the types: nil if some descriptor is not as they are known to be.
func newTypeSet(a *analysis) *typeSet {
	g := &typeSet{index: map[uint64]int{}}
	r := &typeReader{a.file, a.file.Module.Types, maxTypeParts}
	byCode, byData := a.typeRefs()
	if !g.find(r, slices.Clone(byCode)) || !g.find(r, wordValues(byData)) {
		return nil
	}
	for i := range g.types {
		g.starts = append(g.starts, g.types[i].span.Start)
	}
	slices.Sort(g.starts)
	g.link()
	g.readMethods(a, r)
	return g
}

// roots returns the types to which code refers, or data other than types.
func (g *typeSet) roots(a *analysis) []int {
	byCode, byData := a.typeRefs()
	byData = slices.DeleteFunc(byData, func(w word) bool {
		_, inType := g.at(w.addr)
		return inType
	})
	var out []int
	for _, addr := range slices.Concat(byCode, wordValues(byData)) {
		if id, ok := g.at(addr); ok {
			out = append(out, id)
		}
	}
	return out
}

// typeRefs returns the addresses among the types to which code refers, each once, and
// the words of the data that hold such addresses.
func (a *analysis) typeRefs() (byCode []uint64, byData []word) {
	types := a.file.Module.Types
	for fn := range a.facts {
		for _, x := range a.facts[fn].refs {
			if (x.takesAddr() || x.kind == refLoad) && types.Contains(x.addr) {
				byCode = append(byCode, x.addr)
			}
		}
	}
	for _, w := range a.words {
		if types.Contains(w.value) && !a.file.Module.Text.Contains(w.addr) {
			byData = append(byData, w)
		}
	}
	slices.Sort(byCode)
	return slices.Compact(byCode), byData
}

func wordValues(words []word) []uint64 {
	out := make([]uint64, len(words))
	for i, w := range words {
		out[i] = w.value
	}
	return out
}

// find reads the descriptors at these addresses, as far as there are any, and those
// to which they refer, and reports whether all are sound.
func (g *typeSet) find(r *typeReader, work []uint64) bool {
	for len(work) > 0 {
		addr := work[len(work)-1]
		work = work[:len(work)-1]
		if _, known := g.index[addr]; known || r.header(addr) == nil {
			continue
		}
		d, ok := r.read(addr)
		if !ok {
			return false
		}
		g.index[addr] = len(g.types)
		g.types = append(g.types, *d)
		work = append(append(work, d.parts...), d.pointer)
		for _, f := range d.fields {
			work = append(work, f.typ)
		}
		for _, sig := range d.wants {
			work = append(work, sig.typ)
		}
		for at := d.table.Start; at < d.table.End; at += methodSize {
			work = append(work, r.at(r.file.Order.Uint32(r.file.Bytes(at+4, 4))))
		}
	}
	return true
}

// link notes which types are those of pointers to others.
func (g *typeSet) link() {
	g.pointers = make([][]int, len(g.types))
	for i := range g.types {
		d := &g.types[i]
		if d.kind == kindPointer {
			to := g.index[d.parts[0]]
			g.pointers[to] = append(g.pointers[to], i)
		}
		if pointer, ok := g.index[d.pointer]; ok {
			g.pointers[i] = append(g.pointers[i], pointer)
		}
	}
}

// readMethods reads the tables of all types.
func (g *typeSet) readMethods(a *analysis, r *typeReader) {
	g.methods = make([][]tableMethod, len(g.types))
	owned := map[uint64]bool{}
	for i := range g.types {
		for addr, fns := range a.methods(g.types[i].table, methodSize) {
			owned[addr] = true
			_, flags, _ := r.name(r.at(a.file.Order.Uint32(a.file.Bytes(addr, 4))))
			g.methods[i] = append(g.methods[i], tableMethod{r.signature(addr), flags&nameExported != 0, fns})
		}
	}
	for addr, fns := range a.methods(a.file.Module.Types, 4) {
		if !owned[addr] {
			g.stray = append(g.stray, fns)
		}
	}
}

// A typeUse is a type that refers to another one. byValue means that a value of it
// holds some of the other.
type typeUse struct {
	by      int
	byValue bool
}

// uses returns, of each type, those that refer to it.
func (g *typeSet) uses() [][]typeUse {
	out := make([][]typeUse, len(g.types))
	for by := range g.types {
		use := func(typ uint64, byValue bool) {
			if to, ok := g.index[typ]; ok {
				out[to] = append(out[to], typeUse{by, byValue})
			}
		}
		d := &g.types[by]
		for _, part := range d.parts {
			use(part, d.kind == kindArray || d.kind == kindChan || d.kind == kindMap)
		}
		for _, f := range d.fields {
			use(f.typ, true)
		}
		for _, sig := range d.wants {
			use(sig.typ, false)
		}
		for _, m := range g.methods[by] {
			use(m.typ, false)
		}
	}
	return out
}

// at returns the type whose descriptor contains an address.
func (g *typeSet) at(addr uint64) (int, bool) {
	i := sort.Search(len(g.starts), func(i int) bool { return g.starts[i] > addr }) - 1
	if i < 0 {
		return 0, false
	}
	id := g.index[g.starts[i]]
	return id, addr < g.types[id].span.End
}
