package x86

// settle makes the exceptions from what the maps say. It reports false for an
// instruction that does not exist after all.
func (d *decoder) settle(in *Inst, e entry) bool {
	switch in.Op {
	case Other:
		if op := e.op(); op == Cmp || op == Test {
			settleCompare(in)
		}
	case CondJump:
		// Intel ignores 66 here, AMD takes a displacement of two bytes: where
		// the instruction ends depends on the processor. (So it does for calls
		// and jumps, but there AMD's reading cuts the target to 16 bits.)
		if d.width == width16 && e&immMask == rel32 {
			return false
		}
		in.Cond = 0xff // LOOP, JRCXZ, XBEGIN
		if e&cc != 0 {
			in.Cond = d.opcode & 15
		}
	case CondMove, SetCond:
		in.Cond = d.opcode & 15
	case Sub, Xor:
		if in.Dst.Kind == KindReg && in.Src.Kind == KindReg && in.Dst.Reg == in.Src.Reg {
			in.Op, in.Src = Zero, Operand{}
		}
	case Xchg:
		if e&formMask == az && d.opcode == 0x90 {
			d.settleNop(in)
		}
	case MovSX:
		if in.Src.Size > in.Size {
			in.Op = Other // MOVSXD under 66: how much it reads depends on the processor
		}
	case Lea:
		in.Src.Seg = 0
		if d.addr32 {
			in.Op = Other
		}
	case Push, Pop, Leave:
		d.settleStack(in)
	case MovVec:
		if d.masked {
			in.Op = Other
		}
	case Locked:
		if in.Dst.Kind != KindMem {
			in.Op = Other
		}
	}
	if e&vsib != 0 && !d.settleVSIB(in) {
		return false
	}
	if e&formMask == vx {
		d.settleZero(in)
	}
	if d.lock {
		if e&lk == 0 || in.Dst.Kind != KindMem {
			return false
		}
		if in.Op != Xchg {
			in.Op = Locked
		}
	}
	return true
}

// settleNop tells XCHG AX, AX, which does nothing at any size, from XCHG AX, R8.
// Whether F3 makes a PAUSE of the latter as well, no manual says.
func (d *decoder) settleNop(in *Inst) {
	switch {
	case d.b == 0:
		*in = Inst{Op: Nop}
	case d.prefix == pF3:
		in.Op = Other
	}
}

// settleCompare sees to comparisons with a high byte register, which write
// nothing, as Other with a Dst would.
func settleCompare(in *Inst) {
	if in.Src.Kind == None {
		in.Src = in.Dst
	}
	in.Dst = Operand{}
}

// settleStack sees to 16-bit pushes and pops, which Push and Pop do not speak
// of, and to a pop to memory at SP, whose address counts from SP after it.
func (d *decoder) settleStack(in *Inst) {
	if in.Op == Pop && in.Dst.Kind == KindMem && in.Dst.Base == SP {
		in.Dst.Imm += int64(in.Size)
	}
	if in.Size == 8 {
		return
	}
	if in.Op == Push {
		in.Dst = d.at(SP, 2, -2)
	}
	in.Op = Other
}

// settleVSIB takes away the index, which is a vector register; the encoding
// must have one.
func (d *decoder) settleVSIB(in *Inst) bool {
	for _, m := range [...]*Operand{&in.Dst, &in.Src} {
		if m.Kind == KindMem {
			m.Index, m.Scale = NoReg, 1
		}
	}
	return d.modrm&7 == 4
}

// settleZero makes a vector register's exclusive or with itself a move of zero.
func (d *decoder) settleZero(in *Inst) {
	first := d.reg
	if d.enc == vex {
		first = d.v
	}
	if d.mod == 3 && d.rm == first {
		in.Op = MovVec
		in.Src = Operand{Kind: KindImm, Size: in.Size}
	}
}
