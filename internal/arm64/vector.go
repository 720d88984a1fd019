package arm64

import (
	"math/bits"

	"github.com/gocurb/curb/internal/isa"
)

// vector decodes floating point and Advanced SIMD. General registers are
// written by two classes only: conversions between scalars and integers, and
// copies of elements.
func (d *decoder) vector() bool {
	switch top := d.bits(24, 8); top {
	case 0x1e, 0x9e:
		return d.scalarFloat()
	case 0x1f: // FMADD, FMSUB, FNMADD, FNMSUB
		return d.bits(22, 2) != upperHalf && d.unknown(0)
	case 0x0e, 0x2e, 0x4e, 0x6e:
		if d.bit(10) {
			return d.simdOdd()
		}
		return d.simdEven()
	case 0x0f, 0x2f, 0x4f, 0x6f:
		return d.simdImmediate()
	case 0x5e, 0x7e:
		return d.scalar() && d.unknown(0)
	case 0x5f, 0x7f:
		return d.scalarImmediate() && d.unknown(0)
	case 0xce:
		return d.crypto() && d.unknown(0)
	case goUndef >> 24:
		if d.word == goUndef {
			d.next().Op = isa.Trap
			return true
		}
	}
	return false
}

// goUndef is what Go's assembler makes of UNDEF (cmd/internal/obj/arm64,
// asm7.go): no instruction, which raises SIGILL.
const goUndef = 0xbea71700

// opcode is the U bit before n bits from lo on: the index of the maps.
func (d *decoder) opcode(lo, n uint) uint32 { return d.bits(29, 1)<<n | d.bits(lo, n) }

// shape is size<<1 | Q.
func (d *decoder) shape() uint32 { return d.bits(22, 2)<<1 | d.bits(30, 1) }

// simdOdd decodes vectors where bit 10 is set.
func (d *decoder) simdOdd() bool {
	switch {
	case d.bit(21):
		op := d.opcode(11, 5)
		if threeSame[op]>>d.shape()&1 == 0 {
			return false
		}
		return d.threeSame(op)
	case d.bit(15):
		return threeExtra[d.opcode(11, 4)]>>d.shape()&1 != 0 && d.unknown(0)
	case d.bit(22):
		op := d.bits(23, 1)<<4 | d.opcode(11, 3)
		return !d.bit(14) && threeHalf>>op&1 != 0 && d.unknown(0)
	case d.bits(22, 2) == 0:
		return d.copyElement()
	}
	return false
}

// threeSame knows the two logical operations that move or clear a register.
func (d *decoder) threeSame(op uint32) bool {
	const logical, xor = 0x03, 0x23
	rn, bytes := d.rn(), uint8(8)<<d.bits(30, 1)
	move := op == logical && d.bits(22, 2) == 2 // ORR
	zero := op == xor && d.bits(22, 2) == 0     // EOR
	if d.rm() != rn || !move && !zero {
		return d.unknown(0)
	}
	in := d.next()
	in.Op, in.Size = isa.MovVec, bytes
	vecOperand(&in.Dst, d.rd(), bytes)
	if zero {
		immOperand(&in.Src, 0, bytes)
	} else {
		vecOperand(&in.Src, rn, bytes)
	}
	return true
}

// simdEven decodes vectors where bit 10 is clear.
func (d *decoder) simdEven() bool {
	known := false
	switch {
	case d.bit(21) && !d.bit(11):
		known = threeDifferent[d.opcode(12, 4)]>>d.shape()&1 != 0
	case d.bit(21):
		switch op := d.opcode(12, 5); d.bits(17, 4) {
		case 0b0000:
			known = twoMisc[op]>>d.shape()&1 != 0
		case 0b1000:
			known = across[op]>>d.shape()&1 != 0
		case 0b1100:
			known = d.bit(22) && twoHalf[op]>>d.shape()&1 != 0
		case 0b0100: // AESE, AESD, AESMC, AESIMC
			known = d.shape() == 1 && op >= 4 && op <= 7
		}
	case d.bit(15):
	case d.bit(29): // EXT
		known = d.bits(22, 2) == 0 && (d.bit(30) || !d.bit(14))
	case d.bit(11): // UZP, TRN, ZIP
		known = d.bits(12, 2) != 0 && d.shape() != 6
	default: // TBL, TBX
		known = d.bits(22, 2) == 0
	}
	return known && d.unknown(0)
}

// copyElement decodes DUP, SMOV, UMOV and INS. The lowest bit that is set in a
// field gives the size of the element, the bits above it the number.
func (d *decoder) copyElement() bool {
	rd, imm, wide := d.rd(), d.bits(16, 5), d.bits(30, 1)
	scale := bits.TrailingZeros32(imm)
	if scale > 3 {
		return false
	}
	if d.bit(29) {
		return wide == 1 && d.unknown(0) // INS of an element
	}
	width := uint8(4 + wide<<2)
	switch d.bits(11, 4) {
	case 0: // DUP of an element
		return (scale < 3 || wide == 1) && d.unknown(0)
	case 1: // DUP
		return (scale < 3 || wide == 1) && d.fromGeneral()
	case 3: // INS
		return wide == 1 && d.fromGeneral()
	case 5: // SMOV
		return scale < 2+int(wide) && d.other(width, rd)
	case 7: // UMOV
		if (scale == 3) != (wide == 1) {
			return false
		}
		if rd != zr && imm == uint32(width) { // the lowest element
			vecOperand(&d.set(isa.MovVec, width, rd).Src, d.rn(), width)
			return true
		}
		return d.other(width, rd)
	}
	return false
}

// simdImmediate decodes vectors with an immediate, or with one element of
// another register.
func (d *decoder) simdImmediate() bool {
	if !d.bit(10) {
		bit := d.bits(11, 1)<<4 | d.bits(21, 1)<<3 | d.shape()
		return byElement[d.opcode(12, 4)]>>bit&1 != 0 && d.unknown(0)
	}
	if d.bit(23) {
		return false
	}
	if immh := d.bits(19, 4); immh != 0 {
		bit := uint32(bits.Len32(immh)-1)<<1 | d.bits(30, 1)
		return shiftImmediate[d.opcode(11, 5)]>>bit&1 != 0 && d.unknown(0)
	}
	return d.moveImmediate()
}

// moveImmediate decodes MOVI, MVNI, ORR, BIC and FMOV of a vector.
func (d *decoder) moveImmediate() bool {
	mode, inverted := d.bits(12, 4), d.bit(29)
	if d.bit(11) {
		return mode == 15 && !inverted && d.unknown(0) // FMOV of half precision
	}
	if mode == 15 && inverted && !d.bit(30) {
		return false
	}
	// MOVI of 32, 16 and 8 bits; of 64
	zero := !inverted && mode&1 == 0 && mode < 12 || mode == 14
	if !zero || d.bits(16, 3) != 0 || d.bits(5, 5) != 0 {
		return d.unknown(0)
	}
	bytes := uint8(8) << d.bits(30, 1)
	in := d.next()
	in.Op, in.Size = isa.MovVec, bytes
	vecOperand(&in.Dst, d.rd(), bytes)
	immOperand(&in.Src, 0, bytes)
	return true
}

// scalar reports whether a scalar instruction of Advanced SIMD exists.
func (d *decoder) scalar() bool {
	size, op := d.bits(22, 2), d.opcode(12, 5)
	switch {
	case d.bit(21) && d.bit(10):
		return scalarThreeSame[d.opcode(11, 5)]>>size&1 != 0
	case d.bit(21) && !d.bit(11): // SQDMLAL, SQDMLSL, SQDMULL
		op := d.opcode(12, 4)
		return (op == 9 || op == 11 || op == 13) && (size == 1 || size == 2)
	case d.bit(21):
		switch d.bits(17, 4) {
		case 0b0000:
			return scalarTwoMisc[op]>>size&1 != 0
		case 0b1000:
			return scalarPairwise[op]>>size&1 != 0
		case 0b1100:
			return d.bit(22) && scalarTwoHalf[op]>>size&1 != 0
		case 0b0100: // SHA1H, SHA1SU1, SHA256SU0
			return size == 0 && op <= 2
		}
		return false
	case !d.bit(10): // SHA1C, SHA1P, SHA1M, SHA1SU0, SHA256H, SHA256H2, SHA256SU1
		return size == 0 && !d.bit(29) && !d.bit(15) && !d.bit(11) && d.bits(12, 3) < 7
	case d.bit(15): // SQRDMLAH, SQRDMLSH
		return d.bit(29) && d.bits(12, 3) == 0 && (size == 1 || size == 2)
	case d.bit(22):
		return !d.bit(14) && scalarThreeHalf>>(d.bits(23, 1)<<4|d.opcode(11, 3))&1 != 0
	}
	return size == 0 && d.opcode(11, 4) == 0 && d.bits(16, 4) != 0 // DUP
}

// scalarImmediate is scalar for those with an immediate or an element.
func (d *decoder) scalarImmediate() bool {
	if !d.bit(10) {
		bit := d.bits(11, 1)<<3 | d.bits(21, 1)<<2 | d.bits(22, 2)
		return scalarByElement[d.opcode(12, 4)]>>bit&1 != 0
	}
	immh := d.bits(19, 4)
	return !d.bit(23) && immh != 0 && scalarShift[d.opcode(11, 5)]>>(bits.Len32(immh)-1)&1 != 0
}

// crypto reports whether an instruction for SHA-3, SHA-512, SM3 or SM4 exists.
func (d *decoder) crypto() bool {
	switch op := d.bits(21, 3); {
	case op <= 1: // EOR3, BCAX
		return !d.bit(15)
	case op == 2 && !d.bit(15): // SM3SS1
		return true
	case op == 2: // SM3TT1A, …
		return d.bits(14, 1) == 0
	case op == 3 && d.bit(15): // SHA512H, SHA512H2, SHA512SU1, RAX1; SM3PARTW1, SM3PARTW2, SM4EKEY
		return d.bits(12, 2) == 0 && d.bits(10, 5) != 0b10011
	case op == 4: // XAR
		return true
	case op == 6: // SHA512SU0, SM4E
		return d.bits(11, 10) == 0b00000_10000
	}
	return false
}
