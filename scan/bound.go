package scan

import "github.com/gocurb/curb/internal/isa"

// A bound is what is known of how large a value can be: on every way to where it is
// asked for, it was compared with a constant, as an index is with an array's length.
type bound struct {
	less uint64 // than this
}

// elements returns which bytes of the frame a store to an element of an array there may
// write: from the first offset up to the second. It is not known if nothing bounds the
// index.
func (s *search) elements(i int, o *isa.Operand) (from, to int64, known bool) {
	const most = 1 << 30
	if o.Base == isa.NoReg || o.Index == isa.NoReg || o.Index == s.a.arch.sp || o.Seg != 0 || o.Inexact || o.Size == 0 {
		return 0, 0, false
	}
	array, known := s.onStack(i, o.Base)
	if !known {
		return 0, 0, false
	}
	less, known := s.lessThan(i, o.Index)
	if !known || less > most {
		return 0, 0, false
	}
	from = array + o.Imm
	return from, from + int64(less-1)*int64(max(o.Scale, 1)) + int64(o.Size), true
}

// onStack returns the offset in the frame that a register points to.
func (s *search) onStack(i int, r isa.Reg) (int64, bool) {
	if r == s.a.arch.sp {
		return s.b.sp[i], s.b.sp[i] != unknownSP
	}
	if s.depth >= maxDepth {
		return 0, false
	}
	leaves := s.a.originsDepth(s.b, i, regLoc(r, 8), s.depth+1)
	return int64(leaves[0].value), len(leaves) == 1 && leaves[0].kind == leafStack
}

// lessThan returns a number that the value of a register is less than at instruction i,
// if one is known.
func (s *search) lessThan(i int, r isa.Reg) (uint64, bool) {
	if s.depth >= maxDepth {
		return 0, false
	}
	t := search{a: s.a, b: s.b, seen: map[searchState]bool{}, depth: s.depth + 1, bound: &bound{}}
	t.push(i, regLoc(r, 8))
	for len(t.work) > 0 && len(t.out) == 0 {
		st := t.work[len(t.work)-1]
		t.work = t.work[:len(t.work)-1]
		t.before(st)
	}
	return t.bound.less, len(t.out) == 0 && t.bound.less > 0
}

// bounded reports whether control that comes from an instruction, by a jump or not, has
// just found out how large the value in question can be.
func (s *search) bounded(from int, st searchState, jumped bool) bool {
	if s.bound == nil || from == 0 || s.b.insts[from].Op != isa.CondJump || len(s.b.jumps[from]) > 0 || s.b.open[from] || !s.b.falls(from-1) {
		return false
	}
	cmp := &s.b.insts[from-1]
	reg := cmp.Dst.Kind == isa.KindReg && st.l == regLoc(cmp.Dst.Reg, 8)
	if cmp.Op != isa.Cmp || cmp.Size != 8 || !reg || cmp.Src.Kind != isa.KindImm || cmp.Src.Inexact || cmp.Src.Imm < 0 {
		return false
	}
	less := uint64(cmp.Src.Imm)
	cond := s.b.insts[from].Cond
	if !jumped {
		cond ^= 1 // the opposite
	}
	switch cond {
	case isa.Below:
	case isa.BelowEqual:
		less++
	default:
		return false
	}
	s.bound.less = max(s.bound.less, less)
	return true
}
