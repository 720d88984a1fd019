package arm64

import (
	"math/bits"

	"github.com/gocurb/curb/internal/isa"
)

// address decodes ADR and ADRP.
func (d *decoder) address() bool {
	rd := d.rd()
	imm := d.signed(5, 19)<<2 | int64(d.bits(29, 2))
	switch {
	case rd == zr:
		d.nop()
	case d.bit(31):
		d.setImm(isa.Mov, 8, rd, int64(d.pc&^0xfff)+imm<<12)
		d.last().Src.Inexact = true
	default:
		absolute(&d.set(isa.Lea, 8, rd).Src, int64(d.pc)+imm, 8)
	}
	return true
}

// addImmediate decodes ADD and SUB. Where no flags are set 31 is SP, also as
// the destination.
func (d *decoder) addImmediate() bool {
	if d.bit(23) {
		return d.lateImmediate()
	}
	rd, rn, width := d.rd(), d.rn(), d.width()
	imm := int64(d.bits(10, 12))
	if d.bit(22) {
		imm <<= 12
	}
	sub := d.bit(30)
	if !d.bit(29) {
		d.plusImmediate(width, rd, rn, imm, sub)
		return true
	}
	if !sub && imm == 0 {
		// Adding 0 never carries, subtracting it always does: no Cmp says that.
		if rd == zr {
			return d.unknown(0)
		}
		return d.other(width, rd)
	}
	if rd != zr && rd != rn {
		d.plusImmediate(width, rd, rn, imm, sub)
	}
	value := imm
	if !sub {
		value = -imm // any other number carries and overflows alike when its negative is subtracted
	}
	d.compareImm(isa.Cmp, width, rn, value)
	if rd != zr && rd == rn {
		d.plusImmediate(width, rd, rn, imm, sub)
	}
	return true
}

// plusImmediate appends rd = rn ± imm.
func (d *decoder) plusImmediate(width uint8, rd, rn isa.Reg, imm int64, sub bool) {
	switch {
	case imm == 0:
		d.setReg(isa.Mov, width, rd, rn)
	case rd == rn && sub:
		d.setImm(isa.Sub, width, rd, imm)
	case rd == rn:
		d.setImm(isa.Add, width, rd, imm)
	default:
		if sub {
			imm = -imm
		}
		var m memory
		m.at(rn, imm, width)
		m.operand(&d.set(isa.Lea, width, rd).Src)
	}
}

// lateImmediate decodes ADDG and SUBG, and minima and maxima.
func (d *decoder) lateImmediate() bool {
	switch {
	case d.word&0xbfc0c000 == 0x91800000: // ADDG, SUBG
		d.set(isa.Other, 8, d.rd()) // 31 is SP
		return true
	case d.word&0x7ff00000 == 0x11c00000: // SMAX, UMAX, SMIN, UMIN
		return d.other(d.width(), d.rd())
	}
	return false
}

// logicalImmediate decodes AND, ORR, EOR and ANDS. 31 is SP as the destination
// of the first three.
func (d *decoder) logicalImmediate() bool {
	if d.bit(23) {
		return d.moveWide()
	}
	rd, rn, width := d.rd(), d.rn(), d.width()
	if d.bit(22) && width == 4 {
		return false
	}
	imm, ok := bitmask(d.bits(22, 1), d.bits(10, 6), d.bits(16, 6))
	if !ok {
		return false
	}
	op := [...]isa.Op{isa.And, isa.Or, isa.Xor, isa.And}[d.bits(29, 2)]
	flags := d.bits(29, 2) == 3
	switch {
	case flags && rn == zr:
		return d.unknown(set1(rd)) // nobody looks at the bits of zero
	case flags && rd == zr:
		d.compareImm(isa.Test, width, rn, imm)
		return true
	case rn != zr:
		if rd != rn {
			d.setReg(isa.Mov, width, rd, rn)
		}
		d.setImm(op, width, rd, imm)
	case op == isa.And:
		d.set(isa.Zero, width, rd)
	default:
		d.setImm(isa.Mov, width, rd, imm)
	}
	if flags {
		d.compareReg(isa.Test, width, rd, rd)
	}
	return true
}

// bitmask returns the number that the three fields of a logical immediate
// stand for: a run of ones, rotated, and repeated to fill 64 bits.
func bitmask(n, imms, immr uint32) (int64, bool) {
	length := bits.Len32(n<<6|^imms&0x3f) - 1
	if length < 1 {
		return 0, false
	}
	size := uint(1) << length
	ones, rotate := uint(imms)&(size-1), uint(immr)&(size-1)
	if ones == size-1 {
		return 0, false
	}
	v := uint64(1)<<(ones+1) - 1
	v = v>>rotate | v<<(size-rotate)
	if size < 64 {
		v &= 1<<size - 1
	}
	for ; size < 64; size *= 2 {
		v |= v << size
	}
	return int64(v), true
}

// moveWide decodes MOVN, MOVZ and MOVK.
func (d *decoder) moveWide() bool {
	rd, width := d.rd(), d.width()
	shift := d.bits(21, 2) * 16
	imm := int64(d.bits(5, 16)) << shift
	opc := d.bits(29, 2)
	switch {
	case opc == 1 || width == 4 && shift >= 32:
		return false
	case rd == zr:
		return d.nop()
	case opc == 0:
		d.setImm(isa.Mov, width, rd, ^imm)
	case opc == 2:
		d.setImm(isa.Mov, width, rd, imm)
	default:
		d.setImm(isa.And, width, rd, ^(0xffff << shift))
		if imm != 0 {
			d.setImm(isa.Or, width, rd, imm)
		}
	}
	return true
}

// bitfield decodes SBFM, BFM and UBFM, which most shifts by an immediate and
// all extensions are. They take the bits immr to imms, or put the bits up to
// imms at the place -immr.
func (d *decoder) bitfield() bool {
	if d.bit(23) {
		return d.extract()
	}
	rd, rn, width := d.rd(), d.rn(), d.width()
	immr, imms := d.bits(16, 6), d.bits(10, 6)
	opc, top := d.bits(29, 2), uint32(width)*8-1
	switch {
	case opc == 3 || d.bit(22) != (width == 8) || immr > top || imms > top:
		return false
	case rd == zr:
		return d.nop()
	case opc == 1:
		return d.other(width, rd)
	case rn == zr:
		d.set(isa.Zero, width, rd)
	case opc == 2:
		d.extractUnsigned(width, rd, rn, immr, imms)
	default:
		return d.extractSigned(width, rd, rn, immr, imms)
	}
	return true
}

func (d *decoder) extractUnsigned(width uint8, rd, rn isa.Reg, immr, imms uint32) {
	bits := uint32(width) * 8
	n := len(d.insts)
	switch {
	case immr == 0 && (imms == 7 || imms == 15):
		regOperand(&d.set(isa.MovZX, width, rd).Src, rn, uint8(imms+1)/8)
		return
	case immr == 0 && imms == 31:
		d.setReg(isa.Mov, 4, rd, rn)
		return
	case imms == bits-1:
		d.move(width, rd, rn)
		if immr != 0 {
			d.setImm(isa.Shr, width, rd, int64(immr))
		}
	case imms+1 == immr:
		d.move(width, rd, rn)
		d.setImm(isa.Shl, width, rd, int64(bits-immr))
	case imms >= immr:
		d.move(width, rd, rn)
		if immr != 0 {
			d.setImm(isa.Shr, width, rd, int64(immr))
		}
		d.setImm(isa.And, width, rd, 1<<(imms-immr+1)-1)
	default:
		d.move(width, rd, rn)
		d.setImm(isa.And, width, rd, 1<<(imms+1)-1)
		d.setImm(isa.Shl, width, rd, int64(bits-immr))
	}
	d.ensure(n)
}

// extractSigned knows fields of whole bytes, as far as they begin at bit 0.
func (d *decoder) extractSigned(width uint8, rd, rn isa.Reg, immr, imms uint32) bool {
	bits := uint32(width) * 8
	switch {
	case immr == 0 && imms == bits-1:
		n := len(d.insts)
		d.move(width, rd, rn)
		return d.ensure(n)
	case (imms == 7 || imms == 15 || imms == 31) && (immr == 0 || immr > imms):
		regOperand(&d.set(isa.MovSX, width, rd).Src, rn, uint8(imms+1)/8)
		if immr != 0 {
			d.setImm(isa.Shl, width, rd, int64(bits-immr))
		}
		return true
	}
	return d.other(width, rd)
}

// extract decodes EXTR, of which ROR by an immediate is a form.
func (d *decoder) extract() bool {
	width, imms := d.width(), d.bits(10, 6)
	if d.bits(29, 2) != 0 || d.bit(21) || d.bit(22) != (width == 8) || imms >= uint32(width)*8 {
		return false
	}
	rd := d.rd()
	if rd == zr {
		return d.nop()
	}
	if imms != 0 {
		return d.other(width, rd)
	}
	n := len(d.insts)
	d.move(width, rd, d.rm())
	return d.ensure(n)
}
