package scan

import (
	"github.com/gocurb/curb/internal/isa"
)

// A guard is a conditional jump that depends on one variable of the program
// and a constant. While no reachable code can change the variable, only one of
// its two ways is open.
type guard struct {
	variable
	from  uint32 // offset of the instruction that reads the variable
	off   uint32 // offset of the jump
	test  bool   // the flags are those of value & imm, else of value - imm
	bit   bool   // the carry alone is known: whether value & imm is not 0
	self  bool   // the value is tested against itself
	width uint8  // bytes that are compared: the variable's, or more, which are zero
	imm   uint64
	cond  isa.Cond
}

// A variable is a place in the program's data that is read as one value.
type variable struct {
	addr uint64
	size uint8
}

// takes reports whether the jump is taken if the variable holds v.
func (g *guard) takes(v uint64) (taken, ok bool) {
	imm := g.imm
	if g.self {
		imm = v
	}
	shift := 64 - 8*uint(g.width)
	x, y := v<<shift, imm<<shift // at the top, so that 64-bit compares are right
	var zero, below, less, sign bool
	if g.bit {
		return (x&y != 0) == (g.cond == isa.Below), g.cond&^1 == isa.Below
	}
	if g.test {
		if g.cond&^1 == isa.Below || g.cond&^1 == isa.BelowEqual {
			return false, false // what becomes of the carry differs between architectures
		}
		zero, sign = x&y == 0, int64(x&y) < 0
		less = sign // no overflow
	} else {
		zero, below, less, sign = x == y, x < y, int64(x) < int64(y), int64(x-y) < 0
	}
	switch g.cond &^ 1 {
	case isa.Below:
		taken = below
	case isa.Equal:
		taken = zero
	case isa.BelowEqual:
		taken = below || zero
	case isa.Negative:
		taken = sign
	case isa.Less:
		taken = less
	case isa.LessEqual:
		taken = less || zero
	default:
		return false, false
	}
	return taken != (g.cond&1 == 1), true
}

// A guardFinder finds the guards of one function, instruction by instruction.
type guardFinder struct {
	found []guard
	known isa.RegSet // registers that hold a variable's value
	regs  [32]struct {
		variable
		from uint32
	}
	flags   guard // what the last instruction left in the flags
	pending bool  // flags is good for the next instruction
}

func (f *guardFinder) reset() {
	f.found = f.found[:0]
	f.pending = false
	f.known = 0
}

func (f *guardFinder) inst(off uint32, in *isa.Inst) {
	pending := f.pending
	f.pending = false
	switch in.Op {
	case isa.CondJump:
		if pending {
			g := f.flags
			g.off, g.cond = off, in.Cond
			f.found = append(f.found, g)
		}
	case isa.Cmp, isa.Test:
		f.compare(off, in)
	}
	f.known &^= in.Writes
	if in.Op == isa.Call || in.Op == isa.CallInd {
		f.known = 0
	}
	// These leave zeros above the variable's bytes.
	plain := (in.Op == isa.Mov || in.Op == isa.MovZX) && in.Size >= 4
	if plain && in.Dst.Kind == isa.KindReg && global(&in.Src) {
		s := &f.regs[in.Dst.Reg]
		s.variable, s.from = variable{uint64(in.Src.Imm), in.Src.Size}, off
		f.known |= 1 << in.Dst.Reg
	}
}

// compare notes a comparison of a variable, or of a register that holds one,
// with a constant.
func (f *guardFinder) compare(off uint32, in *isa.Inst) {
	g := guard{from: off, width: in.Size, test: in.Op == isa.Test}
	switch {
	case global(&in.Dst) && in.Dst.Size == in.Size:
		g.variable = variable{uint64(in.Dst.Imm), in.Dst.Size}
	case in.Dst.Kind == isa.KindReg && f.known&(1<<in.Dst.Reg) != 0 && f.regs[in.Dst.Reg].size <= in.Size:
		g.variable, g.from = f.regs[in.Dst.Reg].variable, f.regs[in.Dst.Reg].from
	default:
		return
	}
	switch {
	case in.Src.Kind == isa.KindImm:
		g.imm = uint64(in.Src.Imm)
	case g.test && in.Src.Kind == isa.KindReg && in.Dst.Kind == isa.KindReg && in.Src.Reg == in.Dst.Reg:
		g.self = true
	default:
		return
	}
	if g.size == 1 || g.size == 2 || g.size == 4 || g.size == 8 {
		f.flags, f.pending = g, true
	}
}

// global reports whether an operand is a variable at a fixed address.
func global(o *isa.Operand) bool {
	return o.Kind == isa.KindMem && o.Base == isa.NoReg && o.Index == isa.NoReg && o.Seg == 0 && !o.Inexact
}
