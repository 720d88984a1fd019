package scan

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// What is read of a library's functions depends on its file alone, and the same few
// libraries are loaded by most programs.

// A Store keeps what was read of libraries, under keys of what it depends on: the bytes
// of their files. What it returns must be what was put there by the same build of this
// package, and by nobody whom the user of the scan does not trust.
type Store interface {
	// Load returns what was stored under a key, nil if there is nothing.
	Load(key string) []byte
	// Store stores a value. If that cannot be done, the next scan takes more time.
	Store(key string, value []byte)
}

// storeKey is the key for what is read of an image's functions.
func (im *cimage) storeKey() string { return fmt.Sprintf("functions-%x", im.Sum()) }

// recall takes up what is stored of the images of a list, and returns those of which
// nothing is.
func (c *clib) recall(list []int) []int {
	if c.store == nil {
		return list
	}
	known := make([]bool, len(c.images))
	each(len(list), func(k int) {
		im := c.images[list[k]]
		if list[k] == 0 { // the program's own code is divided with Go's
			return
		}
		if facts, vdso, ok := decodeFacts(c.store.Load(im.storeKey())); ok && len(facts) == len(im.Funcs) {
			im.facts, im.vdso, known[list[k]] = facts, vdso, true
		}
	})
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return known[i] })
}

// keep stores what was read of the images of a list.
func (c *clib) keep(list []int) {
	if c.store == nil {
		return
	}
	each(len(list), func(k int) {
		if im := c.images[list[k]]; list[k] > 0 {
			c.store.Store(im.storeKey(), encodeFacts(im.facts, im.vdso))
		}
	})
}

// encodeFacts puts down the facts of functions, and whether their image may ask for the
// vDSO. A checksum is at the end.
func encodeFacts(list []cfacts, vdso bool) []byte {
	refs, words := 0, 0
	for i := range list {
		refs, words = refs+len(list[i].refs), words+len(list[i].starts)
	}
	e := factsEncoder{buf: make([]byte, 0, 8*(refs+words)+16*len(list))}
	e.flags(vdso)
	e.number(uint64(len(list)))
	e.number(uint64(refs))
	e.number(uint64(words))
	for i := range list {
		e.function(&list[i])
	}
	return binary.LittleEndian.AppendUint32(e.buf, crc32.Checksum(e.buf, castagnoli))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type factsEncoder struct{ buf []byte }

func (e *factsEncoder) number(v uint64) { e.buf = binary.AppendUvarint(e.buf, v) }
func (e *factsEncoder) signed(v int64)  { e.buf = binary.AppendVarint(e.buf, v) }

func (e *factsEncoder) flags(list ...bool) {
	v := uint64(0)
	for i, is := range list {
		if is {
			v |= 1 << i
		}
	}
	e.number(v)
}

func (e *factsEncoder) function(f *cfacts) {
	e.flags(f.returns, f.indexed, f.plain)
	e.number(uint64(len(f.refs)))
	last := ref{}
	for _, r := range f.refs {
		e.signed(int64(r.off) - int64(last.off))
		e.buf = append(e.buf, r.part, byte(r.kind), r.size)
		e.signed(int64(r.addr - last.addr))
		last = r
	}
	e.number(uint64(len(f.starts)))
	for _, w := range f.starts {
		e.buf = binary.LittleEndian.AppendUint64(e.buf, w)
	}
	e.number(uint64(len(f.tables)))
	for _, t := range f.tables {
		e.number(uint64(t.i))
		e.number(t.label)
		e.number(t.table)
		e.flags(t.signed)
		e.buf = append(e.buf, t.size, t.shift)
		e.number(t.entries)
		e.signed(int64(t.adr))
	}
	e.number(uint64(len(f.leaves)))
	for _, l := range f.leaves {
		e.number(l.to)
		e.number(uint64(len(l.held)))
		for _, h := range l.held {
			e.buf = append(e.buf, byte(h.reg), byte(h.kind))
			e.number(h.addr)
		}
	}
}

// decodeFacts reads what encodeFacts has put down. It is not ok if it is not that.
func decodeFacts(b []byte) (list []cfacts, vdso, ok bool) {
	end := len(b) - 4
	if end < 0 || crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, false, false
	}
	d := factsDecoder{buf: b[:end]}
	vdso = d.number() != 0
	list = make([]cfacts, d.count(4))
	refs, words := make([]ref, d.count(5)), make([]uint64, d.count(8))
	for i := range list {
		f := &list[i]
		flags := d.number()
		f.returns, f.indexed, f.plain = flags&1 != 0, flags&2 != 0, flags&4 != 0
		f.refs, refs = d.refs(refs)
		f.starts, words = d.words(words)
		f.tables, f.leaves = d.tables(), d.leaves()
	}
	return list, vdso, !d.failed && len(d.buf) == 0 && len(refs) == 0 && len(words) == 0
}

type factsDecoder struct {
	buf    []byte
	failed bool
}

func (d *factsDecoder) number() uint64 {
	v, n := binary.Uvarint(d.buf)
	d.take(n)
	return v
}

func (d *factsDecoder) signed() int64 {
	v, n := binary.Varint(d.buf)
	d.take(n)
	return v
}

// take returns the next n bytes, and zeros where they are not there.
func (d *factsDecoder) take(n int) []byte {
	if n <= 0 || n > len(d.buf) {
		d.failed, d.buf = true, nil
		return make([]byte, max(n, 0))
	}
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b
}

// count reads how many things follow that take at least so many bytes each.
func (d *factsDecoder) count(bytes int) int {
	n := d.number()
	if n > uint64(len(d.buf)/bytes) {
		d.failed = true
		return 0
	}
	return int(n)
}

// refs reads the refs of a function into the next of a list of all.
func (d *factsDecoder) refs(all []ref) (mine, rest []ref) {
	n := d.count(5)
	if n > len(all) {
		d.failed = true
		return nil, all
	}
	mine, rest = all[:n:n], all[n:]
	last := ref{}
	for i := range mine {
		last.off = uint32(int64(last.off) + d.signed())
		b := d.take(3)
		last.part, last.kind, last.size = b[0], refKind(b[1]), b[2]
		last.addr += uint64(d.signed())
		mine[i] = last
	}
	return mine, rest
}

// words reads the words of a function into the next of a list of all.
func (d *factsDecoder) words(all []uint64) (mine, rest []uint64) {
	n := d.count(8)
	if n > len(all) {
		d.failed = true
		return nil, all
	}
	mine, rest = all[:n:n], all[n:]
	for i := range mine {
		mine[i] = binary.LittleEndian.Uint64(d.take(8))
	}
	return mine, rest
}

func (d *factsDecoder) tables() []jumpTable {
	var out []jumpTable
	for range d.count(8) {
		t := jumpTable{i: int(d.number()), label: d.number(), table: d.number(), signed: d.number() != 0}
		b := d.take(2)
		t.size, t.shift = b[0], b[1]
		t.entries, t.adr = d.number(), int(d.signed())
		out = append(out, t)
	}
	return out
}

func (d *factsDecoder) leaves() []leaving {
	var out []leaving
	for range d.count(2) {
		l := leaving{to: d.number()}
		for range d.count(3) {
			b := d.take(2)
			l.held = append(l.held, regHeld{isa.Reg(b[0]), held{d.number(), heldKind(b[1])}})
		}
		out = append(out, l)
	}
	return out
}
