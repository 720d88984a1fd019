package scan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// A cwalk finds what C code can run.
type cwalk struct {
	c       *clib
	steps   []csteps // of each image: how its functions were reached
	queue   []cfunc
	taken   map[cplace]cstep // functions that may be called through a pointer
	left    map[cplace]cstep // and those among them to which a pointer may be left behind
	objects map[cplace]cstep // addresses by which code or data can come to objects
	callers [][][]caller     // of each image: the direct calls and jumps to its functions
	roots   map[cfunc]bool   // functions that the loader or the kernel enters
	begun   [][]bool         // of each image: functions that are entered at their beginning
	named   map[cplace]bool  // functions that are found by their names, or by marked pointers
	whole   *cwalk           // of a phase: that of the program's whole life

	dozing map[cvariable][]cfunc // functions that were reached and do nothing yet
	set    map[cvariable]bool    // variables of threads that may have been set
}

// A cstep says how a function of C was reached: from another, from one of Go, or
// from data.
type cstep struct {
	how  stepKind
	from cfunc  // its image is noFunc where no C code leads there
	goFn int    // the function of Go, noFunc where none does
	off  uint32 // the instruction in the one or the other
	note string // what else leads there
	past bool   // from is of the whole life: what it does was done before the phase
	call bool   // Go reads the pointer to call the function, and keeps none
}

// csteps are the steps to the functions of an image, nil where one was not reached.
type csteps []*cstep

// reached yields the functions that were reached, in order.
func (s csteps) reached(yield func(fn int) bool) {
	for fn := range s {
		if s[fn] != nil && !yield(fn) {
			return
		}
	}
}

// none stands for no function of C.
var none = cfunc{noFunc, noFunc}

func (c *clib) newWalk() *cwalk {
	w := &cwalk{c: c, taken: map[cplace]cstep{}, left: map[cplace]cstep{}, objects: map[cplace]cstep{}, roots: map[cfunc]bool{}, named: map[cplace]bool{}, dozing: map[cvariable][]cfunc{}, set: map[cvariable]bool{}}
	for _, im := range c.images {
		w.steps = append(w.steps, make(csteps, len(im.Funcs)))
		w.callers = append(w.callers, make([][]caller, len(im.Funcs)))
		w.begun = append(w.begun, make([]bool, len(im.Funcs)))
	}
	return w
}

// walkAll finds the C code that can run in all of the program's life.
func (c *clib) walkAll() *cwalk {
	all := c.newWalk()
	all.fromGo(c.a.whole)
	all.start()
	all.data()
	all.drain()
	return all
}

// walkPhase finds what of that can run in a phase that begins later, from the code of
// Go that can. Pointers that were made before, and may have been left somewhere, can still
// be called through: see phase.go.
func (c *clib) walkPhase(all *cwalk) *cwalk {
	all.startOnce()
	w := c.newWalk()
	w.whole, w.set = all, maps.Clone(all.set)
	w.fromGo(c.a.reach)
	w.data()
	for _, p := range inOrder(all.left) {
		s := all.left[p]
		s.past = s.from != none
		w.take(p, s)
	}
	for _, p := range inOrder(all.objects) {
		s := all.objects[p]
		s.past = s.from != none
		w.visitData(p, s)
	}
	w.drain()
	w.threads()
	return w
}

// inOrder returns the places in order.
func inOrder(m map[cplace]cstep) []cplace {
	return slices.SortedFunc(maps.Keys(m), func(x, y cplace) int {
		return cmp.Or(cmp.Compare(x.image, y.image), cmp.Compare(x.addr, y.addr))
	})
}

// start begins with what runs before the program: the loader, the C code at the
// program's entry, and the constructors.
func (w *cwalk) start() {
	c := w.c
	if c.loader != noFunc {
		w.visit(cplace{c.loader, c.images[c.loader].Entry}, cstep{how: isRoot, from: none, goFn: noFunc, note: "the dynamic loader"})
		w.startMusl()
	}
	if c.a.file.FuncAt(c.a.file.Entry) < 0 {
		w.visit(cplace{0, c.a.file.Entry}, cstep{how: isRoot, from: none, goFn: noFunc, note: "the program's entry point"})
	}
	for i, im := range c.images[:c.needed] {
		w.constructors(i, im)
	}
}

// constructors visits what the loader calls when it has loaded an image.
func (w *cwalk) constructors(i int, im *cimage) {
	s := cstep{how: isRoot, from: none, goFn: noFunc, note: "a constructor"}
	w.resolvers(i, im)
	if im.Init != 0 {
		w.visit(cplace{i, im.Init}, s)
	}
	for _, list := range im.Inits {
		for at := list.Start; at < list.End; at += 8 {
			for _, to := range im.slots.at(at) {
				w.visit(to, s)
			}
			if b := im.Bytes(at, 8); b != nil && !im.PIC {
				w.visitCode(i, le64(b), s)
			}
		}
	}
}

func le64(b []byte) uint64 { return uint64(leUint32(b)) | uint64(leUint32(b[4:]))<<32 }

// visitCode visits an address, if it is one of code.
func (w *cwalk) visitCode(i int, addr uint64, s cstep) {
	if w.c.images[i].FuncAt(addr) >= 0 {
		w.visit(cplace{i, addr}, s)
	}
}

// take visits a function that may be called through a pointer, or an object.
func (w *cwalk) take(p cplace, s cstep) {
	for _, to := range w.c.through(p) {
		im := w.c.images[to.image]
		fn := im.FuncAt(to.addr)
		if fn < 0 {
			w.distances(to, s)
			w.visitData(to, s)
			continue
		}
		if w.whole != nil && w.c.once[to] {
			continue // it has been called
		}
		if to == (cplace{0, w.c.a.file.Entry}) {
			continue // it is compared with others: nobody starts the program again
		}
		for _, at := range []uint64{to.addr, im.Funcs[fn].Start} {
			p, marked := cplace{to.image, at}, at != to.addr
			if marked && !marks(at, to.addr) {
				continue
			}
			if _, ok := w.taken[p]; !ok {
				w.taken[p] = s
			}
			if marked {
				w.named[p] = true
			}
		}
		if _, ok := w.left[to]; !ok && !s.call {
			w.left[to] = s
		}
		w.visit(to, s)
	}
}

func (w *cwalk) takeCode(i int, addr uint64, s cstep) {
	if w.c.images[i].FuncAt(addr) >= 0 {
		w.take(cplace{i, addr}, s)
	}
}

// fromGo visits what the reachable code of Go refers to.
func (w *cwalk) fromGo(r *reach) {
	for fn := range r.a.facts {
		for x := range r.live(fn) {
			w.ref(cstep{how: byCall, from: none, goFn: fn, off: x.off}, 0, x)
		}
	}
}

// ref follows what code of an image refers to.
func (w *cwalk) ref(s cstep, i int, x ref) {
	im := w.c.images[i]
	switch x.kind {
	case refCall, refJump:
		if i == 0 && w.c.a.file.FuncAt(x.addr) >= 0 || x.addr == 0 {
			return // Go's, or a symbol that nothing defines: it is tested before
		}
		if x.kind == refJump {
			s.how = byJump
		}
		for _, to := range w.c.through(cplace{i, x.addr}) {
			w.call(to, x, s)
		}
	case refAddr, refNumber, refLoad, refSlotCall, refSlotJump:
		if (x.kind == refSlotCall || x.kind == refSlotJump) && im.linked[x.addr] {
			for _, p := range im.slots.at(x.addr) {
				for _, to := range w.c.through(p) {
					w.call(to, x, s)
				}
			}
			return
		}
		s.how = byAddress
		for at := x.addr; at < x.addr+max(1, uint64(x.size)); at++ {
			if i == 0 && w.c.byCgo(at) {
				by := s
				by.call = w.c.calls[caller{s.goFn, x.place}]
				w.take(w.c.cgo[at], by)
				continue
			}
			for _, to := range im.slots.at(at) {
				w.take(to, s)
			}
		}
		if x.takesAddr() && im.FuncAt(x.addr) < 0 {
			if s.from != none {
				w.distances(cplace{i, x.addr}, s)
			}
			w.visitData(cplace{i, x.addr}, s)
			return
		}
		if x.takesAddr() && (s.from == none || (im.FuncAt(x.addr) != s.from.fn || im.Funcs[s.from.fn].Start == x.addr) && !w.c.compares(s.from, x)) {
			w.takeCode(i, x.addr, s)
		}
	}
}

// call visits the callee of a direct call.
func (w *cwalk) call(to cplace, x ref, s cstep) {
	fn := w.c.images[to.image].FuncAt(to.addr)
	if fn >= 0 {
		by := s.goFn
		if s.from != none {
			by = w.c.number(s.from)
		}
		at := &w.callers[to.image][fn]
		*at = append(*at, caller{by, x.place})
	}
	w.visitFunc(to, fn, s)
}

// callersOf returns the direct calls of a function and jumps to it.
func (w *cwalk) callersOf(at cfunc) []caller { return w.callers[at.image][at.fn] }

// entersAt reports whether a function is entered at its beginning.
func (w *cwalk) entersAt(at cfunc) bool { return w.begun[at.image][at.fn] }

// through returns where a call of an address ends up: the linkage tables jump on
// to where a word of theirs says.
func (c *clib) through(p cplace) []cplace {
	im := c.images[p.image]
	to, ok := im.leads[p.addr]
	if !ok {
		to = c.follow(p)
		im.leads[p.addr] = to
	}
	return to
}

func (c *clib) follow(p cplace) []cplace {
	im := c.images[p.image]
	d := &c.linker
	d.arch = c.a.arch
	d.reset()
	code := im.From(p.addr)
	if code == nil || im.FuncAt(p.addr) < 0 {
		return []cplace{p}
	}
	const scratch = isa.Reg(11) // that no call passes anything in, on amd64
	slot := uint64(0)           // the word that is loaded into the register by which linkage tables jump on
	for off := uint64(0); len(d.insts) < 6 && off < uint64(len(code)); {
		n, err := d.append(code[off:], p.addr+off)
		if err != nil || n == 0 {
			break
		}
		off += n
		switch in := &d.insts[len(d.insts)-1]; {
		case in.Op == isa.Landing || in.Op == isa.Nop:
		case in.Op == isa.Mov && in.Src.Kind == isa.KindImm && c.a.arch.pushed > 0 && register(&in.Dst, scratch): // which entry it is
		case c.a.arch.linkage != isa.NoReg && in.Op == isa.Mov && in.Dst.Kind == isa.KindReg && in.Dst.Reg == c.a.arch.linkage && absoluteAddr(&in.Src):
			slot = uint64(in.Src.Imm)
		case im.linked[slot] && in.Op == isa.JumpInd && in.Src.Kind == isa.KindReg && in.Src.Reg == c.a.arch.linkage:
			return im.slots.at(slot) // nothing, for what may be missing
		case im.linked[slot] && (in.Op == isa.Add || in.Op == isa.Lea || in.Op == isa.Mov) && in.Dst.Kind == isa.KindReg && in.Dst.Reg != c.a.arch.linkage:
		case in.Op == isa.JumpInd && in.Src.Kind == isa.KindMem && in.Src.Base == isa.NoReg && in.Src.Index == isa.NoReg && in.Src.Seg == 0:
			if to := im.slots.at(uint64(in.Src.Imm)); to != nil {
				return to
			}
			return []cplace{p}
		default:
			return []cplace{p}
		}
	}
	return []cplace{p}
}

// visit reaches the function at a place.
func (w *cwalk) visit(p cplace, s cstep) { w.visitFunc(p, w.c.images[p.image].FuncAt(p.addr), s) }

// visitFunc reaches the function of C that is at a place, noFunc if there is none.
func (w *cwalk) visitFunc(p cplace, fn int, s cstep) {
	if p.image == 0 && w.c.a.file.FuncAt(p.addr) >= 0 {
		return // Go's, a root of its walk
	}
	if fn < 0 {
		if s.from != none && w.c.pads(s.from) {
			return // what is between two sections is not run
		}
		w.c.unresolved(s.from, p.addr, fmt.Sprintf("control goes to %#x in %s, where there is no code", p.addr, w.c.images[p.image].Name))
		return
	}
	if w.c.images[p.image].Funcs[fn].Start == p.addr {
		w.begun[p.image][fn] = true
	}
	if s.how == isRoot {
		w.roots[cfunc{p.image, fn}] = true
	}
	if at := &w.steps[p.image][fn]; *at == nil {
		first := s
		*at = &first
		w.queue = append(w.queue, cfunc{p.image, fn})
	}
}

func (w *cwalk) drain() {
	for len(w.queue) > 0 {
		f := w.queue[0]
		w.queue = w.queue[1:]
		im := w.c.images[f.image]
		if w.dozes(f) {
			continue
		}
		for _, x := range im.facts[f.fn].refs {
			w.ref(cstep{how: byCall, from: f, goFn: noFunc, off: x.off}, f.image, x)
		}
		pads, ok := im.Landings(f.fn)
		if !ok {
			w.c.unresolved(f, im.Funcs[f.fn].Start, "the table of where exceptions lead cannot be read")
		}
		for _, pc := range slices.Concat(im.splits(f.fn), pads) {
			w.visit(cplace{f.image, pc}, cstep{how: byJump, from: f, goFn: noFunc})
		}
	}
}

// splits returns the places of other functions to which a function's switches go.
func (im *cimage) splits(fn int) []uint64 {
	out := im.outside(fn)
	if !im.facts[fn].indexed {
		return out
	}
	for _, x := range im.facts[fn].refs {
		if x.takesAddr() && im.FuncAt(x.addr) < 0 {
			for _, pc := range im.table(fn, x.addr) {
				if im.FuncAt(pc) != fn {
					out = append(out, pc)
				}
			}
		}
	}
	return out
}

func (c *clib) unresolved(at cfunc, pc uint64, reason string) {
	o := copen{at, pc, reason}
	if !slices.Contains(c.open, o) {
		c.open = append(c.open, o)
	}
}

// pads reports whether a piece of code is nothing but padding.
func (c *clib) pads(f cfunc) bool {
	im := c.images[f.image]
	r := im.Funcs[f.fn].Range
	d := decoder{arch: c.a.arch}
	return d.straight(im.Bytes(r.Start, r.End-r.Start), r.Start) &&
		!slices.ContainsFunc(d.insts, func(in isa.Inst) bool { return in.Op != isa.Nop })
}
