package arm64

import "github.com/gocurb/curb/internal/isa"

// exclusive decodes load-exclusive, store-exclusive, loads and stores with
// order, and compare-and-swap.
func (d *decoder) exclusive() bool {
	scale := d.bits(30, 2)
	var m memory
	m.at(d.rn(), 0, 1<<scale)
	rt, rs, load := d.rd(), d.rm(), d.bit(22)
	switch d.bits(23, 1)<<1 | d.bits(21, 1) {
	case 1:
		if scale < 2 {
			return d.compareAndSwapPair()
		}
		if load {
			d.loadExclusivePair(&m)
		} else { // STXP
			m.size *= 2
			d.storeExclusive(rs, &m)
		}
	case 3: // CAS
		if d.ra() != zr {
			return false
		}
		sourceOperand(&d.locked(&m, set1(rs)).Src, rt, m.size)
	case 0: // STXR, LDXR
		if !load {
			d.storeExclusive(rs, &m)
			sourceOperand(&d.last().Src, rt, m.size)
			break
		}
		fallthrough
	default: // STLLR, STLR, LDLAR, LDAR
		if load {
			d.load(max(4, m.size), false, rt, &m)
		} else {
			d.store(rt, &m)
		}
	}
	return true
}

// storeExclusive appends a store that may not happen, and its result in rs.
func (d *decoder) storeExclusive(rs isa.Reg, m *memory) {
	m.inexact = rs == m.base && rs != zr // unpredictable
	d.locked(m, set1(rs))
}

// locked appends an operation on memory.
func (d *decoder) locked(m *memory, writes isa.RegSet) *isa.Inst {
	in := d.next()
	in.Op, in.Size, in.Writes = isa.Locked, m.size, writes
	m.operand(&in.Dst)
	return in
}

// loadExclusivePair decodes LDXP and LDAXP.
func (d *decoder) loadExclusivePair(m *memory) {
	rt, rt2 := d.rd(), d.ra()
	m2 := *m
	m2.disp = int64(m.size)
	switch {
	case rt == rt2 && rt != zr:
		m.size *= 2
		d.unpredictable(true, m, 1<<rt)
	case rt == m.base && rt != zr: // the base goes last
		d.load(m.size, false, rt2, &m2)
		d.load(m.size, false, rt, m)
	default:
		d.load(m.size, false, rt, m)
		d.load(m.size, false, rt2, &m2)
	}
}

// compareAndSwapPair decodes CASP; its registers come in pairs that begin at an
// even one.
func (d *decoder) compareAndSwapPair() bool {
	rs, bytes := d.rm(), uint8(8)<<d.bits(30, 1)
	if d.bit(31) || d.ra() != zr || rs&1 != 0 || d.rd()&1 != 0 {
		return false
	}
	var m memory
	m.at(d.rn(), 0, bytes)
	d.locked(&m, set1(rs)|set1(rs+1))
	return true
}

// atomic decodes the read-modify-write instructions of LSE, and those that
// share their encoding: LDAPR and the single-copy loads and stores of 64 bytes.
func (d *decoder) atomic() bool {
	scale := d.bits(30, 2)
	var m memory
	m.at(d.rn(), 0, 1<<scale)
	rt, rs := d.rd(), d.rm()
	op, order := d.bits(12, 4), d.bits(22, 2)
	switch {
	case op <= 8: // LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN, SWP
		sourceOperand(&d.locked(&m, set1(rt)).Src, rs, m.size)
		return true
	case op == 12 && order == 2 && rs == zr: // LDAPR
		d.load(max(4, m.size), false, rt, &m)
		return true
	case scale != 3 || order != 0 || rt&1 != 0 || rt > 22:
		return false
	}
	m.size = 64
	switch {
	case op == 13 && rs == zr: // LD64B
		d.unknown(0xff << rt)
		regOperand(&d.last().Dst, rt, 8)
		m.operand(&d.last().Src)
	case op == 9 && rs == zr: // ST64B
		m.operand(&d.next().Dst)
		d.last().Reads = 0xff << rt
	case op == 10, op == 11: // ST64BV0, ST64BV
		d.locked(&m, set1(rs))
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
	var m memory
	m.at(rn, (d.signed(22, 1)<<9|int64(d.bits(12, 9)))<<3, 8)
	m.inexact = true
	in := d.next()
	in.Size, in.Writes = 8, set1(rt)
	m.operand(&in.Src)
	if rt != zr {
		regOperand(&in.Dst, rt, 8)
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
	var m memory
	m.at(d.rn(), d.signed(12, 9)<<4, 16<<(opc>>1))
	m.inexact = true // which tags are written, and where they are, memory does not show
	if mode == 0 {
		switch {
		case opc == 1: // LDG
			return d.other(8, d.rd())
		case m.disp != 0:
			return false
		case opc == 3: // LDGM
			return d.other(8, d.rd())
		}
		m.size = 0 // STZGM, STGM
		m.operand(&d.next().Dst)
		return true
	}
	rest := d.begin(&m, mode)
	m.operand(&d.next().Dst) // STG, STZG, ST2G, STZ2G
	d.end(m.base, mode, rest)
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
	var dst memory
	dst.at(rd, 0, 0)
	dst.inexact = true
	in := d.next()
	in.Writes = 1<<rd | 1<<rn
	dst.operand(&in.Dst)
	if set {
		sourceOperand(&in.Src, rs, 1)
		return true
	}
	in.Writes |= 1 << rs
	var src memory
	src.at(rs, 0, 0)
	src.inexact = true
	src.operand(&in.Src)
	return true
}
