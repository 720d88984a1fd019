package scan

import "github.com/gocurb/curb/internal/isa"

// usesTemporary reports whether the instructions use the assembler's own
// register by name: one reads it that the instruction before did not prepare it
// for. What the assembler leaves there, the address of a variable among it, may
// then be used again.
func (d *decoder) usesTemporary() bool {
	r := d.arch.temporary
	if r == isa.NoReg {
		return false
	}
	for i := range d.insts {
		in := &d.insts[i]
		kept := in.Src.Kind == isa.KindReg && in.Src.Reg == r && in.Dst.Kind == isa.KindMem
		if kept || !in.Fused && readsReg(in, r) && !d.prepared(i, r) {
			return true
		}
	}
	return false
}

// noAddress reports whether instruction i puts a number into the assembler's own
// register only to compare it, or to add it to the stack pointer or subtract it: then
// it is no address.
func (d *decoder) noAddress(i int) bool {
	r, sp := d.arch.temporary, d.arch.sp
	isReg := func(o *isa.Operand, r isa.Reg) bool { return o.Kind == isa.KindReg && o.Reg == r }
	in := &d.insts[i]
	sets := in.Op == isa.Mov || in.Op == isa.Or // the second half
	if r == isa.NoReg || !sets || in.Src.Kind != isa.KindImm || in.Src.Rip || !isReg(&in.Dst, r) || i+2 >= len(d.insts) {
		return false
	}
	next := &d.insts[i+1]
	if next.Op == isa.Or && isReg(&next.Dst, r) && next.Src.Kind == isa.KindImm {
		return d.noAddress(i + 1)
	}
	if next.Op == isa.Mov && isReg(&next.Src, sp) && d.insts[i+2].Dst == next.Dst { // to a copy of it
		next = &d.insts[i+2]
	} else if (next.Op == isa.Add || next.Op == isa.Sub) && !isReg(&next.Dst, sp) {
		return false
	}
	return (next.Op == isa.Cmp || next.Op == isa.Add || next.Op == isa.Sub) && isReg(&next.Src, r)
}

// prepared reports whether the machine instruction before that of instruction
// i, or a part of its own before it, writes the register.
func (d *decoder) prepared(i int, r isa.Reg) bool {
	before := 1 // machine instructions that may do so
	for k := i - 1; k >= 0 && before >= 0; k-- {
		if d.pcs[k] != d.pcs[k+1] {
			before--
		}
		if before >= 0 && d.insts[k].Writes&(1<<r) != 0 {
			return true
		}
	}
	return false
}

// readsReg reports whether an instruction reads a general register.
func readsReg(in *isa.Inst, r isa.Reg) bool {
	if in.Reads&(1<<r) != 0 || based(in, r) || in.Src.Kind == isa.KindReg && in.Src.Reg == r {
		return true
	}
	if in.Dst.Kind != isa.KindReg || in.Dst.Reg != r {
		return false
	}
	switch in.Op {
	case isa.Mov, isa.MovZX, isa.MovSX, isa.MovVec, isa.Lea, isa.Zero, isa.Pop:
		return false
	}
	return true
}
