package scan

import "github.com/gocurb/curb/internal/isa"

// lea follows an address computation: a constant address, or a sum.
func (s *search) lea(i int, in *isa.Inst, l loc) {
	o := &in.Src
	if o.Base == isa.NoReg && o.Index == isa.NoReg {
		s.leaf(leaf{kind: leafConst, value: l.cut(uint64(o.Imm))})
		return
	}
	if o.Base == s.a.arch.sp && o.Index == isa.NoReg {
		s.frame(i, o.Imm)
		return
	}
	if s.terms {
		s.leaf(leaf{kind: leafComputed, value: uint64(i), size: l.size})
		return
	}
	sums := []uint64{uint64(o.Imm)}
	for _, part := range []struct {
		reg   isa.Reg
		scale uint64
	}{{o.Base, 1}, {o.Index, uint64(o.Scale)}} {
		if part.reg == isa.NoReg {
			continue
		}
		vals, ok := s.a.constants(s.b, i, regLoc(part.reg, 8), s.depth+1)
		if !ok {
			s.unknown("it is an address or a sum that is not constant, at %#x", s.b.pcs[i])
			return
		}
		sums = combine(sums, vals, func(x, y uint64) uint64 { return x + y*part.scale })
	}
	for _, v := range sums {
		s.leaf(leaf{kind: leafConst, value: l.cut(v)})
	}
}

// compute follows arithmetic on constants.
func (s *search) compute(i int, in *isa.Inst, l loc) {
	if s.terms {
		s.leaf(leaf{kind: leafComputed, value: uint64(i), size: l.size})
		return
	}
	src, ok := s.a.operand(s.b, i, &in.Src, in.Size, s.depth+1)
	dst := []uint64{0}
	if ok && in.Op != isa.MovSX {
		dst, ok = s.a.constants(s.b, i, regLoc(in.Dst.Reg, in.Size), s.depth+1)
	}
	if !ok {
		s.unknown("it is computed from values that are not constant, at %#x", s.b.pcs[i])
		return
	}
	for _, v := range combine(dst, src, func(x, y uint64) uint64 { return arith(in, x, y) }) {
		s.leaf(leaf{kind: leafConst, value: l.cut(truncate(v, in.Size))})
	}
}

// partly adds what a register holds whose lower bytes alone an instruction writes:
// C libraries set numbers so after clearing the register.
func (s *search) partly(i int, in *isa.Inst, l loc) {
	rest, ok := []uint64(nil), false
	if in.Op == isa.Mov && in.Src.Kind == isa.KindImm && !in.Src.Inexact {
		rest, ok = s.a.constants(s.b, i, l, s.depth+1)
	}
	if !ok {
		s.unknown("only a part of the register is written, at %#x", s.b.pcs[i])
		return
	}
	written := truncate(^uint64(0), in.Size)
	for _, v := range rest {
		s.leaf(leaf{kind: leafConst, value: v&^written | uint64(in.Src.Imm)&written})
	}
}

func arith(in *isa.Inst, x, y uint64) uint64 {
	switch in.Op {
	case isa.Add:
		return x + y
	case isa.Sub:
		return x - y
	case isa.And:
		return x & y
	case isa.Or:
		return x | y
	case isa.Xor:
		return x ^ y
	case isa.Shl:
		return x << (y & shiftMask(in.Size))
	case isa.Shr:
		return truncate(x, in.Size) >> (y & shiftMask(in.Size))
	}
	shift := 64 - 8*uint(in.Src.Size) // MovSX
	return uint64(int64(y<<shift) >> shift)
}

// shiftMask returns the bits of a shift's count that the processor looks at.
func shiftMask(size uint8) uint64 {
	if size == 8 {
		return 63
	}
	return 31
}

// maxValues bounds the sets that arithmetic makes.
const maxValues = 64

func combine(xs, ys []uint64, op func(x, y uint64) uint64) []uint64 {
	out := make([]uint64, 0, len(xs)*len(ys))
	for _, x := range xs {
		for _, y := range ys {
			out = append(out, op(x, y))
		}
	}
	return out
}

// constants returns all values of l before instruction i, if they are all
// constants inside this function, or of variables that never change.
func (a *analysis) constants(b *body, i int, l loc, depth int) ([]uint64, bool) {
	if depth > maxDepth {
		return nil, false
	}
	var out []uint64
	for _, lf := range a.originsDepth(b, i, l, depth) {
		if lf.kind != leafConst || len(out) == maxValues {
			return nil, false
		}
		out = append(out, lf.value)
	}
	return out, len(out) > 0
}

func (a *analysis) operand(b *body, i int, o *isa.Operand, size uint8, depth int) ([]uint64, bool) {
	switch o.Kind {
	case isa.KindImm:
		return []uint64{uint64(o.Imm)}, true
	case isa.KindReg:
		return a.constants(b, i, regLoc(o.Reg, size), depth)
	}
	return nil, false
}

// compared returns what a register holds where control has come over the conditional
// jump from, if that says so: a zero that was tested is used as a number in C.
func (b *body) compared(from, to int, l loc) (uint64, bool) {
	jump := &b.insts[from]
	if !b.c || jump.Op != isa.CondJump || l.kind != inReg || from == 0 || to == from+1 && jump.Target == b.pcs[to] {
		return 0, false
	}
	if to == from+1 && jump.Cond != isa.NotEqual || to != from+1 && jump.Cond != isa.Equal || !b.leadsOnly(from-1, from) {
		return 0, false
	}
	in := &b.insts[from-1]
	if in.Dst.Kind != isa.KindReg || in.Dst.Reg != l.reg || in.Size < l.size {
		return 0, false
	}
	switch {
	case in.Op == isa.Test && in.Src == in.Dst:
		return 0, true
	case in.Op == isa.Cmp && in.Src.Kind == isa.KindImm && !in.Src.Inexact:
		return l.cut(uint64(in.Src.Imm)), true
	}
	return 0, false
}
