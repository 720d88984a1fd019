package scan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// A cfinding is a place in C code that makes a system call.
type cfinding struct {
	at cfunc
	pc uint64
}

// cnumbers finds which system calls the C code makes that a walk has reached.
type cnumbers struct {
	w      *cwalk
	bodies map[cfunc]*body
	seen   map[cquery]bool
	found  map[uint32][]cfinding
	ends   map[cplace]bool // whether functions return, as far as it is known
}

// A cquery is a place that holds a system call's number.
type cquery struct {
	at cfunc
	i  int
	l  loc
}

// numbers resolves every system call instruction that the walk has reached.
func (w *cwalk) numbers() map[uint32][]cfinding {
	n := &cnumbers{w: w, bodies: map[cfunc]*body{}, seen: map[cquery]bool{}, found: map[uint32][]cfinding{}, ends: map[cplace]bool{}}
	for i, im := range w.c.images {
		for _, fn := range slices.Sorted(maps.Keys(w.steps[i])) {
			at := cfunc{i, fn}
			for _, x := range im.facts[fn].refs {
				pc := im.Funcs[fn].Start + uint64(x.off)
				switch x.kind {
				case refSyscall:
					n.site(at, x.place, regLoc(w.c.a.arch.number, 4))
				case refInt80, refSysenter:
					w.c.unresolved(at, pc, "it makes system calls of the 32-bit kind, whose numbers are others")
				case refVsyscall:
					w.c.unresolved(at, pc, "it refers to the vsyscall page, which makes system calls by itself")
				case refBad:
					w.c.unresolved(at, pc, "an instruction that cannot be decoded, and the code after it")
				case refPage:
					w.c.unresolved(at, pc, fmt.Sprintf("it computes an address from %#x on, in a way that is not followed", x.addr))
				}
			}
		}
	}
	return n.found
}

// body returns a function's instructions.
func (n *cnumbers) body(at cfunc) *body {
	b := n.bodies[at]
	if b == nil {
		im := n.w.c.images[at.image]
		f := im.Funcs[at.fn]
		fn := &gobin.Func{Entry: f.Start, End: f.End}
		d := decoder{arch: n.w.c.a.arch}
		d.c(fn, im.Bytes(f.Start, f.End-f.Start), im.mids[at.fn])
		b = newCBody(&d, fn, func(pc uint64) bool { return n.returns(cplace{at.image, pc}, 0) })
		for _, pc := range im.mids[at.fn] {
			if i, ok := b.at(pc); ok {
				b.open[i] = true
			}
		}
		n.bodies[at] = b
	}
	return b
}

// site resolves what l holds before the instruction at a place.
func (n *cnumbers) site(at cfunc, p place, l loc) {
	b := n.body(at)
	i, ok := b.find(p)
	if !ok {
		n.w.c.unresolved(at, b.fn.Entry+uint64(p.off), "the call is not on an instruction's boundary")
		return
	}
	if q := (cquery{at, i, l}); n.seen[q] {
		return
	} else {
		n.seen[q] = true
	}
	for _, lf := range n.w.c.a.origins(b, i, l) {
		switch lf.kind {
		case leafConst:
			n.add(uint32(lf.value), cfinding{at, b.pcs[i]})
		case leafParam:
			n.callers(at, b.pcs[i], lf.loc)
		case leafPointed:
			if n.changed(at.image, lf.value) {
				n.w.c.unresolved(at, b.pcs[i], fmt.Sprintf("the number is read through the pointer at %#x", lf.value))
			}
		default:
			n.w.c.unresolved(at, b.pcs[i], "the number cannot be told: "+cmp.Or(lf.reason, "it is read from a variable"))
		}
	}
}

// changed reports whether reachable code of an image may change the variable at
// an address, which is zero at the start.
func (n *cnumbers) changed(image int, addr uint64) bool {
	im := n.w.c.images[image]
	if im.From(addr) != nil || im.slots[addr] != nil {
		return true
	}
	for fn := range n.w.steps[image] {
		for _, x := range im.facts[fn].refs {
			if x.kind == refStore && x.addr < addr+8 && addr < x.addr+uint64(x.size) || x.takesAddr() && x.addr == addr {
				return true
			}
		}
	}
	return false
}

func (n *cnumbers) add(nr uint32, f cfinding) {
	if !slices.Contains(n.found[nr], f) {
		n.found[nr] = append(n.found[nr], f)
	}
}

// callers goes on in everything that calls a function whose parameter is the number.
func (n *cnumbers) callers(at cfunc, pc uint64, l loc) {
	c := n.w.c
	if l.kind != inReg {
		c.unresolved(at, pc, "the number is passed on the stack")
		return
	}
	start := cplace{at.image, c.images[at.image].Funcs[at.fn].Start}
	callers := n.w.callers[at]
	if _, ok := n.w.taken[start]; ok {
		more, known := n.w.heldCalls(at, n.body)
		if !known {
			c.unresolved(at, pc, "the number is a parameter, and the function may be called through a pointer")
		}
		callers = slices.Concat(callers, more)
	}
	for _, by := range callers {
		if by.goFn == noFunc {
			n.site(by.from, by.place, l)
			continue
		}
		b := c.a.body(by.goFn)
		i, ok := b.find(by.place)
		if !ok {
			c.unresolved(at, pc, "the number is a parameter, and a call of the function is not on an instruction's boundary")
			continue
		}
		for _, lf := range c.a.origins(b, i, l) {
			if lf.kind == leafConst {
				n.add(uint32(lf.value), cfinding{at, pc})
			} else {
				c.unresolved(at, pc, "the number is a parameter, and cannot be told in "+c.a.file.Name(&c.a.file.Funcs[by.goFn]))
			}
		}
	}
}

// returns reports whether a function at a place may return to its caller.
func (n *cnumbers) returns(p cplace, depth int) bool {
	const most = 6 // calls that a function makes before it ends the program
	if does, ok := n.ends[p]; ok || depth > most {
		return does || depth > most
	}
	n.ends[p] = true // as long as it is not known better
	does := false
	for _, to := range n.w.c.through(p) {
		im := n.w.c.images[to.image]
		fn := im.FuncAt(to.addr)
		if fn < 0 || im.Bytes(im.Funcs[fn].Start, im.Funcs[fn].End-im.Funcs[fn].Start) == nil {
			return true
		}
		f := im.Funcs[fn]
		d := decoder{arch: n.w.c.a.arch}
		code := &gobin.Func{Entry: f.Start, End: f.End}
		d.c(code, im.Bytes(f.Start, f.End-f.Start), im.mids[fn])
		b := newCBody(&d, code, func(pc uint64) bool { return n.returns(cplace{to.image, pc}, depth+1) })
		i, ok := b.at(to.addr)
		does = does || !ok || b.returns(i, b.successors())
	}
	n.ends[p] = does
	return does
}

// newCBody makes a body of a function of C. returns says of others whether they return.
func newCBody(d *decoder, fn *gobin.Func, returns func(pc uint64) bool) *body {
	b := &body{
		arch: d.arch, index: noFunc, fn: fn, insts: slices.Clone(d.insts), pcs: slices.Clone(d.pcs),
		jumps: map[int][]int{}, open: map[int]bool{},
		sp: make([]int64, len(d.insts)), loose: true, c: true,
	}
	for i := range b.sp {
		b.sp[i] = unknownSP
	}
	b.link()
	for i := range b.insts {
		if in := &b.insts[i]; in.Op == isa.Call && (in.Target < fn.Entry || in.Target >= fn.End) && !returns(in.Target) {
			in.Op = isa.Trap
		}
	}
	b.endCalls()
	for i := 1; i < len(b.insts); i++ {
		if b.falls(i-1) || len(b.jumps[i]) > 0 {
			continue
		}
		if b.insts[i].Op == isa.Nop {
			b.insts[i].Op = isa.Trap // padding
			continue
		}
		b.open[i] = true
	}
	return b
}
