package arm64

import "github.com/gocurb/curb/internal/isa"

// structure decodes LD1 to LD4 and ST1 to ST4, of whole registers or single
// elements.
func (d *decoder) structure() bool {
	post := d.bit(23)
	if d.bit(31) || !post && d.rm() != 0 {
		return false
	}
	var bytes uint8
	n := len(d.insts)
	if d.bit(24) {
		bytes = d.element()
	} else if !d.bit(21) {
		bytes = d.registers()
	}
	if bytes == 0 {
		d.insts = d.insts[:n]
		return false
	}
	if post {
		rn, rm := d.rn(), d.rm()
		if rm == 31 {
			d.setImm(isa.Add, 8, rn, int64(bytes))
		} else {
			d.setReg(isa.Add, 8, rn, rm)
		}
	}
	return true
}

// registers decodes the forms with whole registers; it returns the number of
// bytes, or 0.
func (d *decoder) registers() uint8 {
	var count uint8
	op := d.bits(12, 4)
	switch op {
	case 0, 2: // LD4, LD1 of four
		count = 4
	case 4, 6:
		count = 3
	case 7:
		count = 1
	case 8, 10:
		count = 2
	default:
		return 0
	}
	each := uint8(8) << d.bits(30, 1)
	interleaved := op == 0 || op == 4 || op == 8
	if interleaved && each == 8 && d.bits(10, 2) == 3 {
		return 0
	}
	if interleaved {
		d.elements(count * each)
		return count * each
	}
	for i := range count {
		var m memory
		m.at(d.rn(), int64(i*each), each)
		d.moveVector(d.bit(22), (d.rd()+isa.Reg(i))&31, &m)
	}
	return count * each
}

// element decodes the forms with one element of each register, and those that
// fill the registers with it; it returns the number of bytes, or 0.
func (d *decoder) element() uint8 {
	count := uint8(d.bits(13, 1)<<1|d.bits(21, 1)) + 1
	size, s := d.bits(10, 2), d.bit(12)
	var scale uint32
	switch op := d.bits(14, 2); {
	case op == 0:
	case op == 1 && size&1 == 0:
		scale = 1
	case op == 2 && size == 0:
		scale = 2
	case op == 2 && size == 1 && !s:
		scale = 3
	case op == 3 && d.bit(22) && !s:
		scale = size
	default:
		return 0
	}
	d.elements(count << scale)
	return count << scale
}

// elements appends a move between memory and parts of vector registers.
func (d *decoder) elements(bytes uint8) {
	in := d.next()
	var m memory
	m.at(d.rn(), 0, bytes)
	if d.bit(22) {
		m.operand(&in.Src)
	} else {
		m.operand(&in.Dst)
	}
}
