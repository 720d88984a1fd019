package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// readSP takes the stack pointer at each instruction from the table that the
// runtime unwinds by, which is right for what the compiler made. In assembly that
// sets it freely it is not known.
func (b *body) readSP(f *gobin.File) {
	b.tableSP(f)
	if f.SetsSP(b.fn) || f.Asm(b.fn) && !b.trustSP() {
		for i := range b.sp {
			b.sp[i] = unknownSP
		}
	}
}

// followSP finds the stack pointer where the table is not to be relied on, as far as
// the instructions tell it, all ways from the entry on. Where they do not agree, or
// one comes from elsewhere, it is not known.
func (b *body) followSP() {
	if len(b.insts) == 0 || b.sp[0] != unknownSP {
		return
	}
	out := b.successors()
	const notYet = unknownSP - 1
	found := make([]int64, len(b.sp))
	for i := range found {
		found[i] = notYet
	}
	var work, next []int
	set := func(i int, sp int64) {
		switch {
		case found[i] == sp || found[i] == unknownSP:
			return
		case found[i] != notYet:
			sp = unknownSP
		}
		found[i] = sp
		work = append(work, i)
	}
	set(0, 0)
	for i := range b.open {
		set(i, unknownSP)
	}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		next = b.next(i, out, next[:0])
		for _, to := range next {
			set(to, b.nextSP(i, found[i]))
		}
	}
	for i, sp := range found {
		if sp != notYet {
			b.sp[i] = sp
		}
	}
}

// tableSP reads the table. What the linker makes has none: there the frame is
// what the instructions make it.
func (b *body) tableSP(f *gobin.File) {
	b.sp = make([]int64, len(b.insts))
	frames := f.Frames(b.fn)
	_, table := frames.At(b.fn.Entry)
	for i, pc := range b.pcs {
		if i > 0 && (pc == b.pcs[i-1] || !table && falls(&b.insts[i-1])) { // the table knows machine instructions only
			b.sp[i] = b.nextSP(i-1, b.sp[i-1])
			continue
		}
		b.sp[i] = unknownSP
		if size, ok := frames.At(pc); ok {
			b.sp[i] = -size
		} else if i == 0 {
			b.sp[i] = 0
		}
	}
}

// trustSP reports whether the table agrees with what the instructions do to
// the stack pointer: of assembly the assembler notes only some of that, and
// takes one instruction after another where control may jump.
func (b *body) trustSP() bool {
	agrees := func(from, to int) bool {
		return b.sp[from] == unknownSP || b.nextSP(from, b.sp[from]) == b.sp[to]
	}
	for i := range b.insts[:max(len(b.insts)-1, 0)] {
		in := &b.insts[i]
		if b.afterCall(i) || !falls(in) || b.pcs[i]+uint64(in.Len) != b.pcs[i+1] {
			continue
		}
		if !agrees(i, i+1) {
			return false
		}
	}
	for to, from := range b.jumps {
		for _, i := range from {
			if !agrees(i, to) {
				return false
			}
		}
	}
	return true
}

// nextSP returns the stack pointer after instruction i.
func (b *body) nextSP(i int, sp int64) int64 {
	in := &b.insts[i]
	if sp == unknownSP || in.Writes&(1<<b.arch.sp) == 0 {
		return sp
	}
	toSP := in.Dst.Kind == isa.KindReg && in.Dst.Reg == b.arch.sp
	switch {
	case in.Op == isa.Push:
		return sp - 8
	case in.Op == isa.Pop && !toSP:
		return sp + 8
	case in.Op == isa.Call || in.Op == isa.CallInd:
		return sp
	case in.Op == isa.Add && toSP && in.Src.Kind == isa.KindImm:
		return sp + in.Src.Imm
	case in.Op == isa.Sub && toSP && in.Src.Kind == isa.KindImm:
		return sp - in.Src.Imm
	case in.Op == isa.Lea && toSP && in.Src.Base == b.arch.sp && in.Src.Index == isa.NoReg:
		return sp + in.Src.Imm
	case in.Op == isa.Mov && toSP && in.Src.Kind == isa.KindReg:
		if k, ok := b.prepares(i, in.Src.Reg); ok {
			return sp + b.insts[k].Src.Imm
		}
	}
	return unknownSP
}

// prepares returns the instruction that computed the stack pointer of a new
// frame in r, as Go's prologue on arm64 does for all but small frames: what is
// between it and instruction i, where it becomes the stack pointer, only saves
// registers there.
func (b *body) prepares(i int, r isa.Reg) (k int, ok bool) {
	for k = i - 1; k >= 0 && k >= i-4; k-- {
		in := &b.insts[k]
		switch {
		case in.Op == isa.Lea && in.Dst.Reg == r && in.Src.Base == b.arch.sp && in.Src.Index == isa.NoReg && !global(&in.Src):
			return k, true
		case in.Op != isa.Mov || in.Dst.Kind != isa.KindMem || in.Dst.Base != r:
			return 0, false
		}
	}
	return 0, false
}

// findTaken collects the places in the frame whose address is computed: what
// is stored there may change behind the analysis's back.
func (b *body) findTaken(f *gobin.File) {
	asm := f.Asm(b.fn)
	sp, fp := b.arch.sp, b.arch.fp
	for i := range b.insts {
		in := &b.insts[i]
		lea := in.Op == isa.Lea && in.Src.Base == sp
		read := in.Src.Kind == isa.KindReg && in.Src.Reg == sp
		copied := in.Op == isa.Mov && read
		toReg := in.Dst.Kind == isa.KindReg
		switch {
		case read && !copied && in.Op != isa.Cmp && in.Op != isa.Test && in.Op != isa.Sub:
			b.loose = true // a sum with it, or it is pushed; a distance from it is no pointer
		case based(in, fp) && in.Op != isa.Lea:
			b.loose = true // the frame pointer as a base of its own
		case in.Op == isa.Lea && in.Src.Base == fp || in.Op == isa.Mov && in.Src.Kind == isa.KindReg && in.Src.Reg == fp && toReg && in.Dst.Reg != sp:
			b.loose = true // a pointer made from it
		case !lea && !copied || toReg && in.Dst.Reg == sp:
		case toReg && in.Dst.Reg == fp && (!asm || b.savesFP(i)):
			// The frame pointer, which only unwinders follow.
		case lea && (b.checksStack(i) || b.becomesSP(i)) || copied && !asm && b.checksStack(i):
		case b.sp[i] == unknownSP || lea && in.Src.Index != isa.NoReg:
			b.loose = true
		case lea:
			b.taken = append(b.taken, b.sp[i]+in.Src.Imm)
		default:
			b.taken = append(b.taken, b.sp[i])
		}
	}
	slices.Sort(b.taken)
	b.taken = slices.Compact(b.taken)
}

// checksStack reports whether the instruction only computes how far a large
// frame will reach, for the comparison with the goroutine's limit after it.
func (b *body) checksStack(i int) bool {
	in := &b.insts[i]
	if in.Dst.Kind != isa.KindReg || in.Op == isa.Lea && in.Src.Imm >= 0 || i+1 >= len(b.insts) {
		return false
	}
	next := &b.insts[i+1]
	compares := func(o *isa.Operand) bool { return o.Kind == isa.KindReg && o.Reg == in.Dst.Reg }
	return next.Op == isa.Cmp && (compares(&next.Dst) || compares(&next.Src))
}

// becomesSP reports whether what instruction i computes is a new frame's stack pointer.
func (b *body) becomesSP(i int) bool {
	for k := i + 1; k < len(b.insts) && k <= i+4; k++ {
		in := &b.insts[k]
		if in.Op == isa.Mov && in.Dst.Kind == isa.KindReg && in.Dst.Reg == b.arch.sp && in.Src.Kind == isa.KindReg {
			from, ok := b.prepares(k, in.Src.Reg)
			return ok && from == i
		}
	}
	return false
}

// savesFP reports whether the instructions before i save the frame pointer, as
// Go's prologue does before it sets it.
func (b *body) savesFP(i int) bool {
	for k := i - 1; k >= 0 && k >= i-4; k-- {
		prev := &b.insts[k]
		saves := prev.Op == isa.Push || prev.Op == isa.Mov && prev.Dst.Kind == isa.KindMem
		if saves && prev.Src.Kind == isa.KindReg && prev.Src.Reg == b.arch.fp {
			return true
		}
		if !saves && !(prev.Writes == 1<<b.arch.sp) {
			return false
		}
	}
	return false
}

// escapes reports whether a pointer to the stack slot at off may be about.
// Objects do not reach across the return address at offset 0, which parts the
// function's own frame from what its caller owns.
func (b *body) escapes(off int64) bool {
	if b.loose || off >= 0 && b.part != nil && b.part() {
		return true
	}
	for _, t := range b.taken {
		if t <= off && (t < 0) == (off < 0) {
			return true
		}
	}
	return false
}

// fakesFrame reports whether instruction i takes an address of the code only
// to put it below the stack pointer, beside the frame pointer: on arm64 a call
// of duffcopy or duffzero, which keep no frame, gets one made for unwinders
// (cmd/internal/obj/arm64/obj7.go). It is where the call returns to; Go 1.17 has
// its own address there. Whoever goes there does nothing new: behind a call
// nothing is known of the registers.
func (d *decoder) fakesFrame(i int) bool {
	if i+4 >= len(d.insts) || d.insts[i].Op != isa.Lea || !global(&d.insts[i].Src) {
		return false
	}
	r := d.insts[i].Dst.Reg
	saved := func(in *isa.Inst, r isa.Reg) bool {
		return in.Op == isa.Mov && in.Dst.Kind == isa.KindMem && in.Dst.Base == d.arch.sp && in.Dst.Imm < 0 &&
			in.Src.Kind == isa.KindReg && in.Src.Reg == r
	}
	sets, calls, addr := &d.insts[i+3], &d.insts[i+4], uint64(d.insts[i].Src.Imm)
	return saved(&d.insts[i+1], d.arch.fp) && saved(&d.insts[i+2], r) &&
		sets.Op == isa.Lea && sets.Dst.Reg == d.arch.fp && calls.Op == isa.Call &&
		(addr == d.pcs[i] || addr == d.pcs[i+4]+uint64(calls.Len))
}
