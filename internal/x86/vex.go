package x86

// vexEntry reads a VEX prefix, of three bytes or two, and the opcode. The
// bits of the prefix that extend register numbers are inverted.
func (d *decoder) vexEntry(three bool) entry {
	if !d.bare() {
		return 0
	}
	d.enc, d.rex = vex, true
	opcodes := byte(1)
	p := d.u8()
	d.r = ^p >> 4 & 8
	if three {
		d.x, d.b = ^p>>3&8, ^p>>2&8
		opcodes = p & 31
		p = d.u8()
		d.setW(p)
	}
	d.v = ^p >> 3 & 15
	d.vl = 16 << (p >> 2 & 1)
	d.prefix = p & 3
	d.opcode = d.u8()

	var own, shared *row
	switch opcodes {
	case 1:
		own, shared = &vexMap1[d.opcode], &twoByte[d.opcode]
	case 2:
		own, shared = &vexMap2[d.opcode], &map0F38[d.opcode]
	case 3:
		own, shared = &vexMap3[d.opcode], &map0F3A[d.opcode]
	default:
		return 0
	}
	if e := own[d.prefix]; e != 0 {
		return e
	}
	if e := shared[d.prefix]; e&avx != 0 {
		return e
	}
	return 0
}

// evexEntry reads the rest of an EVEX prefix and the opcode.
func (d *decoder) evexEntry() entry {
	if !d.bare() {
		return 0
	}
	d.enc, d.rex = evex, true
	p := d.bytes(3)
	p0, p1, p2 := p[0], p[1], p[2]
	if p0&8 != 0 || p1&4 == 0 { // APX gives these a meaning
		return 0
	}
	d.r, d.x, d.b = ^p0>>4&8|^p0&16, ^p0>>3&8, ^p0>>2&8
	d.setW(p1)
	d.v = ^p1>>3&15 | ^p2<<1&16
	d.prefix = p1 & 3
	d.masked = p2&7 != 0
	d.bcst = p2&16 != 0
	length := p2 >> 5 & 3
	d.reserved = length == 3
	d.vl = 16 << min(length, 2)
	d.opcode = d.u8()

	var r *row
	switch p0 & 7 {
	case 1:
		r = &evexMap1[d.opcode]
	case 2:
		r = &evexMap2[d.opcode]
	case 3:
		r = &evexMap3[d.opcode]
	case 5:
		r = &evexMap5[d.opcode]
	case 6:
		r = &evexMap6[d.opcode]
	default:
		return 0
	}
	return r[d.prefix]
}

// setW takes W from the byte of a prefix that has it on top.
func (d *decoder) setW(p byte) {
	if p&0x80 != 0 {
		d.width = width64
	}
}

// bare reports whether none of the prefixes was given that make VEX and EVEX
// fault.
func (d *decoder) bare() bool {
	return !d.rex && !d.op16 && !d.lock && d.prefix == np
}

// compressed finishes the memory operand of an EVEX instruction, which counts
// a one-byte displacement in units of what it reads or writes, and returns
// that size. It reports false where an element cannot be broadcast.
func (d *decoder) compressed(e entry, size uint8) (uint8, bool) {
	if d.bcst {
		switch e & bcstMask {
		case b2:
			size = 2
		case b4:
			size = 4
		case b8:
			size = 8
		case bw:
			size = d.byW(4, 8)
		default:
			return 0, false
		}
	}
	if d.disp8 {
		d.mem.Imm *= int64(size)
	}
	return size, true
}
