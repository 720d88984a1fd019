package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// Ways of control in a function of C that its instructions do not show.

// goesAnywhere reports whether a function computes where it jumps from a label of its
// own: by a table of how far others are from that one, which tells nothing by itself.
// It may jump by way of code that is there to mislead processors. Where several functions
// may be taken for one, what looks like a label may be one of them.
func (im *cimage) goesAnywhere(fn int) bool {
	if !im.facts[fn].indexed && !im.Funcs[fn].Whole {
		return false
	}
	for _, x := range im.facts[fn].refs {
		if x.takesAddr() && im.Funcs[fn].Contains(x.addr) {
			return true
		}
	}
	return false
}

// switchesTo notes that control comes to an instruction by the function's own switches,
// and otherwise only as its instructions show.
func (b *body) switchesTo(i int) {
	b.open[i] = true
	for k := range b.insts {
		if in := &b.insts[k]; in.Op == isa.JumpInd && !global(&in.Src) {
			b.jumps[i] = append(b.jumps[i], k)
			delete(b.open, i)
		}
	}
}

// goesInside reports whether a function jumps through a pointer while it has a frame: it
// calls nobody that way, so the places are its own.
func (b *body) goesInside() bool {
	for i := range b.insts {
		if in := &b.insts[i]; in.Op == isa.JumpInd && !global(&in.Src) && b.sp[i] != unknownSP && b.sp[i] != 0 {
			return true
		}
	}
	return false
}

// comeBack marks where a function goes on for a second time, after calls of setjmp and
// its like: what is on the stack may be another then.
func (c *clib) comeBack(b *body, at cfunc) {
	image := at.image
	taken := c.takesReturning(at)
	for i := range b.insts[:max(len(b.insts)-1, 0)] {
		var to []cplace
		switch in := &b.insts[i]; {
		case in.Op == isa.Call:
			to = c.through(cplace{image, in.Target})
		case in.Op == isa.CallInd && global(&in.Src) && c.images[image].linked[uint64(in.Src.Imm)]:
			to = c.images[image].slots.at(uint64(in.Src.Imm))
		case in.Op == isa.CallInd && taken:
			b.open[i+1] = true
		}
		for _, p := range to {
			if c.keepsReturn(p, 0) {
				b.open[i+1] = true
			}
		}
	}
}

// takesReturning reports whether a function takes the address of one that returns more
// than once: in some kinds of code, to call it.
func (c *clib) takesReturning(at cfunc) bool {
	im := c.images[at.image]
	for _, x := range im.facts[at.fn].refs {
		to := im.slots.at(x.addr)
		switch {
		case x.takesAddr() && im.FuncAt(x.addr) >= 0:
			to = c.through(cplace{at.image, x.addr})
		case x.kind != refLoad || !im.linked[x.addr]:
			continue
		}
		if slices.ContainsFunc(to, func(p cplace) bool { return c.keepsReturn(p, 0) }) {
			return true
		}
	}
	return false
}

// keepsReturn reports whether a function reads where it is to return to, as those do
// that return more than once: setjmp, getcontext, vfork. Some hand over to another
// that does.
func (c *clib) keepsReturn(p cplace, depth int) bool {
	const most = 3
	if does, ok := c.keeps[p]; ok || depth > most {
		return does
	}
	c.keeps[p] = false // as long as it is not known better
	im := c.images[p.image]
	fn := im.FuncAt(p.addr)
	if fn < 0 || im.Bytes(im.Funcs[fn].Start, im.Funcs[fn].End-im.Funcs[fn].Start) == nil {
		return false
	}
	b := c.read(cfunc{p.image, fn}, 0)
	for i := range b.insts {
		in := &b.insts[i]
		if b.readsReturn(i) {
			c.keeps[p] = true
			return true
		}
		if b.sp[i] != 0 {
			continue
		}
		var next []cplace
		switch {
		case (in.Op == isa.Jump || in.Op == isa.CondJump) && (in.Target < b.fn.Entry || in.Target >= b.fn.End):
			next = c.through(cplace{p.image, in.Target})
		case in.Op == isa.JumpInd && global(&in.Src) && im.linked[uint64(in.Src.Imm)]:
			next = im.slots.at(uint64(in.Src.Imm))
		}
		for _, to := range next {
			c.keeps[p] = c.keeps[p] || c.keepsReturn(to, depth+1)
		}
	}
	return c.keeps[p]
}

// readsReturn reports whether an instruction reads where the function is to return to, or
// leaves that elsewhere than in the frame.
func (b *body) readsReturn(i int) bool {
	const link = 30 // the register that has it where calls push nothing
	in := &b.insts[i]
	if b.arch.pushed == 0 {
		saved := in.Dst.Kind == isa.KindMem && in.Dst.Base == b.arch.sp
		return in.Op != isa.Ret && in.Op != isa.JumpInd && !saved && readsReg(in, link)
	}
	at, ok := b.slotOf(i, &in.Src)
	return ok && at == 0 || in.Op == isa.Pop && b.sp[i] == 0
}

// partOfOther reports whether what is a function by the tables for unwinding is a part
// of another one, as compilers put apart what seldom runs: jumps lead there from where
// there is a frame.
func (w *cwalk) partOfOther(at cfunc) bool {
	if w.whole != nil {
		w = w.whole
	}
	for _, by := range w.callersOf(at) {
		if !w.c.a.inC(by.fn) {
			continue
		}
		from := w.c.function(by.fn)
		if !slices.ContainsFunc(w.c.images[from.image].facts[from.fn].refs, func(x ref) bool { return x.place == by.place && x.kind == refJump }) {
			continue
		}
		b := w.c.read(from, 0)
		if i, ok := b.find(by.place); !ok || b.sp[i] != 0 {
			return true
		}
	}
	return false
}

// farAddresses notes that a function makes addresses as the
// large code model does: from one of its own, and how far others are from there.
func (g *gatherer) farAddresses(fn *gobin.Func) {
	const long = 10 // bytes of an instruction with a number of eight
	refs := len(g.buf)
	for i := range g.decoder.insts {
		in := &g.decoder.insts[i]
		if in.Op != isa.Mov || in.Len != long || in.Src.Kind != isa.KindImm || in.Dst.Kind != isa.KindReg {
			continue
		}
		for _, x := range g.buf[:refs] {
			if x.takesAddr() && fn.Entry <= x.addr && x.addr < fn.End && g.limits.Contains(x.addr+uint64(in.Src.Imm)) {
				g.add(ref{place: place{off: uint32(g.decoder.pcs[i] - fn.Entry)}, kind: refPage, addr: x.addr})
				return
			}
		}
	}
}
