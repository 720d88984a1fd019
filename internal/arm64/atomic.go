package arm64

import "github.com/gocurb/curb/internal/isa"

// exclusive decodes load-exclusive, store-exclusive, loads and stores with
// order, and compare-and-swap.
func (d *decoder) exclusive() bool {
	scale := d.bits(30, 2)
	m := memOperand(d.rn(), 0, 1<<scale)
	rt, rs, load := d.rd(), d.rm(), d.bit(22)
	switch d.bits(23, 1)<<1 | d.bits(21, 1) {
	case 0: // STXR, LDXR
		if load {
			d.load(max(4, m.Size), false, rt, m)
		} else {
			d.storeExclusive(rs, m)
		}
	case 1:
		if scale < 2 {
			return d.compareAndSwapPair()
		}
		if load {
			d.loadExclusivePair(m)
		} else { // STXP
			m.Size *= 2
			d.storeExclusive(rs, m)
		}
	case 2: // STLLR, STLR, LDLAR, LDAR
		if load {
			d.load(max(4, m.Size), false, rt, m)
		} else {
			d.store(rt, m)
		}
	default: // CAS
		if d.ra() != zr {
			return false
		}
		d.locked(m, set1(rs), source(rt, m.Size))
	}
	return true
}

// storeExclusive appends a store that may not happen, and its result in rs.
func (d *decoder) storeExclusive(rs isa.Reg, m isa.Operand) {
	m.Inexact = rs == m.Base && rs != zr // unpredictable
	var src isa.Operand
	if m.Size <= 8 {
		src = source(d.rd(), m.Size)
	}
	d.locked(m, set1(rs), src)
}

// locked appends an operation on memory.
func (d *decoder) locked(m isa.Operand, writes isa.RegSet, src isa.Operand) {
	in := d.next()
	in.Op, in.Size, in.Writes = isa.Locked, m.Size, writes
	in.Dst, in.Src = m, src
}

// loadExclusivePair decodes LDXP and LDAXP.
func (d *decoder) loadExclusivePair(m isa.Operand) {
	rt, rt2 := d.rd(), d.ra()
	m2 := m
	m2.Imm = int64(m.Size)
	switch {
	case rt == rt2 && rt != zr:
		m.Size *= 2
		d.unpredictable(true, m, 1<<rt)
	case rt == m.Base && rt != zr:
		d.load(m2.Size, false, rt2, m2)
		d.load(m.Size, false, rt, m)
	default:
		d.load(m.Size, false, rt, m)
		d.load(m2.Size, false, rt2, m2)
	}
}

// compareAndSwapPair decodes CASP; its registers come in pairs that begin at an
// even one.
func (d *decoder) compareAndSwapPair() bool {
	rs, bytes := d.rm(), uint8(8)<<d.bits(30, 1)
	if d.bit(31) || d.ra() != zr || rs&1 != 0 || d.rd()&1 != 0 {
		return false
	}
	d.locked(memOperand(d.rn(), 0, bytes), set1(rs)|set1(rs+1), isa.Operand{})
	return true
}

// atomic decodes the read-modify-write instructions of LSE, and those that
// share their encoding: LDAPR and the single-copy loads and stores of 64 bytes.
func (d *decoder) atomic() bool {
	scale := d.bits(30, 2)
	m := memOperand(d.rn(), 0, 1<<scale)
	rt, rs := d.rd(), d.rm()
	op, order := d.bits(12, 4), d.bits(22, 2)
	switch {
	case op <= 8: // LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN, SWP
		d.locked(m, set1(rt), source(rs, m.Size))
		return true
	case op == 12 && order == 2 && rs == zr: // LDAPR
		d.load(max(4, m.Size), false, rt, m)
		return true
	case scale != 3 || order != 0 || rt&1 != 0 || rt > 22:
		return false
	}
	m.Size = 64
	switch {
	case op == 13 && rs == zr: // LD64B
		d.unknown(0xff << rt)
		d.last().Dst, d.last().Src = regOperand(rt, 8), m
	case op == 9 && rs == zr: // ST64B
		d.unknown(0)
		d.last().Dst = m
	case op == 10, op == 11: // ST64BV0, ST64BV
		d.locked(m, set1(rs), isa.Operand{})
	default:
		return false
	}
	return true
}

// authenticated decodes LDRAA and LDRAB, whose address is in a pointer that is
// authenticated first.
func (d *decoder) authenticated() bool {
	if d.bits(30, 2) != 3 {
		return false
	}
	rt, rn := d.rd(), d.rn()
	m := memOperand(rn, (d.signed(22, 1)<<9|int64(d.bits(12, 9)))<<3, 8)
	m.Inexact = true
	in := d.next()
	in.Src, in.Size, in.Writes = m, 8, set1(rt)
	if rt != zr {
		in.Dst = regOperand(rt, 8)
	}
	if d.bit(11) { // with write-back, to be authenticated the same way
		in.Writes |= 1 << rn
	}
	return true
}

// tag decodes what loads and stores the tags of memory.
func (d *decoder) tag() bool {
	if d.bits(30, 2) != 3 {
		return false
	}
	opc, mode := d.bits(22, 2), addressing(d.bits(10, 2))
	m := memOperand(d.rn(), d.signed(12, 9)<<4, 16<<(opc>>1))
	m.Inexact = true // which tags are written, and where they are, memory does not show
	if mode == 0 {
		switch {
		case opc == 1: // LDG
			return d.other(8, d.rd())
		case m.Imm != 0:
			return false
		case opc == 3: // LDGM
			return d.other(8, d.rd())
		}
		m.Size = 0 // STZGM, STGM
		d.next().Dst = m
		return true
	}
	rest := d.begin(&m, mode)
	d.next().Dst = m // STG, STZG, ST2G, STZ2G
	d.end(m.Base, mode, rest)
	return true
}

// copyOrSet decodes the steps of memory copies and fills; each moves its
// registers on as it likes.
func (d *decoder) copyOrSet() bool {
	rd, rn, rs := d.rd(), d.rn(), d.rm()
	set := d.bits(22, 2) == 3
	if rd == zr || rn == zr || rd == rn || rs == rd || rs == rn || rs == zr && !set || set && d.bits(12, 4) >= 12 {
		return false
	}
	in := d.next()
	in.Writes = 1<<rd | 1<<rn
	in.Dst = memOperand(rd, 0, 0)
	in.Dst.Inexact = true
	if set {
		in.Src = source(rs, 1)
		return true
	}
	in.Writes |= 1 << rs
	in.Src = memOperand(rs, 0, 0)
	in.Src.Inexact = true
	return true
}
