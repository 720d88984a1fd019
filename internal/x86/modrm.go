package x86

import "github.com/gocurb/curb/internal/isa"

// readModRM reads the ModRM byte and, for an operand in memory, the SIB byte
// and the displacement.
func (d *decoder) readModRM(e entry) {
	b := d.u8()
	d.modrm = b
	d.mod = b >> 6
	d.bareReg = b >> 3 & 7
	d.reg = d.bareReg | d.r
	d.rm = b & 7
	if e&regRM != 0 {
		d.mod = 3
	}
	if d.mod == 3 {
		d.rm |= d.b
		return
	}
	d.memory()
}

// memory reads the rest of a memory operand.
func (d *decoder) memory() {
	m := &d.mem
	m.Kind, m.Base, m.Index, m.Scale, m.Seg = isa.KindMem, isa.NoReg, isa.NoReg, 1, d.seg
	base := d.rm
	if base == 4 {
		sib := d.u8()
		base = sib & 7
		if index := sib>>3&7 | d.x; index != 4 {
			m.Index, m.Scale = isa.Reg(index), 1<<(sib>>6)
		}
	}
	switch {
	case d.mod == 1:
		m.Base, m.Imm, d.disp8 = isa.Reg(base|d.b), d.i8(), true
	case d.mod == 2:
		m.Base, m.Imm = isa.Reg(base|d.b), d.i32()
	case base != 5:
		m.Base = isa.Reg(base | d.b)
	default:
		m.Imm = d.i32()
		m.Rip = d.rm == 5
	}
	if d.addr32 {
		// The sum is cut to 32 bits, which Base and Index cannot say.
		if m.Base == isa.NoReg && m.Index == isa.NoReg {
			m.Imm = int64(uint32(m.Imm))
		} else {
			m.Inexact = true
		}
	}
}

// member replaces the entry of a group by that of its member.
func (d *decoder) member(e entry) entry {
	g := e.group()
	if g == 0 {
		return e
	}
	if d.mod == 3 {
		switch {
		case e&x87 != 0:
			return d.x87Form()
		case e&split != 0:
			g++
		}
	}
	m := groups[g][d.bareReg]
	if m == 0 && d.mod == 3 && g == int(group7Reg>>groupShift) {
		return systemForms[d.modrm&63].at(d.prefix)
	}
	return e&^groupMask | m
}

// x87Form is the entry of a register form of the escapes D8 to DF.
func (d *decoder) x87Form() entry {
	switch {
	case x87Forms[d.opcode&7]>>(d.modrm&63)&1 == 0:
		return 0
	case d.opcode == 0xdf && d.modrm == fnstsw:
		return other | wAX
	}
	return other
}
