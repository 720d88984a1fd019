package scan

import (
	"slices"
	"sort"

	"github.com/gocurb/curb/internal/elfimage"
)

// Functions to which data points can be called only by code that comes to that
// data. Code comes to a word of an image's data by reading it where it is, or
// with a pointer to the object that it is in: its own, which shows as an address in
// the code or in the linkage tables, or one that is in other data. Which objects
// there are, no table says of a stripped library, but for those that others can
// refer to. So what is taken for one goes up to where another begins for sure.

// cobjects are the words of an image's data that hold addresses, and where objects begin.
type cobjects struct {
	words  []uint64        // sorted
	starts []uint64        // sorted
	ends   map[uint64]bool // which of them may be the end of an array, too
	cut    bool            // the file says which sections it has

	plain    elfimage.Range // where tables lie that are no elements of one
	handlers elfimage.Range // where what the handlers of exceptions have to know is
}

// objectAlign is how objects are aligned that can have four pointers or more. Where
// a smaller one begins is not looked for: it counts as part of what is before it.
const objectAlign = 32

// ioTables is the section of glibc's tables of functions for streams. They are
// objects for themselves, though one looks like the next.
const ioTables = "__libc_IO_vtables"

// handlerTables is the section of what the handlers of exceptions have to know.
const handlerTables = ".gcc_except_table"

// findObjects cuts the data of the images into objects.
func (c *clib) findObjects() {
	named := make([]map[uint64]bool, len(c.images)) // addresses that code or data names
	for i, im := range c.images {
		named[i], im.objects = map[uint64]bool{}, cobjects{ends: map[uint64]bool{}}
	}
	for i, im := range c.images {
		for addr := range im.named {
			named[i][addr] = true
		}
		for _, r := range im.Relocs {
			if !r.Slot {
				im.objects.words = append(im.objects.words, r.Addr)
			}
			for _, to := range im.slots.at(r.Addr) {
				named[to.image][to.addr] = true
			}
		}
		slices.Sort(im.objects.words)
		im.objects.words = slices.Compact(im.objects.words)
	}
	each(len(c.images), func(i int) { c.cut(i, c.images[i], named[i]) })
}

// cut finds where the objects of an image begin.
func (c *clib) cut(i int, im *cimage, named map[uint64]bool) {
	o := &im.objects
	sure := []uint64{im.TLS.Start, im.TLS.End}
	for name, r := range im.Sections {
		sure, o.cut = append(sure, r.Start, r.End), true
		switch name {
		case ioTables:
			o.plain = r
		case handlerTables:
			o.handlers = r
		}
	}
	for _, list := range slices.Concat(im.Inits, im.Finis) {
		sure = append(sure, list.Start, list.End)
	}
	for s := range im.Exports {
		if s.Size > 0 && !im.Code(s.Addr) {
			sure = append(sure, s.Addr, s.Addr+s.Size)
		}
	}
	o.starts = append(o.starts, sure...)
	for addr := range named {
		if c.a.arch.anchored {
			break // it may be in the midst of one
		}
		if addr%objectAlign == 0 && !im.Code(addr) && (o.plain.Contains(addr) || !c.element(i, addr)) {
			o.starts = append(o.starts, addr)
		}
	}
	slices.Sort(o.starts)
	o.starts = slices.Compact(o.starts)
	for k, addr := range o.starts {
		next := o.around(addr).End
		w := sort.Search(len(o.words), func(w int) bool { return o.words[w] >= addr })
		if k > 0 && (w == len(o.words) || o.words[w] >= next) && c.endsArray(i, addr) {
			o.ends[addr] = true // nothing with addresses begins there
		}
	}
}

// maxElement is how many bytes an element of an array of records with functions has.
const maxElement = 512

// element reports whether what begins at an address may be an element of an array
// that begins before it.
func (c *clib) element(i int, addr uint64) bool {
	if !c.pointsToCode(i, addr, addr+maxElement) {
		return false
	}
	for size := uint64(8); size <= maxElement && size <= addr; size += 8 {
		if c.alike(i, addr-size, addr, size) {
			return true
		}
	}
	return false
}

// endsArray reports whether an array may end at an address.
func (c *clib) endsArray(i int, addr uint64) bool {
	if !c.pointsToCode(i, addr-min(addr, maxElement), addr) {
		return false
	}
	for size := uint64(8); size <= maxElement && 2*size <= addr; size += 8 {
		if c.alike(i, addr-2*size, addr-size, size) {
			return true
		}
	}
	return false
}

// alike reports whether at two addresses there are words of the same kind, some of
// which are pointers to functions.
func (c *clib) alike(i int, x, y, size uint64) bool {
	const code, data, number = 'c', 'd', 'n'
	im := c.images[i]
	kind := func(at uint64) byte {
		switch to := im.slots.at(at); {
		case len(to) == 0:
			return number
		case c.images[to[0].image].FuncAt(to[0].addr) >= 0:
			return code
		default:
			return data
		}
	}
	calls := false
	for at := uint64(0); at < size; at += 8 {
		k := kind(x + at)
		if k != kind(y+at) {
			return false
		}
		calls = calls || k == code
	}
	return calls
}

// pointsToCode reports whether a word of a range holds the address of a function.
func (c *clib) pointsToCode(i int, start, end uint64) bool {
	im := c.images[i]
	words := im.objects.words
	k, _ := slices.BinarySearch(words, start)
	for ; k < len(words) && words[k] < end; k++ {
		if to := im.slots.at(words[k]); len(to) > 0 && c.images[to[0].image].FuncAt(to[0].addr) >= 0 {
			return true
		}
	}
	return false
}

// around returns the range of what may be the object that an address is in, or that
// it is used to come to: code may count from an address before the object, or go down
// from the end of an array.
func (o *cobjects) around(addr uint64) elfimage.Range {
	const below = 64 // bytes that an element can have
	r := elfimage.Range{End: ^uint64(0)}
	i := sort.Search(len(o.starts), func(i int) bool { return o.starts[i] > addr })
	if i > 0 {
		r.Start = o.starts[i-1]
	}
	if i > 1 && addr == r.Start && o.ends[addr] {
		r.Start = o.starts[i-2]
	}
	if i < len(o.starts) {
		r.End = o.starts[i]
	}
	if i+1 < len(o.starts) && addr != r.Start && r.End-addr <= below {
		r.End = o.starts[i+1]
	}
	return r
}

// in returns the words with addresses that reach into a range.
func (o *cobjects) in(r elfimage.Range) []uint64 {
	first := sort.Search(len(o.words), func(k int) bool { return o.words[k]+8 > r.Start })
	n := sort.Search(len(o.words)-first, func(k int) bool { return o.words[first+k] >= r.End })
	return o.words[first : first+n]
}

// visitData reaches the object at a place, and what it points to.
func (w *cwalk) visitData(p cplace, s cstep) {
	im := w.c.images[p.image]
	if p.image == 0 {
		return // all of the program's own counts
	}
	object := im.objects.around(p.addr)
	if len(im.objects.in(object)) == 0 {
		return
	}
	if _, ok := w.objects[p]; ok {
		return
	}
	w.objects[p] = s
	w.visitWords(p.image, object, s)
}

// visitWords reaches what the words in a range point to.
func (w *cwalk) visitWords(i int, r elfimage.Range, s cstep) {
	im := w.c.images[i]
	words := im.objects.in(r)
	for k := range words {
		if slices.ContainsFunc(im.Inits, func(l elfimage.Range) bool { return l.Contains(words[k]) }) {
			continue
		}
		if i == 0 && w.c.byCgo(words[k]) {
			continue
		}
		for _, to := range im.slots.at(words[k]) {
			w.take(to, cstep{how: byData, from: s.from, goFn: s.goFn, off: s.off, note: im.dataNote, past: s.past})
		}
	}
}

// distances visits the functions that a table has that code or data names: as numbers that
// say how far each is from the table, or from its number.
func (w *cwalk) distances(p cplace, s cstep) {
	im := w.c.images[p.image]
	for at, more := p.addr, true; more; at += 4 {
		b := im.Bytes(at, 4)
		more = false
		for _, base := range []uint64{p.addr, at} {
			if b == nil {
				return
			}
			to := base + uint64(int64(int32(leUint32(b))))
			if fn := im.FuncAt(to); fn >= 0 && im.Funcs[fn].Start == to {
				s.note = "how far it is from data of " + im.Name
				w.takeCode(p.image, to, s)
				more = true
			}
		}
	}
}
