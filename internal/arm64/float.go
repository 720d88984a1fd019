package arm64

import "github.com/gocurb/curb/internal/isa"

// floatBytes has the size of a register by the field ptype; 16 stands for the
// upper half of a vector register.
var floatBytes = [4]uint8{4, 8, 16, 2}

const upperHalf = 2

// scalarFloat decodes floating point with one or two operands.
func (d *decoder) scalarFloat() bool {
	if d.bit(29) {
		return false
	}
	if !d.bit(21) {
		return d.convertFixed()
	}
	if d.bits(10, 6) == 0 {
		return d.convertInteger()
	}
	if d.bit(31) || d.bits(22, 2) == upperHalf {
		return false
	}
	known := false
	switch {
	case d.bits(10, 2) == 1, d.bits(10, 2) == 3: // FCCMP, FCSEL
		known = true
	case d.bits(10, 2) == 2: // FMUL, FDIV, FADD, FSUB, FMAX, FMIN, FMAXNM, FMINNM, FNMUL
		known = d.bits(12, 4) <= 8
	case d.bit(12): // FMOV of an immediate
		known = d.bits(5, 5) == 0
	case d.bit(13): // FCMP, FCMPE
		known = d.bits(14, 2) == 0 && d.bits(0, 3) == 0
	case d.bit(14):
		return d.oneFloat(d.bits(15, 6), d.bits(22, 2))
	}
	return known && d.unknown(0)
}

// oneFloat decodes what has one operand of floating point.
func (d *decoder) oneFloat(op, ptype uint32) bool {
	switch op {
	case 0: // FMOV
		bytes := floatBytes[ptype]
		in := d.next()
		in.Op, in.Size = isa.MovVec, bytes
		vecOperand(&in.Dst, d.rd(), bytes)
		vecOperand(&in.Src, d.rn(), bytes)
		return true
	case 1, 2, 3, 8, 9, 10, 11, 12, 14, 15: // FABS, FNEG, FSQRT, FRINTN, P, M, Z, A, X, I
		return d.unknown(0)
	case 4, 5, 7: // FCVT
		return op&3 != ptype && d.unknown(0)
	case 6: // BFCVT
		return ptype == 1 && d.unknown(0)
	case 16, 17, 18, 19: // FRINT32Z, FRINT32X, FRINT64Z, FRINT64X
		return ptype <= 1 && d.unknown(0)
	}
	return false
}

// convertFixed decodes conversions between floating and fixed point.
func (d *decoder) convertFixed() bool {
	if d.bits(22, 2) == upperHalf || !d.bit(31) && !d.bit(15) {
		return false
	}
	switch d.bits(16, 5) {
	case 0b00_010, 0b00_011: // SCVTF, UCVTF
		return d.unknown(0)
	case 0b11_000, 0b11_001: // FCVTZS, FCVTZU
		return d.other(d.width(), d.rd())
	}
	return false
}

// convertInteger decodes conversions between floating point and integers, and
// moves between the two kinds of registers.
func (d *decoder) convertInteger() bool {
	rd, rn, width, ptype := d.rd(), d.rn(), d.width(), d.bits(22, 2)
	op := d.bits(16, 5)
	if ptype == upperHalf {
		switch {
		case width == 8 && op == 0b01_110:
			return d.other(8, rd)
		case width == 8 && op == 0b01_111:
			return d.fromGeneral()
		}
		return false
	}
	bytes := floatBytes[ptype]
	switch op {
	case 0b00_010, 0b00_011: // SCVTF, UCVTF
		return d.unknown(0)
	case 0b00_110, 0b00_111: // FMOV
		if bytes != width && bytes != 2 {
			return false
		}
		return d.moveFloat(rd, rn, bytes, width, op&1 == 0)
	case 0b11_110: // FJCVTZS, which sets flags as well
		if width != 4 || bytes != 8 {
			return false
		}
		if rd == zr {
			return d.unknown(0)
		}
		return d.other(4, rd)
	case 0b00_000, 0b00_001, 0b01_000, 0b01_001, 0b10_000, 0b10_001, 0b11_000, 0b11_001, 0b00_100, 0b00_101: // FCVTNS, …
		return d.other(width, rd)
	}
	return false
}

// moveFloat appends a move between a general and a vector register.
func (d *decoder) moveFloat(rd, rn isa.Reg, bytes, width uint8, toGeneral bool) bool {
	switch {
	case toGeneral && (bytes != width || rd == zr):
		return d.other(width, rd)
	case toGeneral:
		vecOperand(&d.set(isa.MovVec, width, rd).Src, rn, width)
	default:
		in := d.next()
		in.Op, in.Size = isa.MovVec, bytes
		vecOperand(&in.Dst, rd, bytes)
		sourceOperand(&in.Src, rn, bytes)
	}
	return true
}
