package arm64

import "github.com/gocurb/curb/internal/isa"

// loadStore decodes loads and stores of one register, but for those with an
// unsigned displacement.
func (d *decoder) loadStore() bool {
	if !d.bit(21) {
		var m memory
		m.at(d.rn(), d.signed(12, 9), 0)
		return d.access(&m, addressing(d.bits(10, 2)))
	}
	switch d.bits(10, 2) {
	case 0:
		return !d.bit(26) && d.atomic()
	case 2:
		return d.registerOffset()
	}
	return !d.bit(26) && d.authenticated()
}

// loadStoreUnsigned decodes those with an unsigned displacement.
func (d *decoder) loadStoreUnsigned() bool {
	var m memory
	m.at(d.rn(), int64(d.bits(10, 12))<<d.scale(), 0)
	return d.access(&m, unsignedImmediate)
}

// lateLoadStore decodes what came late: loads with acquire and stores with
// release semantics and a displacement, tags, copies and fills.
func (d *decoder) lateLoadStore() bool {
	switch {
	case d.bits(10, 2) == 1 && !d.bit(21) && d.bits(30, 2) == 0:
		return d.copyOrSet()
	case d.bit(26):
		return false
	case d.bit(21):
		return d.tag()
	}
	return d.releaseUnscaled()
}

// An addressing is the way in which a load or store names memory. The first
// four are the numbers in the encoding.
type addressing uint8

const (
	unscaled addressing = iota
	postIndex
	unprivileged
	preIndex
	unsignedImmediate
	registerIndex
)

// scale is the binary logarithm of the bytes that a load or store of one
// register moves. The quad words' size field is that of bytes.
func (d *decoder) scale() uint32 {
	scale := d.bits(30, 2)
	if d.bit(26) && d.bit(23) {
		scale += 4
	}
	return scale
}

// registerOffset decodes the base with an index, which may be shifted by the
// size of what is moved. An index of 32 bits makes the operand inexact.
func (d *decoder) registerOffset() bool {
	option := d.bits(13, 3)
	if option&2 == 0 {
		return false
	}
	var m memory
	m.at(d.rn(), 0, 0)
	switch rm := d.rm(); {
	case rm == zr:
	case option&1 == 0:
		m.inexact = true
	default:
		m.index = rm
		if d.bit(12) {
			m.scale = 1 << (d.scale() & 7)
		}
	}
	return d.access(&m, registerIndex)
}

// access decodes a load or store of one register, general or not, at m.
func (d *decoder) access(m *memory, mode addressing) bool {
	opc, scale := d.bits(22, 2), d.scale()
	rt := d.rd()
	if d.bit(26) {
		if scale > 4 || mode == unprivileged {
			return false
		}
		m.size = 1 << scale
		rest := d.begin(m, mode)
		d.moveVector(opc&1 != 0, rt, m)
		d.end(m.base, mode, rest)
		return true
	}
	m.size = 1 << scale
	width := uint8(4)
	switch {
	case opc == 3 && scale >= 2, opc == 2 && scale == 3 && (mode == preIndex || mode == postIndex || mode == unprivileged):
		return false
	case opc == 2 && scale == 3:
		return d.nop() // PRFM, PRFUM
	case opc == 2, scale == 3:
		width = 8
	}
	if (mode == preIndex || mode == postIndex) && rt == m.base && rt != 31 {
		return d.unpredictable(opc != 0, m, 1<<rt)
	}
	rest := d.begin(m, mode)
	if opc == 0 {
		d.store(rt, m)
	} else {
		d.load(width, opc >= 2, rt, m)
	}
	d.end(m.base, mode, rest)
	return true
}

// begin does what comes before an access through a base register that is moved,
// and makes the displacement that of the access. It returns what end is to add.
func (d *decoder) begin(m *memory, mode addressing) (rest int64) {
	switch mode {
	case preIndex:
		d.advance(m.base, m.disp)
		m.disp = 0
	case postIndex:
		rest, m.disp = m.disp, 0
	}
	return rest
}

// end does what comes behind the access.
func (d *decoder) end(base isa.Reg, mode addressing, rest int64) {
	if mode == postIndex {
		d.advance(base, rest)
	}
}

// advance appends base += n.
func (d *decoder) advance(base isa.Reg, n int64) {
	if n < 0 {
		d.setImm(isa.Sub, 8, base, -n)
	} else {
		d.setImm(isa.Add, 8, base, n)
	}
}

// unpredictable appends an access for which the architecture leaves open what
// it does: it may do as told, or nothing, or leave anything in the registers.
func (d *decoder) unpredictable(load bool, m *memory, writes isa.RegSet) bool {
	in := d.next()
	m.inexact = true
	in.Writes = writes
	if load {
		m.operand(&in.Src)
	} else {
		m.operand(&in.Dst)
	}
	return true
}

// load appends rt = m, extended to width.
func (d *decoder) load(width uint8, signed bool, rt isa.Reg, m *memory) {
	m.operand(&d.loaded(width, signed, rt, m.size).Src)
}

// loaded is load without the place that is read.
func (d *decoder) loaded(width uint8, signed bool, rt isa.Reg, size uint8) *isa.Inst {
	switch {
	case rt == zr:
		in := d.next()
		in.Op, in.Size = isa.Nop, size
		return in
	case signed:
		return d.set(isa.MovSX, width, rt)
	case size < 4:
		return d.set(isa.MovZX, width, rt)
	}
	return d.set(isa.Mov, width, rt)
}

// store appends m = rt, as far as there is room.
func (d *decoder) store(rt isa.Reg, m *memory) {
	in := d.next()
	in.Op, in.Size = isa.Mov, m.size
	m.operand(&in.Dst)
	sourceOperand(&in.Src, rt, m.size)
}

// moveVector appends a load or store of a vector register.
func (d *decoder) moveVector(load bool, rt isa.Reg, m *memory) {
	in := d.next()
	in.Op, in.Size = isa.MovVec, m.size
	vec, mem := &in.Src, &in.Dst
	if load {
		vec, mem = mem, vec
	}
	vecOperand(vec, rt, m.size)
	m.operand(mem)
}

// literal decodes loads from a place relative to the instruction.
func (d *decoder) literal() bool {
	opc, rt := d.bits(30, 2), d.rd()
	addr := int64(d.pc) + d.signed(5, 19)<<2
	bytes := uint8(4)
	var in *isa.Inst
	switch {
	case d.bit(26): // the encodings with opc 3 are no literals
		bytes <<= opc
		in = d.next()
		in.Op, in.Size = isa.MovVec, bytes
		vecOperand(&in.Dst, rt, bytes)
	case opc == 3: // PRFM
		return d.nop()
	case opc == 1:
		bytes = 8
		in = d.loaded(8, false, rt, 8)
	default:
		in = d.loaded(4+uint8(opc)<<1, opc == 2, rt, 4)
	}
	absolute(&in.Src, addr, bytes)
	return true
}

// pair decodes loads and stores of two registers.
func (d *decoder) pair() bool {
	opc, mode, load := d.bits(30, 2), addressing(d.bits(23, 2)), d.bit(22)
	vec := d.bit(26)
	shift, bytes := 2+opc>>1, uint8(4)<<(opc>>1)
	switch {
	case opc == 3, opc == 1 && !vec && mode == unscaled:
		return false
	case vec:
		shift, bytes = 2+opc, 4<<opc
	case opc == 1 && !load: // STGP
		shift, bytes = 4, 8
	}
	rt, rt2, rn := d.rd(), d.ra(), d.rn()
	var m memory
	m.at(rn, d.signed(15, 7)<<shift, bytes)
	if load && rt == rt2 && (vec || rt != zr) || !vec && (mode == preIndex || mode == postIndex) && rn != SP && (rt == rn || rt2 == rn) {
		return d.unpredictablePair(load, vec, &m, mode)
	}
	rest := d.begin(&m, mode)
	m2, width := m, bytes
	m2.disp += int64(bytes)
	if opc == 1 {
		width = 8
	}
	switch {
	case vec:
		d.moveVector(load, rt, &m)
		d.moveVector(load, rt2, &m2)
	case !load:
		d.store(rt, &m)
		d.store(rt2, &m2)
	case rt == rn && rt != zr: // the base goes last
		d.load(width, opc == 1, rt2, &m2)
		d.load(width, opc == 1, rt, &m)
	default:
		d.load(width, opc == 1, rt, &m)
		d.load(width, opc == 1, rt2, &m2)
	}
	d.end(rn, mode, rest)
	return true
}

// unpredictablePair is unpredictable for two registers.
func (d *decoder) unpredictablePair(load, vec bool, m *memory, mode addressing) bool {
	var writes isa.RegSet
	if load && !vec {
		writes = set1(d.rd()) | set1(d.ra())
	}
	if mode == preIndex || mode == postIndex {
		writes |= 1 << m.base
	}
	m.size *= 2
	return d.unpredictable(load, m, writes)
}

// releaseUnscaled decodes loads with acquire and stores with release semantics
// and a displacement.
func (d *decoder) releaseUnscaled() bool {
	opc, scale := d.bits(22, 2), d.bits(30, 2)
	if d.bits(10, 2) != 0 || opc >= 2 && scale == 3 || opc == 3 && scale == 2 {
		return false
	}
	var m memory
	m.at(d.rn(), d.signed(12, 9), 1<<scale)
	switch {
	case opc == 0:
		d.store(d.rd(), &m)
	case opc == 2 || scale == 3:
		d.load(8, opc == 2, d.rd(), &m)
	default:
		d.load(4, opc == 3, d.rd(), &m)
	}
	return true
}
