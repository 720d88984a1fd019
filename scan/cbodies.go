package scan

import (
	"slices"
	"sync"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// The functions of C have numbers too, those behind Go's, so that what follows values
// through functions and their callers does not ask whose they are.

// inC reports whether a function is one of C.
func (a *analysis) inC(fn int) bool { return fn >= len(a.facts) }

// entry returns the address of a function, in its image.
func (a *analysis) entry(fn int) uint64 {
	if a.inC(fn) {
		at := a.c.function(fn)
		return a.c.images[at.image].Funcs[at.fn].Start
	}
	return a.file.Funcs[fn].Entry
}

// name returns the name of a function, as its image has it.
func (a *analysis) name(fn int) string {
	if a.inC(fn) {
		at := a.c.function(fn)
		return a.c.images[at.image].Funcs[at.fn].Name()
	}
	return a.file.Name(&a.file.Funcs[fn])
}

// indirect says how a function can be called but by direct calls, if it can.
func (a *analysis) indirect(fn int) (how string, ok bool) {
	if !a.inC(fn) {
		return a.reach.indirect(fn)
	}
	at := a.c.function(fn)
	if s, ok := a.cwalk.taken[cplace{at.image, a.entry(fn)}]; ok {
		return s.note, true
	}
	return "it is called at the start", a.cwalk.roots[at]
}

// heldInC returns the calls of a function of C by way of the data, if it can be told
// that there are no others through pointers.
func (a *analysis) heldInC(fn int) ([]caller, bool) {
	if !a.inC(fn) || a.cwalk.roots[a.c.function(fn)] {
		return nil, false
	}
	return a.cwalk.heldCalls(a.c.function(fn))
}

// directCalls returns the direct calls of a function and jumps to it.
func (a *analysis) directCalls(fn int) []caller {
	if a.inC(fn) {
		return a.cwalk.callersOf(a.c.function(fn))
	}
	return a.callers[fn]
}

// callees returns the functions that a call or jump of a function to an address
// enters at their beginnings. It is not ok if others may be.
func (a *analysis) callees(fn int, target uint64) (list []int, ok bool) {
	if !a.inC(fn) {
		to, ok := a.file.FuncWithEntry(target)
		return []int{to}, ok
	}
	for _, to := range a.c.through(cplace{a.c.function(fn).image, target}) {
		callee := a.c.images[to.image].FuncAt(to.addr)
		if callee < 0 || a.c.images[to.image].Funcs[callee].Start != to.addr || a.c.images[to.image].resolvers[to.addr] {
			return nil, false
		}
		list = append(list, a.c.number(cfunc{to.image, callee}))
	}
	return list, len(list) > 0
}

// number returns the number of a function.
func (c *clib) number(f cfunc) int { return c.images[f.image].first + f.fn }

// function returns the function that has a number.
func (c *clib) function(n int) cfunc {
	i := len(c.images) - 1
	for c.images[i].first > n {
		i--
	}
	return cfunc{i, n - c.images[i].first}
}

// numberFunctions gives all functions their numbers.
func (c *clib) numberFunctions() {
	next := len(c.a.facts)
	for _, im := range c.images {
		im.first = next
		next += len(im.Funcs)
	}
}

// constant returns what an image has at an address, where nothing changes that.
func (c *clib) constant(fn int, addr uint64, size uint8) (uint64, bool) {
	im := c.images[c.function(fn).image]
	b := im.Constant(addr, uint64(size))
	if b == nil || size == 0 || size > 8 {
		return 0, false
	}
	var v uint64
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	return v, true
}

// sitesInC resolves every system call instruction of the C code that can run.
func (a *analysis) sitesInC() {
	for i, im := range a.c.images {
		for fn := range a.cwalk.steps[i].reached {
			at := a.c.number(cfunc{i, fn})
			for _, x := range im.facts[fn].refs {
				pc := im.Funcs[fn].Start + uint64(x.off)
				if x.kind == refSyscall {
					newClimb(a).site(at, x.place, regLoc(a.arch.number, 4), a.kernelArguments(at, x.place), nil)
				}
				a.opaque(at, pc, x)
			}
		}
	}
}

// body returns a function's instructions.
func (c *clib) body(fn int) *body {
	at := c.function(fn)
	im := c.images[at.image]
	b := c.read(at, 0)
	for _, pc := range im.mids[at.fn] {
		i, ok := b.at(pc)
		switch {
		case ok && im.others[pc]:
			b.open[i] = true
		case ok:
			b.switchesTo(i)
		}
	}
	if im.goesAnywhere(at.fn) || len(im.mids[at.fn]) == 0 && b.goesInside() {
		for i := range b.insts {
			b.open[i] = true
		}
	}
	c.comeBack(b, at)
	b.part = sync.OnceValue(func() bool { return c.a.cwalk.partOfOther(at) })
	return b
}

// read makes the body of a function, which is depth calls away from the one in question.
func (c *clib) read(at cfunc, depth int) *body {
	im := c.images[at.image]
	f := im.Funcs[at.fn]
	fn := &gobin.Func{Entry: f.Start, End: f.End}
	im.ready(&c.decoder, at.fn)
	c.decoder.returns = nil // that would ask for other bodies while this one is made
	c.decoder.c(fn, im.Bytes(f.Start, f.End-f.Start), im.mids[at.fn])
	return newCBody(&c.decoder, fn, im.mids[at.fn], func(pc uint64) bool { return c.returns(cplace{at.image, pc}, depth) })
}

// returns reports whether a function at a place may return to its caller.
func (c *clib) returns(p cplace, depth int) bool {
	const most = 6 // calls that a function makes before it ends the program
	if does, ok := c.ends[p]; ok || depth > most {
		return does || depth > most
	}
	c.ends[p] = true // as long as it is not known better
	does := false
	for _, to := range c.through(p) {
		im := c.images[to.image]
		fn := im.FuncAt(to.addr)
		if fn < 0 || im.Bytes(im.Funcs[fn].Start, im.Funcs[fn].End-im.Funcs[fn].Start) == nil {
			return true
		}
		pads, _ := im.Landings(fn)
		if im.facts[fn].returns || len(pads) > 0 { // few functions do without but those that end the program
			does = true
			continue
		}
		b := c.read(cfunc{to.image, fn}, depth+1)
		for _, pc := range append([]uint64{to.addr}, im.mids[fn]...) {
			i, ok := b.at(pc)
			does = does || !ok || b.returns(i, b.successors())
		}
	}
	c.ends[p] = does
	return does
}

// changed reports whether code that runs at any time may change the variable at an
// address of an image, which is zero at the start.
func (w *cwalk) changed(image int, addr uint64) bool {
	im := w.c.images[image]
	if im.From(addr) != nil || im.slots.at(addr) != nil {
		return true
	}
	if w.whole != nil {
		w = w.whole
	}
	for fn := range w.steps[image].reached {
		for _, x := range im.facts[fn].refs {
			if x.kind == refStore && x.addr < addr+8 && addr < x.addr+uint64(x.size) || x.takesAddr() && x.addr == addr {
				return true
			}
		}
	}
	return false
}

// newCBody makes a body of a function of C, which is entered at its start and at other
// places. returns says of others whether they return.
func newCBody(d *decoder, fn *gobin.Func, entries []uint64, returns func(pc uint64) bool) *body {
	b := &body{
		arch: d.arch, index: noFunc, fn: fn, insts: slices.Clone(d.insts), pcs: slices.Clone(d.pcs),
		jumps: map[int][]int{}, open: map[int]bool{},
		sp: make([]int64, len(d.insts)), loose: true, c: true,
	}
	for i := range b.sp {
		b.sp[i] = unknownSP
	}
	b.link()
	b.switchJumps(d)
	for i := range b.insts {
		if in := &b.insts[i]; in.Op == isa.Call && (in.Target < fn.Entry || in.Target >= fn.End) && !returns(in.Target) {
			in.Op = isa.Trap
		}
	}
	b.endCalls(entries)
	for i := 1; i < len(b.insts); i++ {
		if b.falls(i-1) || len(b.jumps[i]) > 0 {
			continue
		}
		if b.insts[i].Op == isa.Nop && !slices.Contains(entries, b.pcs[i]) {
			b.insts[i].Op = isa.Trap // padding
			continue
		}
		b.open[i] = true
	}
	b.followSP()
	b.loose = !b.privateFrame()
	return b
}

// privateFrame reports whether a function of C makes no address of its frame, so that
// only its own accesses to the stack change what is there.
func (b *body) privateFrame() bool {
	sp, fp := b.arch.sp, b.arch.fp
	isReg := func(o *isa.Operand, r isa.Reg) bool { return o.Kind == isa.KindReg && o.Reg == r }
	pointer := false // the frame pointer is one
	for i := range b.insts {
		in := &b.insts[i]
		switch {
		case isReg(&in.Dst, sp) || in.Op == isa.Call || in.Op == isa.Push && !isReg(&in.Src, sp) || in.Op == isa.Pop || in.Op == isa.Ret:
		case in.Op == isa.Mov && isReg(&in.Src, sp) && isReg(&in.Dst, fp):
			pointer = true
		case isReg(&in.Src, sp) || in.Op == isa.Lea && (in.Src.Base == sp || in.Src.Index == sp) || in.Reads&(1<<sp) != 0:
			return false
		}
	}
	for i := range b.insts {
		in := &b.insts[i]
		restores := isReg(&in.Dst, sp) || in.Op == isa.Push || in.Op == isa.Mov && in.Dst.Kind == isa.KindMem && in.Dst.Base == sp
		if pointer && (based(in, fp) || readsReg(in, fp) && !restores) {
			return false
		}
	}
	return true
}
