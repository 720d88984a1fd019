package arm64

import "github.com/gocurb/curb/internal/isa"

// scalable decodes the instructions of SVE. They work on registers of their own,
// and on general ones in the usual places: what may be written is the first, the
// stack pointer too (ADDVL). None jumps. Encodings that are not allocated fault.
func (d *decoder) scalable() bool {
	in := d.next() // without operands, it may change any vector register
	in.Writes = 1 << d.rd()
	in.Reads = 1<<d.rd() | 1<<d.rn() | 1<<d.rm()
	if d.word>>25&0x7f == 0b1110010 { // stores, some of them to a vector of addresses
		in := d.next()
		in.Reads = 1<<d.rn() | 1<<d.rm()
		in.Dst = isa.Operand{Kind: isa.KindMem, Base: d.rn(), Index: isa.NoReg, Scale: 1, Inexact: true}
	}
	return true
}
