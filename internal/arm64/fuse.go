package arm64

import (
	"encoding/binary"

	"github.com/gocurb/curb/internal/isa"
)

// fuse completes the address whose page the ADRP at code[0] has left in its
// register. What Go's assembler makes of a symbol is one of
//
//	ADRP Xd; ADD Xd, Xd, #n
//	ADRP X27; LDR Xt, [X27, #n]
//	ADRP X27; ADD X27, X27, #n; LDR Xt, [X27]
//
// (and STR), with nothing in between. After the last two nobody reads X27: no
// address was taken there. Nor is one by
//
//	ADRP X16; ADD X16, X16, #n; BR X16
//
// which is the linker's way to a function that is too far for a jump. It is one
// here.
func (d *decoder) fuse(code []byte) {
	page := &d.insts[len(d.insts)-1]
	if page.Op != isa.Mov || len(code) < 2*size {
		return
	}
	base, addr := page.Dst.Reg, page.Src.Imm
	second := binary.LittleEndian.Uint32(code[size:])
	n := len(d.insts)
	if !d.completes(second, base, addr) {
		return
	}
	// In Go's code the page is not used again, where C's compilers may use it
	// for other addresses too.
	overwritten := false
	for i := n; i < len(d.insts); i++ {
		overwritten = overwritten || d.insts[i].Writes>>base&1 != 0
	}
	if overwritten || base == X27 {
		o := &d.insts[n-1].Src
		o.Rip, o.Inexact = true, false
	}
	sum := d.insts[n]
	if sum.Op != isa.Lea || sum.Dst.Reg != base || base != X27 && base != X16 || len(code) < 3*size {
		return
	}
	third := binary.LittleEndian.Uint32(code[2*size:])
	switch {
	case base == X16 && third == brWord|uint32(base)<<5:
		in := d.next()
		in.Op, in.Size, in.Fused, in.Len = isa.Jump, 8, true, size
		in.Target = uint64(sum.Src.Imm)
	case base != X27 || third&addMask == addWord || !d.completes(third, X27, sum.Src.Imm):
		return
	}
	d.insts[n].Op = isa.Mov
	d.insts[n].Src = isa.Operand{Kind: isa.KindImm, Size: 8, Imm: sum.Src.Imm, Rip: true}
}

// ADD Xd, Xn, #imm, without the shift; BR.
const (
	addMask = 0xffc00000
	addWord = 0x91000000
	brWord  = 0xd61f0000
)

// completes appends what word does, if it is an instruction that may complete
// an address, with addr in place of the base register.
func (d *decoder) completes(word uint32, base isa.Reg, addr int64) bool {
	var next decoder
	next.insts, next.pc, next.word = d.insts, d.pc, word
	if next.rn() != base {
		return false
	}
	n := len(d.insts)
	switch {
	case word&addMask == addWord && next.rd() != SP:
		var m memory
		m.at(base, int64(next.bits(10, 12)), 8)
		m.operand(&next.set(isa.Lea, 8, next.rd()).Src)
	case word&0x3b000000 == 0x39000000, // load or store with an unsigned immediate
		word&0x3b200c00 == 0x38000000, // unscaled
		word&0x3b800000 == 0x29000000: // pair with an offset
		if !next.decode() {
			return false
		}
	default:
		return false
	}
	for i := n; i < len(next.insts); i++ {
		in := &next.insts[i]
		in.Fused = true
		place(&in.Dst, base, addr)
		place(&in.Src, base, addr)
	}
	next.last().Len = size
	d.insts = next.insts
	return true
}

// place puts addr in the place of the base register of a memory operand.
func place(m *isa.Operand, base isa.Reg, addr int64) {
	if m.Kind == isa.KindMem && m.Base == base {
		m.Base, m.Rip = isa.NoReg, true
		m.Imm += addr
	}
}
