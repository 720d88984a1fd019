package arm64

import "github.com/gocurb/curb/internal/isa"

// Operands are filled in where they stay: to make them elsewhere and copy them
// takes about as long as all the rest, since a processor has to wait where it
// reads at once what was written in pieces.

// regOperand makes a register of o that is not the zero register.
func regOperand(o *isa.Operand, r isa.Reg, size uint8) {
	o.Kind, o.Size, o.Reg = isa.KindReg, size, r
}

// sourceOperand makes a register that is read of o, which may be the zero
// register.
func sourceOperand(o *isa.Operand, r isa.Reg, size uint8) {
	if r == zr {
		immOperand(o, 0, size)
	} else {
		regOperand(o, r, size)
	}
}

// immOperand makes an immediate of o, of 4 bytes cut to them.
func immOperand(o *isa.Operand, v int64, size uint8) {
	if size == 4 {
		v = int64(int32(v))
	}
	o.Kind, o.Size, o.Imm = isa.KindImm, size, v
}

func vecOperand(o *isa.Operand, r isa.Reg, size uint8) {
	o.Kind, o.Size, o.Reg = isa.KindVec, size, r
}

// A memory is what an instruction reads or writes: size bytes at
// base+index*scale+disp. 31 is SP as the base.
type memory struct {
	base, index isa.Reg
	scale, size uint8
	inexact     bool
	disp        int64
}

// at makes m the memory at base+disp.
func (m *memory) at(base isa.Reg, disp int64, size uint8) {
	m.base, m.index, m.scale, m.size, m.disp = base, isa.NoReg, 1, size, disp
}

// operand makes o an operand in memory.
func (m *memory) operand(o *isa.Operand) {
	o.Kind, o.Size, o.Base, o.Index, o.Scale, o.Inexact, o.Imm = isa.KindMem, m.size, m.base, m.index, m.scale, m.inexact, m.disp
}

// absolute makes o an operand at an address that was relative to pc.
func absolute(o *isa.Operand, addr int64, size uint8) {
	o.Kind, o.Size, o.Base, o.Index, o.Scale, o.Rip, o.Imm = isa.KindMem, size, isa.NoReg, isa.NoReg, 1, true, addr
}
