package arm64

import "github.com/gocurb/curb/internal/isa"

// vector decodes floating point and Advanced SIMD. Those that write a general
// register are in two classes, conversions and copies of elements.
func (d *decoder) vector() bool {
	if d.word == goUndef {
		d.next().Op = isa.Trap
		return true
	}
	switch top := d.bits(24, 8); {
	case top&0x7f == 0x1e:
		return d.scalarFloat()
	case top&0x9e == 0x0e:
		return d.simd()
	case top == 0x1f, top&0xde == 0x5e, top == 0xce:
		return d.unknown(0)
	}
	return false
}

// goUndef is what Go's assembler makes of UNDEF (cmd/internal/obj/arm64,
// asm7.go): no instruction, which raises SIGILL.
const goUndef = 0xbea71700

// scalarFloat decodes floating point with one or two operands.
func (d *decoder) scalarFloat() bool {
	if d.bit(29) {
		return false
	}
	if !d.bit(21) {
		// conversions between floating and fixed point
		if d.bits(16, 3)&^1 == 0 && d.bits(19, 2) == 3 { // FCVTZS, FCVTZU
			return d.other(d.width(), d.rd())
		}
		return d.unknown(0)
	}
	if d.bits(10, 6) == 0 {
		return d.convertInteger()
	}
	if d.word&0xff3ffc00 == 0x1e204000 { // FMOV between registers
		return d.moveFloat()
	}
	return d.unknown(0)
}

// floatBytes has the size of a register by the field ptype; 16 stands for the
// upper half of a vector register.
var floatBytes = [4]uint8{4, 8, 16, 2}

func (d *decoder) moveFloat() bool {
	bytes := floatBytes[d.bits(22, 2)]
	if bytes == 16 {
		return false
	}
	in := d.next()
	in.Op, in.Size = isa.MovVec, bytes
	in.Dst, in.Src = vecOperand(d.rd(), bytes), vecOperand(d.rn(), bytes)
	return true
}

// convertInteger decodes conversions between floating point and integers, and
// moves between the two kinds of registers.
func (d *decoder) convertInteger() bool {
	rd, rn, width := d.rd(), d.rn(), d.width()
	bytes := floatBytes[d.bits(22, 2)]
	switch op := d.bits(16, 5); op {
	case 6: // FMOV to a general register
		if bytes != width {
			return d.other(width, rd)
		}
		if rd == zr {
			return d.nop()
		}
		d.set(isa.MovVec, width, rd, vecOperand(rn, width))
	case 7:
		if bytes != width {
			return d.unknown(0)
		}
		in := d.next()
		in.Op, in.Size = isa.MovVec, width
		in.Dst, in.Src = vecOperand(rd, width), source(rn, width)
	case 2, 3, 15: // SCVTF, UCVTF, FMOV to the upper half
		return d.unknown(0)
	default:
		return d.other(width, rd)
	}
	return true
}

// simd decodes vectors.
func (d *decoder) simd() bool {
	if d.word&0x9fe08400 == 0x0e000400 {
		return d.copyElement()
	}
	return d.unknown(0)
}

// copyElement decodes DUP, SMOV, UMOV and INS.
func (d *decoder) copyElement() bool {
	rd, op := d.rd(), d.bits(11, 4)
	if d.bit(29) {
		return d.unknown(0)
	}
	width := uint8(4 + d.bits(30, 1)<<2)
	switch op {
	case 5: // SMOV
		return d.other(width, rd)
	case 7: // UMOV
		imm := d.bits(16, 5)
		if rd != zr && (imm == 4 && width == 4 || imm == 8 && width == 8) { // the lowest element
			d.set(isa.MovVec, width, rd, vecOperand(d.rn(), width))
			return true
		}
		return d.other(width, rd)
	}
	return d.unknown(0)
}
