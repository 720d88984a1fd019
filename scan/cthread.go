package scan

import "github.com/gocurb/curb/internal/isa"

// When a thread ends, the C library tidies up what parts of it keep for each thread:
// those for RPC, which no program uses but by its own functions, go as far as to talk to
// a server. They begin by looking whether there is anything, in a variable of the
// thread, and return if there is not. So such a function does nothing until some other
// code can come to the variable. Code comes to a variable of its own image only by a
// word that the loader fills in.

// A cvariable is a variable of each thread, by its place among those of its image.
type cvariable struct {
	image int
	off   uint64
}

// dozes reports whether a function that was reached does nothing yet. Others wake those
// that have waited for the variables that these come to.
func (w *cwalk) dozes(f cfunc) bool {
	im := w.c.images[f.image]
	if f.image == 0 || len(im.threads) == 0 {
		return false
	}
	v, ok := w.c.waits(f)
	if ok && !w.set[v] {
		w.dozing[v] = append(w.dozing[v], f)
		return true
	}
	for _, x := range im.facts[f.fn].refs {
		for at := x.addr &^ 7; at < x.addr+max(1, uint64(x.size)); at += 8 {
			if off, is := im.threads[at]; is {
				w.sets(cvariable{f.image, off})
			}
		}
	}
	return false
}

// sets notes that a variable can be set, or others that lie beside it.
func (w *cwalk) sets(v cvariable) {
	w.set[v] = true
	w.queue = append(w.queue, w.dozing[v]...)
	delete(w.dozing, v)
}

// waits returns the variable for which a function looks at its beginning, and without
// which it returns at once, if it is one like that.
func (c *clib) waits(f cfunc) (cvariable, bool) {
	im := c.images[f.image]
	var word uint64
	var at uint32
	for _, x := range im.facts[f.fn].refs {
		if _, ok := im.threads[x.addr]; ok && x.kind == refLoad && x.size == 8 {
			word, at = x.addr, x.off
			break
		}
	}
	if word == 0 || len(im.mids[f.fn]) > 0 || im.facts[f.fn].plain && !c.onlyOpens(f, at) {
		return cvariable{}, false
	}
	return cvariable{f.image, im.threads[word]}, onlyLooks(c.a.body(c.number(f)), word)
}

// onlyOpens reports whether a function does nothing up to an instruction but to make its
// frame.
func (c *clib) onlyOpens(f cfunc, off uint32) bool {
	im := c.images[f.image]
	d := &c.linker
	d.arch = c.a.arch
	d.reset()
	r := im.Funcs[f.fn].Range
	for code := im.Bytes(r.Start, uint64(off)); len(code) > 0; {
		n, err := d.append(code, r.Start)
		if err != nil || n == 0 || n > uint64(len(code)) {
			return false
		}
		switch in := &d.insts[len(d.insts)-1]; in.Op {
		case isa.Nop, isa.Landing, isa.Push, isa.Add, isa.Sub:
		default:
			return false
		}
		code = code[n:]
	}
	return true
}

// onlyLooks reports whether a function does nothing but return if the variable is zero
// whose place the word holds: it loads the word, and the variable, compares that with
// zero, and goes to where the stack is put back.
func onlyLooks(b *body, word uint64) bool {
	const most = 64 // instructions
	place, value := isa.NoReg, isa.NoReg
	tested, jumped := false, false
	for i, n := 0, 0; i < len(b.insts) && n < most; n++ {
		in := &b.insts[i]
		next := i + 1
		switch {
		case in.Op == isa.Nop || in.Op == isa.Landing:
		case in.Op == isa.Push && in.Src.Kind == isa.KindReg:
		case (in.Op == isa.Add || in.Op == isa.Sub) && in.Src.Kind == isa.KindImm && in.Dst.Kind == isa.KindReg && in.Dst.Reg == b.arch.sp:
			tested = false
		case place == isa.NoReg && in.Op == isa.Mov && in.Size == 8 && global(&in.Src) && uint64(in.Src.Imm) == word && in.Dst.Kind == isa.KindReg:
			place = in.Dst.Reg
		case place != isa.NoReg && value == isa.NoReg && ofThread(in, place):
			value = in.Dst.Reg
		case value != isa.NoReg && !jumped && in.Op == isa.Test && in.Size == 8 && register(&in.Dst, value) && register(&in.Src, value):
			tested = true
		case tested && in.Op == isa.CondJump && (in.Cond == isa.Equal || in.Cond == isa.NotEqual):
			tested, jumped = false, true
			if in.Cond == isa.Equal {
				to, ok := b.at(in.Target)
				if !ok || to <= i {
					return false
				}
				next = to
			}
		case jumped && in.Op == isa.Pop && in.Dst.Kind == isa.KindReg:
		case jumped && in.Op == isa.Ret:
			return true
		default:
			return false
		}
		i = next
	}
	return false
}

// ofThread reports whether an instruction loads the variable of the thread whose place
// a register holds.
func ofThread(in *isa.Inst, place isa.Reg) bool {
	const thread = 0x64 // the prefix for FS
	s := &in.Src
	return in.Op == isa.Mov && in.Size == 8 && in.Dst.Kind == isa.KindReg && s.Kind == isa.KindMem && s.Seg == thread &&
		s.Base == place && s.Index == isa.NoReg && s.Imm == 0 && !s.Inexact
}

func register(o *isa.Operand, r isa.Reg) bool { return o.Kind == isa.KindReg && o.Reg == r }
