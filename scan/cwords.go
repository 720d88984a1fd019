package scan

import (
	"encoding/binary"

	"github.com/gocurb/curb/internal/gobin"
)

// In a program that is loaded where it was linked for, no relocation says which words of
// the data are addresses.

// unalignedWords returns what of the words between the aligned ones is where a function
// of C begins: such as those in packed records.
func (c *clib) unalignedWords() []uint64 {
	im := c.images[0]
	if im.PIC || len(im.Funcs) == 0 {
		return []uint64{}
	}
	out := []uint64{}
	first, last := im.Funcs[0].Start, im.Funcs[len(im.Funcs)-1].Start
	for start, b := range im.Segments {
		begin := start
		for end, ok := im.CodeEnd(begin); ok; end, ok = im.CodeEnd(begin) {
			begin = end
		}
		for i := begin - start; i+8 <= uint64(len(b)); i++ {
			v := binary.LittleEndian.Uint64(b[i:])
			addr := start + i
			if v < first || v > last || addr%8 == 0 || im.Code(addr) {
				continue
			}
			if fn := im.FuncAt(v); fn >= 0 && im.Funcs[fn].Start == v {
				out = append(out, v)
			}
		}
	}
	return out
}

// wordsInside notes where functions of the program are entered in their midst by way of
// words of the data: tables of labels, and those of switches.
func (c *clib) wordsInside() {
	im := c.images[0]
	if im.PIC {
		return
	}
	inside := map[int][]uint64{}
	for _, w := range c.a.words {
		if fn := im.FuncAt(w.value); fn >= 0 && im.Funcs[fn].Start != w.value && !im.Code(w.addr) {
			inside[fn] = append(inside[fn], w.value)
		}
	}
	for fn, list := range inside {
		f := im.Funcs[fn]
		d := decoder{arch: c.a.arch}
		d.c(&gobin.Func{Entry: f.Start, End: f.End}, im.Bytes(f.Start, f.End-f.Start), im.mids[fn])
		for _, pc := range list { // what is no instruction is no address
			if d.enters(pc) {
				im.addMid(fn, pc)
			}
		}
	}
}
