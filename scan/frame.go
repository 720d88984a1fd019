package scan

import (
	"math"

	"github.com/gocurb/curb/internal/isa"
)

// stepSlot looks at what an instruction does to a slot of the stack.
func (s *search) stepSlot(i int, in *isa.Inst, l loc) {
	escapes := s.b.escapes(l.off) && !s.a.attrs.keeps(s.b, l.off)
	switch in.Op {
	case isa.Call, isa.CallInd:
		if in.Op == isa.Call && !s.b.c && s.a.isWriteBarrier(in.Target) {
			break
		}
		if size, ok := s.a.copies(in); ok && !s.b.c {
			s.stepCopy(i, size, l)
			return
		}
		if escapes || s.clobbered(i, in, l) {
			s.unknown("it is on the stack where the call at %#x may change it", s.b.pcs[i])
			return
		}
	case isa.Push:
		if s.b.sp[i] == unknownSP {
			s.unknown("it is on the stack, whose pointer is not known at %#x", s.b.pcs[i])
			return
		}
		switch at := s.b.sp[i] - 8; {
		case at == l.off:
			s.source(i, &in.Src, l.size)
			return
		case l.overlaps(at, 8):
			s.unknown("it is on the stack and changed in a way that is not followed, at %#x", s.b.pcs[i])
			return
		}
	case isa.StringOp:
		if escapes {
			s.unknown("it is on the stack where the copy at %#x may change it", s.b.pcs[i])
			return
		}
	default:
		if in.Dst.Kind == isa.KindMem && in.Op != isa.Lea && in.Op != isa.Cmp && in.Op != isa.Test {
			s.stepStore(i, in, l, escapes)
			return
		}
	}
	s.push(i, l)
}

// stepStore looks at a store in the search for what a stack slot holds.
func (s *search) stepStore(i int, in *isa.Inst, l loc, escapes bool) {
	places, ok := s.storePlaces(i, &in.Dst)
	if !ok {
		if from, to, known := s.elements(i, &in.Dst); known && !l.overlaps(from, to-from) {
			s.push(i, l)
			return
		}
		if escapes || in.Dst.Base == s.a.arch.sp {
			s.unknown("it is on the stack where the store at %#x may change it", s.b.pcs[i])
			return
		}
		s.push(i, l)
		return
	}
	size := int64(in.Dst.Size)
	if size == 0 {
		size = 64 // the widest there is
	}
	if len(places) != 1 {
		s.push(i, l) // it may be another place that is written
	}
	for _, at := range places {
		s.stored(i, in, l, at, size)
	}
}

// stored looks at a store of size bytes to the frame at offset at.
func (s *search) stored(i int, in *isa.Inst, l loc, at, size int64) {
	switch {
	case !l.overlaps(at, size):
		s.push(i, l)
	case in.Op == isa.MovVec && in.Src.Kind == isa.KindVec && l.off >= at && l.off+int64(l.size) <= at+size:
		s.push(i, vecLoc(in.Src.Reg, l.off-at))
	case in.Op == isa.Mov && at == l.off && size >= int64(l.size):
		s.source(i, &in.Src, l.size)
	default:
		s.unknown("it is on the stack and changed in a way that is not followed, at %#x", s.b.pcs[i])
	}
}

// storePlaces returns the offsets in the frame that a store writes to; none if
// it is known to write elsewhere. It is not ok if nothing is known.
func (s *search) storePlaces(i int, o *isa.Operand) ([]int64, bool) {
	switch {
	case o.Inexact:
		return nil, false
	case o.Seg != 0 || o.Base == isa.NoReg && o.Index == isa.NoReg:
		return nil, true
	case o.Index != isa.NoReg || o.Base == isa.NoReg:
		return nil, false
	case o.Base == s.a.arch.sp:
		return []int64{s.b.sp[i] + o.Imm}, s.b.sp[i] != unknownSP
	case s.depth >= maxDepth:
		return nil, false
	}
	var places []int64
	for _, p := range s.a.originsDepth(s.b, i, regLoc(o.Base, 8), s.depth+1) {
		switch p.kind {
		case leafStack:
			places = append(places, int64(p.value)+o.Imm)
		case leafConst: // a variable of the program
		default:
			return nil, false
		}
	}
	return places, true
}

// clobbered reports whether a call may write to a slot that belongs to the
// callee: its arguments and results, and the space where it spills registers.
func (s *search) clobbered(i int, in *isa.Inst, l loc) bool {
	if l.off >= 0 {
		return false // above the return address: the caller's own frame
	}
	sp := s.b.sp[i]
	if sp == unknownSP || l.off < sp {
		return true
	}
	if s.b.c {
		return false // what a compiler reads again behind a call, it has not left to the callee
	}
	if in.Op == isa.CallInd {
		return !s.terms || l.off < s.a.lowestLocal(s.b)
	}
	args := s.a.argsSize(in.Target)
	return args < 0 || l.overlaps(sp+s.a.arch.argument, args)
}

// lowestLocal returns an offset in a compiled function's frame from which on there
// are variables alone. The compiler puts what belongs to callees below all of them,
// and never reads there what it has stored itself: what is read again so, is a
// variable (cmd/compile/internal/ssagen, AllocFrame).
func (a *analysis) lowestLocal(b *body) int64 {
	if b.locals != 0 {
		return b.locals
	}
	b.locals = math.MaxInt64
	if b.c || a.file.Asm(b.fn) {
		return b.locals
	}
	for i := range b.insts {
		off, ok := b.slotOf(i, &b.insts[i].Src)
		if ok && off < min(b.locals, 0) && a.storedBefore(b, i, off) {
			b.locals = off
		}
	}
	return b.locals
}

// slotOf returns the offset in the frame of an operand that is a slot of it.
func (b *body) slotOf(i int, o *isa.Operand) (int64, bool) {
	if o.Kind != isa.KindMem || o.Base != b.arch.sp || o.Index != isa.NoReg || o.Seg != 0 || o.Inexact || b.insts[i].Op == isa.Lea {
		return 0, false
	}
	return b.sp[i] + o.Imm, b.sp[i] != unknownSP
}

// storedBefore reports whether what instruction i reads in a slot was put there by
// the same code before it, with no call in between that may have changed it.
func (a *analysis) storedBefore(b *body, i int, off int64) bool {
	const most = 100 // instructions
	for k := i - 1; k >= max(i-most, 0); k-- {
		in := &b.insts[k]
		if len(b.jumps[k+1]) > 0 || b.open[k+1] || !b.falls(k) || in.Op == isa.CallInd {
			return false
		}
		if in.Op == isa.Call {
			args := a.argsSize(in.Target)
			if args < 0 || b.sp[k] == unknownSP || slotLoc(off, 1).overlaps(b.sp[k]+a.arch.argument, args) {
				return false
			}
		}
		if to, ok := b.slotOf(k, &in.Dst); ok && to == off && (in.Op == isa.Mov || in.Op == isa.MovVec) {
			return true
		}
	}
	return false
}
