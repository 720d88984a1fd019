package x86

import "github.com/gocurb/curb/internal/isa"

// endbr64 is the last byte of ENDBR64, which is a NOP with operands otherwise.
const endbr64 = 0xfa

// settle makes the exceptions from what the maps say. It reports false for an
// instruction that does not exist after all.
func (d *decoder) settle(in *isa.Inst, e entry) bool {
	switch in.Op {
	case isa.Other:
		if op := e.op(); op == isa.Cmp || op == isa.Test {
			settleCompare(in)
		}
		if d.enc == legacy && d.opcode == bitGroup && (in.Dst.Kind == isa.KindReg || in.Src.Kind == isa.KindReg) {
			d.settleBit(in)
		}
	case isa.CondJump:
		// Intel ignores 66 here, AMD takes a displacement of two bytes: where
		// the instruction ends depends on the processor. (So it does for calls
		// and jumps, but there AMD's reading cuts the target to 16 bits.)
		if d.width == width16 && e&immMask == rel32 {
			return false
		}
		in.Cond = isa.OtherCond // LOOP, JRCXZ, XBEGIN
		if e&cc != 0 {
			in.Cond = isa.Cond(d.opcode & 15)
		}
	case isa.CondMove, isa.SetCond:
		in.Cond = isa.Cond(d.opcode & 15)
	case isa.Sub, isa.Xor:
		if in.Dst.Kind == isa.KindReg && in.Src.Kind == isa.KindReg && in.Dst.Reg == in.Src.Reg {
			in.Op, in.Src = isa.Zero, isa.Operand{}
		}
	case isa.Nop:
		if d.opcode == 0x1e && d.prefix == pF3 && d.modrm == endbr64 {
			in.Op = isa.Landing
		}
	case isa.Xchg:
		if e&formMask == az && d.opcode == 0x90 {
			d.settleNop(in)
		}
	case isa.MovSX:
		if in.Src.Size > in.Size {
			in.Op = isa.Other // MOVSXD under 66: how much it reads depends on the processor
		}
	case isa.Lea:
		in.Src.Seg = 0
		if d.addr32 {
			in.Op = isa.Other
		}
	case isa.Push, isa.Pop, isa.Leave:
		d.settleStack(in)
	case isa.MovVec:
		if d.masked {
			in.Op = isa.Other
		}
	case isa.Locked:
		if in.Dst.Kind != isa.KindMem {
			in.Op = isa.Other
		}
	}
	if e&vsib != 0 && !d.settleVSIB(in) {
		return false
	}
	if e&formMask == vx {
		d.settleZero(in)
	}
	if d.lock {
		if e&lk == 0 || in.Dst.Kind != isa.KindMem {
			return false
		}
		if in.Op != isa.Xchg {
			in.Op = isa.Locked
		}
	}
	return true
}

// bitGroup is the opcode, behind 0F, of BT, BTS, BTR and BTC with an immediate.
const bitGroup = 0xba

// settleBit makes of an instruction that looks at, sets, clears or flips one bit of a
// register what it is: the compiler does that to flags.
func (d *decoder) settleBit(in *isa.Inst) {
	bits := 8 * uint(in.Size)
	v := int64(1) << (uint64(d.imm) & uint64(bits-1))
	switch d.bareReg {
	case 4:
		in.Op, in.Dst = isa.BitTest, in.Src
	case 5:
		in.Op = isa.Or
	case 6:
		in.Op, v = isa.And, ^v
	case 7:
		in.Op = isa.Xor
	default:
		return
	}
	shift := 64 - bits
	in.Src = isa.Operand{Kind: isa.KindImm, Size: in.Size, Imm: v << shift >> shift}
}

// settleNop tells XCHG AX, AX, which does nothing at any size, from XCHG AX, R8.
// Whether F3 makes a PAUSE of the latter as well, no manual says.
func (d *decoder) settleNop(in *isa.Inst) {
	switch {
	case d.b == 0:
		*in = isa.Inst{Op: isa.Nop}
	case d.prefix == pF3:
		in.Op = isa.Other
	}
}

// settleCompare sees to comparisons with a high byte register, which write
// nothing, as Other with a Dst would.
func settleCompare(in *isa.Inst) {
	if in.Src.Kind == isa.None {
		in.Src = in.Dst
	}
	in.Dst = isa.Operand{}
}

// settleStack sees to 16-bit pushes and pops, which Push and Pop do not speak
// of, and to a pop to memory at SP, whose address counts from SP after it.
func (d *decoder) settleStack(in *isa.Inst) {
	if in.Op == isa.Pop && in.Dst.Kind == isa.KindMem && in.Dst.Base == SP {
		in.Dst.Imm += int64(in.Size)
	}
	if in.Size == 8 {
		return
	}
	if in.Op == isa.Push {
		in.Dst = d.at(SP, 2, -2)
	}
	in.Op = isa.Other
}

// settleVSIB takes away the index, which is a vector register; the encoding
// must have one.
func (d *decoder) settleVSIB(in *isa.Inst) bool {
	for _, m := range [...]*isa.Operand{&in.Dst, &in.Src} {
		if m.Kind == isa.KindMem {
			m.Index, m.Scale = isa.NoReg, 1
		}
	}
	return d.modrm&7 == 4
}

// settleZero makes a vector register's exclusive or with itself a move of zero.
func (d *decoder) settleZero(in *isa.Inst) {
	first := d.reg
	if d.enc == vex {
		first = d.v
	}
	if d.mod == 3 && d.rm == first {
		in.Op = isa.MovVec
		in.Src = isa.Operand{Kind: isa.KindImm, Size: in.Size}
	}
}
