package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/elfimage"
)

// data visits what can be called, or come to, though no code refers to it: what the
// program's own data holds, what threads get copies of, what the loader and the unwinder
// call by their own tables, and what is looked up by name.
func (w *cwalk) data() {
	for i, im := range w.c.images {
		s := cstep{how: byData, from: none, goFn: noFunc, note: im.dataNote}
		if i == 0 {
			w.copied(s)
		}
		if i == 0 || !im.objects.cut {
			w.visitWords(i, im.Span(), s)
		}
		w.visitWords(i, im.TLS, s)
		w.unwound(i, im, s)
		w.destructors(i, im)
		if i >= w.c.needed { // loaded while the program runs
			w.constructors(i, im)
		}
	}
	w.byName()
	for _, word := range w.c.a.words {
		if w.c.a.file.FuncAt(word.value) < 0 && w.c.images[0].slots.at(word.addr) == nil && !w.c.images[0].linked[word.addr] && !w.c.byCgo(word.addr) {
			w.takeCode(0, word.value, cstep{how: byData, from: none, goFn: noFunc, note: "the program's data"})
		}
	}
	for _, at := range w.c.unaligned {
		w.takeCode(0, at, cstep{how: byData, from: none, goFn: noFunc, note: "the program's data"})
	}
}

// copied visits the objects that the loader copies into the program.
func (w *cwalk) copied(s cstep) {
	exe := w.c.images[0]
	for _, k := range exe.Copied {
		name, version := exe.Symbols[k].Name, exe.Symbols[k].Version
		for i, im := range w.c.images[1:w.c.needed] {
			for _, from := range im.Find(name, version) {
				w.visitData(cplace{i + 1, from.Addr}, s)
			}
		}
	}
}

// destructors visits what the loader calls when the program ends, or an image is
// unloaded.
func (w *cwalk) destructors(i int, im *cimage) {
	s := cstep{how: byData, from: none, goFn: noFunc, note: "what ends " + im.Name}
	if im.Fini != 0 {
		w.takeCode(i, im.Fini, s)
	}
	for _, list := range im.Finis {
		w.visitWords(i, list, s)
		for at := list.Start; at < list.End && !im.PIC; at += 8 {
			if b := im.Bytes(at, 8); b != nil {
				w.takeCode(i, le64(b), s)
			}
		}
	}
}

// resolvers visits the functions that the loader asks which function to call.
func (w *cwalk) resolvers(i int, im *cimage) {
	s := cstep{how: isRoot, from: none, goFn: noFunc, note: "the dynamic loader asks it which function to call"}
	for _, r := range im.Relocs {
		for _, to := range im.slots.at(r.Addr) {
			if w.c.images[to.image].resolvers[to.addr] {
				w.take(to, s)
			}
		}
	}
}

// unwound visits the handlers that the unwinder calls, and the types that those look
// at: words whose distance the tables for unwinding hold.
func (w *cwalk) unwound(i int, im *cimage, s cstep) {
	for _, h := range im.Handlers {
		if !h.Word {
			w.takeCode(i, h.Addr, s)
			continue
		}
		w.visitWords(i, elfimage.Range{Start: h.Addr, End: h.Addr + 8}, s)
		if b := im.Bytes(h.Addr, 8); b != nil && !im.PIC {
			w.takeCode(i, le64(b), s)
		}
	}
	tables := im.objects.handlers
	b := im.Bytes(tables.Start, tables.End-tables.Start)
	for at := 0; at+4 <= len(b); at++ {
		to := tables.Start + uint64(at) + uint64(int64(int32(leUint32(b[at:]))))
		if _, ok := slices.BinarySearch(im.objects.words, to); ok {
			w.visitWords(i, elfimage.Range{Start: to, End: to + 8}, s)
		}
	}
}
