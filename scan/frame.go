package scan

import (
	"github.com/gocurb/curb/internal/isa"
)

// stepSlot looks at what an instruction does to a slot of the stack.
func (s *search) stepSlot(i int, in *isa.Inst, l loc) {
	escapes := s.b.escapes(l.off) && !s.a.attrs.keeps(s.b, l.off)
	switch in.Op {
	case isa.Call, isa.CallInd:
		if in.Op == isa.Call && s.a.isWriteBarrier(in.Target) {
			break
		}
		if size, ok := s.a.copies(in); ok {
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
	if sp == unknownSP || l.off < sp || in.Op == isa.CallInd {
		return true
	}
	args := s.a.argsSize(in.Target)
	return args < 0 || l.overlaps(sp+s.a.arch.argument, args)
}
