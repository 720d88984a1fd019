package arm64

import "github.com/gocurb/curb/internal/isa"

// What compilers make of a switch reads how far the place to go on at is from a label,
// and adds that to the label's address:
//
//	LDRB Wn, [Xtable, Windex, UXTW]
//	ADR Xlabel, label
//	ADD Xn, Xlabel, Wn, SXTB #2
//	BR Xn
//
// with entries of one, two or four bytes. In the terms of package isa the load is
// inexact and the sum not followed.

// A TableLoad is a load from a table: Dst = Size bytes at Table + Index*Size.
type TableLoad struct {
	Dst, Table, Index isa.Reg
	Size              uint8
	Signed            bool
	Wide              bool // all 64 bits of the index count
}

// ReadTableLoad returns what a load of one, two or four bytes by an index does.
func ReadTableLoad(word uint32) (l TableLoad, ok bool) {
	d := decoder{word: word}
	size, opc := uint8(1)<<d.bits(30, 2), d.bits(22, 2)
	scaled := d.bit(12)
	if word&0x3f200c00 != 0x38200800 || opc == 0 || size == 8 || size == 4 && opc == 3 || !d.bit(14) || scaled != (size > 1) && size > 1 || d.rm() == zr {
		return l, false
	}
	return TableLoad{Dst: d.rd(), Table: d.rn(), Index: d.rm(), Size: size, Signed: opc >= 2, Wide: d.bit(13)}, true
}

// A Displaced is a sum of an address and a number: Dst = Base + Part<<Shift, of which
// Size bytes count.
type Displaced struct {
	Dst, Base, Part isa.Reg
	Size            uint8
	Signed          bool
	Shift           uint8
}

// ReadDisplaced returns what an addition of two registers of 64 bits does.
func ReadDisplaced(word uint32) (s Displaced, ok bool) {
	d := decoder{word: word}
	s = Displaced{Dst: d.rd(), Base: d.rn(), Part: d.rm(), Size: 8}
	switch {
	case word&0xffe00000 == 0x8b200000 && d.bits(10, 3) <= 4: // ADD, extended
		option := d.bits(13, 3)
		s.Size, s.Signed, s.Shift = 1<<(option&3), option >= 4, uint8(d.bits(10, 3))
	case word&0xffe00000 == 0x8b000000: // ADD, shifted to the left
		s.Shift = uint8(d.bits(10, 6))
	default:
		return s, false
	}
	return s, s.Dst != zr && s.Base != zr && s.Part != zr
}

// AddsNothing reports whether an instruction adds the constant 0, and does not move the
// stack pointer: it may complete an address that is the beginning of a page.
func AddsNothing(word uint32) bool {
	d := decoder{word: word}
	return word&0xfffffc00 == 0x91000000 && d.rn() != SP && d.rd() != SP
}
