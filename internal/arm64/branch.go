package arm64

import "github.com/gocurb/curb/internal/isa"

// conditions has isa's names for the conditions that are encoded. Overflow has
// none; the last two are always true, which their users see to.
var conditions = [16]isa.Cond{
	isa.Equal, isa.NotEqual, isa.AboveEqual, isa.Below, // EQ NE HS LO
	isa.Negative, isa.NotNegative, isa.OtherCond, isa.OtherCond, // MI PL VS VC
	isa.Above, isa.BelowEqual, isa.GreaterEqual, isa.Less, // HI LS GE LT
	isa.Greater, isa.LessEqual, isa.OtherCond, isa.OtherCond, // GT LE AL NV
}

const always = 0b1110 // and the number behind it

// branch decodes B and BL.
func (d *decoder) branch() bool {
	if d.bit(31) {
		d.jump(isa.Call, d.signed(0, 26)).Writes = 1 << X30
	} else {
		d.jump(isa.Jump, d.signed(0, 26))
	}
	return true
}

// jump appends a jump by a number of instructions.
func (d *decoder) jump(op isa.Op, n int64) *isa.Inst {
	in := d.next()
	in.Op, in.Size = op, 8
	in.Target = d.pc + uint64(n*size)
	return in
}

func (d *decoder) jumpIf(cond isa.Cond, n int64) {
	d.jump(isa.CondJump, n).Cond = cond
}

// branchIf decodes B.cond, and BC.cond, which is the same with a hint.
func (d *decoder) branchIf() bool {
	cond, n := d.bits(0, 4), d.signed(5, 19)
	if cond >= always {
		d.jump(isa.Jump, n)
	} else {
		d.jumpIf(conditions[cond], n)
	}
	return true
}

// testAndBranch decodes CBZ, CBNZ, TBZ and TBNZ. A test of the zero register
// is none.
func (d *decoder) testAndBranch() bool {
	rt, width, n := d.rd(), d.width(), d.signed(5, 19)
	bitwise := d.bit(25)
	if bitwise {
		n = d.signed(5, 14)
	}
	switch {
	case rt == zr && d.bit(24):
		return d.nop()
	case rt == zr:
		d.jump(isa.Jump, n)
		return true
	case bitwise:
		d.compareImm(isa.Test, width, rt, 1<<(d.word>>31<<5|d.bits(19, 5)))
	default:
		d.compareReg(isa.Test, width, rt, rt)
	}
	d.jumpIf(isa.Equal+isa.Cond(d.bits(24, 1)), n)
	return true
}

// branchRegister decodes BR, BLR, RET and their like. Where those that
// authenticate a pointer go to is not known.
func (d *decoder) branchRegister() bool {
	rn, rm := d.rn(), d.rd()
	if d.bits(16, 5) != 31 {
		return false
	}
	opc, op3 := d.bits(21, 4), d.bits(10, 6)
	plain := op3 == 0 && rm == 0
	zero := op3>>1 == 1 && rm == 31 // BRAAZ, BRABZ, …
	var op isa.Op
	switch {
	case opc == 0 && (plain || zero), opc == 8 && op3>>1 == 1:
		op = isa.JumpInd
	case opc == 1 && (plain || zero), opc == 9 && op3>>1 == 1:
		op = isa.CallInd
	case opc == 2 && plain && rn != X30:
		op = isa.JumpInd
	case opc == 2 && (plain || zero && rn == 31):
		op = isa.Ret
	case opc == 4 && rn == 31 && (plain || zero), opc == 5 && rn == 31 && plain: // ERET, DRPS
		op = isa.Trap
	default:
		return false
	}
	in := d.next()
	in.Op, in.Size = op, 8
	if op == isa.CallInd {
		in.Writes = 1 << X30
	}
	if plain && rn != zr && (op == isa.JumpInd || op == isa.CallInd) {
		regOperand(&in.Src, rn, 8)
	}
	return true
}

// exception decodes SVC and what ends in a signal.
func (d *decoder) exception() bool {
	if d.bits(2, 3) != 0 {
		return false
	}
	switch d.bits(21, 3)<<2 | d.bits(0, 2) {
	case 0b000_01: // SVC
		in := d.next()
		in.Op, in.Writes = isa.Syscall, 1<<X0
	case 0b000_10, 0b000_11, 0b001_00, 0b010_00, 0b101_01, 0b101_10, 0b101_11: // HVC, SMC, BRK, HLT, DCPS
		d.next().Op = isa.Trap
	default:
		return false
	}
	return true
}
